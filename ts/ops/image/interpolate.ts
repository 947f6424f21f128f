import type { Dtype } from '../../dtype.js'
import { fail } from '../../errors.js'
import { checkChoice, checkInterval } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { reshape } from '../array.js'
import { add, clip, minimum, multiply, subtract } from '../binary.js'
import { cast, equal, where } from '../compare.js'
import { take } from '../gather.js'
import { logicalAnd } from '../logical.js'
import { floor, mod, round } from '../rounding.js'

/**
 * What stands beyond the edges, drawn for pixels a b c d: 'constant' k k k | a b c d | k k k, 'nearest' a a a | a b c d | d d d,
 * 'reflect' c b a | a b c d | d c b, 'mirror' d c b | a b c d | c b a, 'wrap' b c d | a b c d | a b c.
 */
export type FillMode = 'constant' | 'nearest' | 'reflect' | 'mirror' | 'wrap'

/** What ops that read images between and beyond their pixels take. */
export interface FillOptions {
  /** What stands beyond the edges (default 'constant'). */
  readonly fillMode?: FillMode
  /** The value of `fillMode` 'constant' (default 0). */
  readonly fillValue?: number
}

/** How an image is read: order 0 is the nearest pixel, 1 is linear between neighbours along each axis. */
export interface Interpolation {
  readonly order: 0 | 1
  readonly fillMode: FillMode
  readonly fillValue: number
}

/** The options by their defaults, for images of a dtype: of integers the value loses its fraction. */
export function fillOf(op: string, { fillMode = 'constant', fillValue = 0 }: FillOptions, dtype: Dtype) {
  checkChoice(op, 'fillMode', fillMode, ['constant', 'nearest', 'reflect', 'mirror', 'wrap'])
  checkInterval(op, 'fillValue', fillValue, { minimum: -Infinity })
  return { fillMode, fillValue: dtype === 'float32' ? fillValue : Math.trunc(fillValue) }
}

/** Where to read along an axis: float32 coordinates, of which 0 is the first of `extent` pixels, and the places between neighbours. */
export interface AxisCoordinates {
  readonly coordinate: Tensor
  readonly extent: number
  readonly stride: number
}

/** Pixels along an axis that take part in a value: their places, their shares, and which of them are in the image where that matters. */
interface Node {
  readonly place: Tensor
  readonly share?: Tensor
  readonly inside?: Tensor
}

/**
 * The values of a table of pixels [places, ...] at coordinates along several axes, which broadcast to each other. `first` is where the image
 * that is read begins in the table, if there are several.
 */
export function interpolate(
  table: Tensor,
  axes: readonly AxisCoordinates[],
  { order, fillMode, fillValue }: Interpolation,
  first?: Tensor,
): Tensor {
  const overPixels = (x: Tensor) => reshape(x, [...x.shape, ...table.shape.slice(1).map(() => 1)])
  const valueAt = ({ place, share, inside }: Node): Tensor => {
    const pixels = take(table, first ? add(first, place) : place)
    const filled = inside ? where(overPixels(inside), pixels, fillValue) : pixels
    return share ? multiply(overPixels(share), filled) : filled
  }
  return axes
    .map((axis) => nodesOf(axis, order, fillMode))
    .reduce((corners, nodes) => corners.flatMap((corner) => nodes.map((node) => meet(corner, node))))
    .map(valueAt)
    .reduce(add)
}

function nodesOf({ coordinate, extent, stride }: AxisCoordinates, order: 0 | 1, fillMode: FillMode): Node[] {
  const node = (index: Tensor, share?: Tensor): Node => {
    const within = intoExtent(index, extent, fillMode)
    return {
      place: stride === 1 ? within : multiply(within, stride),
      ...(share && { share }),
      ...(fillMode === 'constant' && { inside: equal(index, within) }),
    }
  }
  if (order === 0) return [node(cast(round(coordinate), 'int32'))]
  const lower = floor(coordinate)
  const [index, upperShare] = [cast(lower, 'int32'), subtract(coordinate, lower)]
  return [node(index, subtract(1, upperShare)), node(add(index, 1), upperShare)]
}

/** The index of the pixel whose value stands at any index. */
function intoExtent(index: Tensor, extent: number, fillMode: FillMode): Tensor {
  if (fillMode === 'constant' || fillMode === 'nearest') return clip(index, 0, extent - 1)
  if (fillMode === 'wrap') return mod(index, extent)
  // There and back: reflected ones stay at the ends for one place more.
  const period = fillMode === 'reflect' ? 2 * extent : Math.max(1, 2 * extent - 2)
  const there = mod(index, period)
  return minimum(there, subtract(fillMode === 'reflect' ? period - 1 : period, there))
}

function meet(a: Node, b: Node): Node {
  const share = a.share && b.share ? multiply(a.share, b.share) : (a.share ?? b.share)
  const inside = a.inside && b.inside ? logicalAnd(a.inside, b.inside) : (a.inside ?? b.inside)
  return { place: add(a.place, b.place), ...(share && { share }), ...(inside && { inside }) }
}

/** Applies a function of float32 images to images of any numbers. Integers come back rounded to them; they are exact up to 2^24. */
export function inFloat32(op: string, images: Tensor, apply: (images: Tensor) => Tensor): Tensor {
  const { dtype } = images
  if (dtype === 'bool') fail('dtype.mismatch', { op, expected: 'float32, int32 or uint8', got: [dtype] })
  return dtype === 'float32' ? apply(images) : cast(round(apply(cast(images, 'float32'))), dtype)
}

/** Raises where there are no pixels to read, unless none is read. */
export function checkPixels(op: string, images: Tensor, spatial: readonly number[]): void {
  if (spatial.every((extent) => extent > 0)) return
  fail('shape.mismatch', { op, expected: 'an image that has pixels', got: [images.shape] })
}
