import { fail } from '../errors.js'
import { spatialAxes } from '../ops/data-format.js'
import type { DataFormat, Padding } from '../ops/windows.js'
import type { InputShape } from './layer.js'
import type { PartialShape } from './placeholder.js'

/** Whether these are the shapes of several tensors in an array. */
export function isShapeList(shape: InputShape): shape is readonly PartialShape[] {
  return Array.isArray(shape) && Array.isArray(shape[0])
}

/** Which inputs a layer takes. The batch is axis 0; negative axes count from the back. */
export interface InputSpec {
  readonly rank?: number
  readonly minRank?: number
  /** The extents that some axes must have. */
  readonly axes?: Readonly<Record<number, number>>
  /** The least extents of axes, counted from the front: for a layer of a certain rank. */
  readonly least?: Readonly<Record<number, number>>
}

/**
 * Raises unless an input's shape fits; extents that are not known yet fit.
 *
 * @throws layer.input
 */
export function checkInputSpec(layer: string, spec: InputSpec, given: InputShape): void {
  const single = Array.isArray(given) && !isShapeList(given)
  const shape: PartialShape = single ? (given as PartialShape) : []
  const { rank = shape.length, minRank = 0, axes = {}, least = {} } = spec
  const fits =
    single &&
    shape.length === rank &&
    shape.length >= minRank &&
    Object.entries(axes).every(([axis, extent]) => [null, extent].includes(shape.at(Number(axis)) ?? null)) &&
    Object.entries(least).every(([axis, extent]) => (shape[Number(axis)] ?? Infinity) >= extent)
  if (!fits) fail('layer.input', { layer, expected: describe(spec), got: given })
}

/** The least extents of the spatial axes for windows that reach so far, without zeros around. */
export function leastExtents(
  padding: Padding,
  dataFormat: DataFormat,
  reach: readonly number[],
): Pick<InputSpec, 'least'> {
  if (padding !== 'valid') return {}
  const axes = spatialAxes(reach.length + 2, dataFormat)
  return { least: Object.fromEntries(reach.map((extent, i) => [axes[i], extent])) }
}

/**
 * The extent of an axis that weights are made for.
 *
 * @throws layer.input when it is not known
 */
export function knownExtent(layer: string, shape: PartialShape, axis: number): number {
  const extent = shape.at(axis)
  if (typeof extent === 'number') return extent
  return fail('layer.input', {
    layer,
    expected: `an input whose extent along axis ${axis} is known`,
    got: shape,
  })
}

function describe({ rank, minRank, axes = {}, least = {} }: InputSpec): string {
  const free = (axis: number) => (least[axis] ? `${least[axis]} or more` : axis === 0 ? 'batch' : 'any')
  const extent = (axis: number) => axes[axis] ?? axes[axis - (rank ?? 0)] ?? free(axis)
  if (rank !== undefined)
    return `an input [${Array.from({ length: rank }, (_, axis) => extent(axis)).join(', ')}]`
  const last = -Math.min(0, ...Object.keys(axes).map(Number))
  if (last === 0) return `an input of rank ${minRank} or more`
  return `an input [batch, …, ${Array.from({ length: last }, (_, i) => axes[i - last] ?? 'any').join(', ')}]`
}
