import type { Dtype, Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { covered } from '../ops/taps.js'
import { type Shape, sizeOf } from '../shape.js'
import { storageOf, type Tensor } from '../tensor.js'

/** An image in bytes, row by row: grey, red-green-blue, or that with opacity. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3 | 4
  readonly pixels: Uint8Array
}

/** The values that are black and white, or 'auto' for the least and the greatest of each image. */
export type ValueRange = readonly [black: number, white: number] | 'auto'

const defaultRanges: Readonly<Record<Dtype, readonly [number, number]>> = {
  float32: [0, 1],
  bool: [0, 1],
  uint8: [0, 255],
  int32: [0, 255],
}

/** A tensor's images: one of [height, width] or [height, width, 1, 3 or 4], or a batch of them. */
export function picturesOf(op: string, images: Tensor, range: ValueRange | undefined): Picture[] {
  const { shape, dtype } = images
  const [count, height, width, channels] = extentsOf(op, shape)
  const elements = storageOf(images)
  const limits = range ?? defaultRanges[dtype]
  const size = sizeOf([height, width, channels])
  return Array.from({ length: count }, (_, i) => {
    const values = elements.subarray(i * size, (i + 1) * size)
    return { width, height, channels, pixels: bytesOf(values, limits === 'auto' ? rangeOf(values) : limits) }
  })
}

function extentsOf(op: string, shape: Shape): readonly [number, number, number, Picture['channels']] {
  const isColor = (extent: number | undefined) => extent === 1 || extent === 3 || extent === 4
  const colored = shape.length === 4 || (shape.length === 3 && isColor(shape[2]))
  const [channels = 1, ...rest] = colored ? shape.toReversed() : [1, ...shape.toReversed()]
  const [width, height, count = 1] = rest
  if (rest.length < 2 || rest.length > 3 || !isColor(channels) || sizeOf(shape) === 0) {
    const expected =
      'an image [height, width] or [height, width, channels] of 1, 3 or 4 channels, or a batch of them'
    fail('shape.mismatch', { op, expected, got: [shape] })
  }
  return [count, height as number, width as number, channels as Picture['channels']]
}

/** The least and the greatest finite value; with equal ones, everything is black. */
function rangeOf(values: Storage): readonly [number, number] {
  let [least, greatest] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    greatest = Math.max(greatest, value)
  }
  if (greatest > least) return [least, greatest]
  const only = Number.isFinite(least) ? least : 0
  return [only, only + 1]
}

/** Values beyond the range become its ends; NaN becomes black. */
function bytesOf(values: Storage, [black, white]: readonly [number, number]): Uint8Array {
  if (values instanceof Uint8Array && black === 0 && white === 255) return values.slice()
  const bytes = new Uint8ClampedArray(values.length)
  const scale = 255 / (white - black)
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((values[i] as number) - black) * scale
  return new Uint8Array(bytes.buffer)
}

/**
 * A picture of another size: each pixel is the mean of the pixels that it covers, so that enlarging by a whole factor repeats them.
 */
export function resized(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture
  const { channels } = picture
  const pixels = new Uint8Array(width * height * channels)
  const spans = (from: number, to: number) => Array.from({ length: to }, (_, i) => covered(from, to, i))
  const [columns, rows] = [spans(picture.width, width), spans(picture.height, height)]
  let at = 0
  for (const { start: top, end: bottom } of rows) {
    for (const { start: left, end: right } of columns) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) {
            sum += picture.pixels[(y * picture.width + x) * channels + channel] as number
          }
        }
        pixels[at++] = Math.round(sum / ((bottom - top) * (right - left)))
      }
    }
  }
  return { width, height, channels, pixels }
}
