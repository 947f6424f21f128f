import type { Dtype } from '../../dtype.js'
import { checkChoice, checkInterval } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { reshape } from '../array.js'
import { add, clip, minimum, multiply, subtract } from '../binary.js'
import { cast, equal, where } from '../compare.js'
import { take } from '../gather.js'
import { logicalAnd } from '../logical.js'
import { countingAlong } from '../places.js'
import { floor, mod, round } from '../rounding.js'
import { checkPixels, type ImageOptions } from './images.js'

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

/** What ops that move the pixels of images take. */
export interface TransformOptions extends ImageOptions {
  /** Between pixels: linear along both axes, or the nearest one (default 'bilinear'). */
  readonly interpolation?: 'bilinear' | 'nearest'
}

/** The order that the name of an interpolation means. */
export function orderOf(op: string, interpolation: TransformOptions['interpolation'] = 'bilinear'): 0 | 1 {
  checkChoice(op, 'interpolation', interpolation, ['bilinear', 'nearest'])
  return interpolation === 'nearest' ? 0 : 1
}

/**
 * Images [batch, height, width, channels] with each pixel read elsewhere: `where` says at which column x and row y, given the columns
 * [1, 1, width] and rows [1, height, 1] of the result.
 */
export function readPixels(
  op: string,
  images: Tensor,
  interpolation: Interpolation,
  where: (x: Tensor, y: Tensor) => { readonly x: Tensor; readonly y: Tensor },
): Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number]
  checkPixels(op, images, [height, width])
  const columns = cast(countingAlong(2, width, 3), 'float32')
  const { x, y } = where(columns, cast(countingAlong(1, height, 3), 'float32'))
  const axes = [
    { coordinate: y, extent: height, stride: width },
    { coordinate: x, extent: width, stride: 1 },
  ]
  const first = batch === 1 ? undefined : countingAlong(0, batch, 3, height * width)
  return interpolate(reshape(images, [batch * height * width, channels]), axes, interpolation, first)
}
