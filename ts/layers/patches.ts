import {
  add,
  arange,
  divide,
  greaterEqual,
  less,
  logicalAnd,
  multiply,
  reshape,
  subtract,
} from '../ops/index.js'
import { type Seed, uniform } from '../random.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'

/** A rectangle of each image. */
export interface Patches {
  /** Which pixels lie within: bool, of the images' shape but with one channel. */
  readonly masks: Tensor
  /** What share of the image it covers: float32 [batch]. */
  readonly area: Tensor
}

/** The axes of images. */
export interface ImageAxes {
  readonly heightAxis: number
  readonly widthAxis: number
}

/**
 * Rectangles of given sides at random places, all of them within the images. Their sides may lie between pixels: a pixel is within where its
 * number is.
 *
 * @param images the shape of a batch of them
 * @param shares what share of the image's own each side is, [batch]
 */
export function randomPatches(
  images: Shape,
  { heightAxis, widthAxis }: ImageAxes,
  shares: { readonly height: Tensor; readonly width: Tensor },
  source: { readonly seed?: Seed },
): Patches {
  const [height, width] = [images[heightAxis] as number, images[widthAxis] as number]
  const columns = randomSide(width, shares.width, source)
  const rows = randomSide(height, shares.height, source)
  const area = multiply(subtract(columns.end, columns.start), subtract(rows.end, rows.start))
  return {
    masks: logicalAnd(pixelsWithin(rows, height, heightAxis), pixelsWithin(columns, width, widthAxis)),
    area: divide(area, width * height),
  }
}

/** Where patches lie along an axis: from `start` on and before `end`, float32 [batch]. */
interface Side {
  readonly start: Tensor
  readonly end: Tensor
}

function randomSide(extent: number, share: Tensor, source: { readonly seed?: Seed }): Side {
  const length = multiply(share, extent)
  const start = multiply(uniform(share.shape, source), subtract(extent, length))
  return { start, end: add(start, length) }
}

/** Which pixels along an axis lie in patches: bool, [batch, 1, extent, 1] for axis 2. */
function pixelsWithin({ start, end }: Side, extent: number, axis: number): Tensor {
  const along = (length: number, at: number) => Array.from({ length: 4 }, (_, i) => (i === at ? length : 1))
  const pixels = reshape(arange(0, extent, 1, 'float32'), along(extent, axis))
  const [first, past] = [start, end].map((bound) => reshape(bound, along(bound.size, 0))) as [Tensor, Tensor]
  return logicalAnd(greaterEqual(pixels, first), less(pixels, past))
}
