import type { Dtype } from '../../dtype.js'
import { checkChoice, checkInterval } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { broadcastTo, reshape } from '../array.js'
import { add, clip, minimum, multiply, subtract } from '../binary.js'
import { cast, equal, where } from '../compare.js'
import { take } from '../gather.js'
import { concatenate } from '../join.js'
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

/** A pixel in the table, and whether it is in the image where that matters. */
interface Pixel {
  readonly place: Tensor
  readonly inside?: Tensor
}

/** The pixels along an axis that a value is made of: the nearest one, or two and how far from the lower to the upper it is. */
interface Neighbours {
  readonly lower: Pixel
  readonly between?: { readonly upper: Pixel; readonly share: Tensor }
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
  const outside = table.shape[0] as number
  const filled =
    fillMode === 'constant'
      ? concatenate([table, broadcastTo(fillValue, [1, ...table.shape.slice(1)])])
      : table
  const read = ([next, ...others]: readonly Neighbours[], pixel?: Pixel): Tensor => {
    if (next) {
      const lower = read(others, meet(pixel, next.lower))
      if (!next.between) return lower
      const { upper, share } = next.between
      const rise = subtract(read(others, meet(pixel, upper)), lower)
      return add(lower, multiply(overPixels(share), rise))
    }
    const { place, inside } = pixel as Pixel
    const at = first ? add(first, place) : place
    return take(filled, inside ? where(inside, at, outside) : at)
  }
  return read(axes.map((axis) => neighboursOf(axis, order, fillMode)))
}

function neighboursOf(
  { coordinate, extent, stride }: AxisCoordinates,
  order: 0 | 1,
  fillMode: FillMode,
): Neighbours {
  const pixel = (index: Tensor): Pixel => {
    const within = intoExtent(index, extent, fillMode)
    return {
      place: stride === 1 ? within : multiply(within, stride),
      ...(fillMode === 'constant' && { inside: equal(index, within) }),
    }
  }
  if (order === 0) return { lower: pixel(cast(round(coordinate), 'int32')) }
  const below = floor(coordinate)
  const index = cast(below, 'int32')
  return {
    lower: pixel(index),
    between: { upper: pixel(add(index, 1)), share: subtract(coordinate, below) },
  }
}

/** The pixel at the places of two along different axes. */
function meet(a: Pixel | undefined, b: Pixel): Pixel {
  if (!a) return b
  return {
    place: add(a.place, b.place),
    ...(a.inside && b.inside && { inside: logicalAnd(a.inside, b.inside) }),
  }
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
