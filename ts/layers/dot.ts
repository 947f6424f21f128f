import { fail } from '../errors.js'
import { matmul, reshape, transpose } from '../ops/index.js'
import { checkBoolean, checkOptions } from '../options.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { isShapeList } from './input-spec.js'
import { type InputShape, Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { unitNormalize } from './unit-normalization.js'

export interface DotConfig extends LayerConfig {
  /** The axis to sum over, of both inputs or of each; negative ones count from the back, and 0, the batch, is none. */
  readonly axes: number | readonly [number, number]
  /** Whether both inputs are first divided by their norms along that axis: cosine similarity (default false). */
  readonly normalize?: boolean
}

/** The product of two inputs, sample by sample, summed over an axis of each. */
export class Dot extends Layer {
  static readonly className = 'dot'
  override supportsMasking = true
  readonly axes: number | readonly [number, number]
  readonly normalize: boolean

  constructor(config: DotConfig) {
    checkOptions('dot', config, [...layerOptions, 'axes', 'normalize'])
    super(config)
    const { axes, normalize = false } = config
    const pair = [axes, axes].flat()
    const valid = Array.isArray(axes) ? axes.length === 2 : true
    if (!valid || !pair.every((axis) => Number.isInteger(axis) && axis !== 0)) {
      const expected = 'an axis that is not the batch, or two of them'
      fail('argument.range', { op: 'dot', argument: 'axes', expected, got: axes })
    }
    checkBoolean('dot', 'normalize', normalize)
    this.axes = axes
    this.normalize = normalize
  }

  /** The axis of one of the inputs, of this rank, counted from the front. */
  #axisOf(input: 0 | 1, rank: number): number {
    const axis = typeof this.axes === 'number' ? this.axes : this.axes[input]
    return axis < 0 ? axis + rank : axis
  }

  protected override checkInputShape(inputShape: InputShape): void {
    if (isShapeList(inputShape) && inputShape.length === 2 && this.#fits(inputShape)) return
    const expected = `two inputs of one batch that have the same extent along axes ${this.axes}`
    fail('layer.input', { layer: this.name, expected, got: inputShape })
  }

  #fits(shapes: readonly PartialShape[]): boolean {
    const axes = shapes.map((shape, input) => this.#axisOf(input as 0 | 1, shape.length))
    const same = (x?: number | null, y?: number | null) => x === y || x === null || y === null
    return (
      shapes.every((shape, input) => axes[input]! >= 1 && axes[input]! < shape.length) &&
      same(...(shapes.map(([batch]) => batch) as [number, number])) &&
      same(...(shapes.map((shape, input) => shape[axes[input]!]) as [number, number]))
    )
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const [x, y] = inputs as [Tensor, Tensor]
    const [axisOfX, axisOfY] = [this.#axisOf(0, x.rank), this.#axisOf(1, y.rank)]
    const left = withAxisAt(this.#scaled(x, axisOfX), axisOfX, x.rank - 1)
    const right = withAxisAt(this.#scaled(y, axisOfY), axisOfY, 1)
    const [batch, ...rows] = left.shape.slice(0, -1) as [number, ...number[]]
    const columns = right.shape.slice(2)
    const terms = left.shape.at(-1) as number
    const product = matmul(
      reshape(left, [batch, sizeOf(rows), terms]),
      reshape(right, [batch, terms, sizeOf(columns)]),
    )
    const shape = [...rows, ...columns]
    return reshape(product, [batch, ...(shape.length === 0 ? [1] : shape)])
  }

  /** What is summed over has no steps that could count. */
  override computeMask(): undefined {
    return undefined
  }

  #scaled(x: Tensor, axis: number): Tensor {
    return this.normalize ? unitNormalize(x, [axis], 1e-7) : x
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axes: this.axes, normalize: this.normalize }
  }
}

/** The same tensor with one of its axes at another place. */
function withAxisAt(x: Tensor, axis: number, place: number): Tensor {
  if (axis === place) return x
  const order = x.shape.map((_, i) => i).filter((i) => i !== axis)
  order.splice(place, 0, axis)
  return transpose(x, order)
}

/**
 * The product of two inputs, sample by sample, summed over an axis of each. The other axes follow one another; where there are none, the result
 * is [batch, 1].
 *
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.dot({ axes: [2, 1] }).apply([x, y])            // x [batch, 5, 4] and y [batch, 4, 3] give [batch, 5, 3]
 * lw.layers.dot({ axes: -1, normalize: true }).apply([x, y])   // the cosines between vectors x and y [batch, 4]: [batch, 1]
 */
export function dot(config: DotConfig): Dot {
  return new Dot(config)
}
