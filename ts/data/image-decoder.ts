import { createRequire } from 'node:module'
import { fail } from '../errors.js'
import { Tensor } from '../tensor.js'

/** The channels of decoded images. */
export const colorModes = { grayscale: 1, rgb: 3, rgba: 4 } as const
export type ColorMode = keyof typeof colorModes

/** Ways to resize by their names in Keras, and in sharp. All but 'nearest' take the mean of what they shrink. */
export const interpolations = {
  bilinear: 'linear',
  nearest: 'nearest',
  bicubic: 'cubic',
  lanczos3: 'lanczos3',
  mitchellcubic: 'mitchell',
} as const
export type Interpolation = keyof typeof interpolations

/** How images become alike. */
export interface ImageFormat {
  readonly height: number
  readonly width: number
  readonly colorMode: ColorMode
  readonly interpolation: Interpolation
  /** What becomes of another aspect ratio. */
  readonly fit: 'fill' | 'cover' | 'contain'
}

/** The parts of sharp that decoding takes. */
interface SharpImage {
  autoOrient(): SharpImage
  resize(width: number, height: number, options: object): SharpImage
  toColourspace(space: string): SharpImage
  ensureAlpha(): SharpImage
  removeAlpha(): SharpImage
  raw(options: object): SharpImage
  toBuffer(): Promise<Uint8Array>
}

export type Sharp = (path: string) => SharpImage

/**
 * The package sharp, which is installed beside this one by those who need it.
 *
 * @throws peer.missing
 */
export function loadSharp(
  op: string,
  load: (name: string) => unknown = createRequire(import.meta.url),
): Sharp {
  try {
    return load('sharp') as Sharp
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const [reason] = message.split('\n')
    return fail('peer.missing', { op, peer: 'sharp', ...(code !== 'MODULE_NOT_FOUND' && { reason }) })
  }
}

/**
 * A function that decodes an image file: uint8 [height, width, channels]. It works on libuv's threads, not on that of JavaScript.
 *
 * @throws image.invalid
 */
export function imageDecoder(sharp: Sharp, format: ImageFormat): (path: string) => Promise<Tensor> {
  const { height, width, colorMode, interpolation, fit } = format
  const channels = colorModes[colorMode]
  const kernel = interpolations[interpolation]
  return async (path) => {
    const image = sharp(path)
      .autoOrient()
      .resize(width, height, { fit, kernel, background: { r: 0, g: 0, b: 0, alpha: 1 } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    const whole = channels === 4 ? image.ensureAlpha() : image.removeAlpha()
    try {
      const pixels = await whole.raw({ depth: 'uchar' }).toBuffer()
      return new Tensor([height, width, channels], 'uint8', new Uint8Array(pixels))
    } catch (error) {
      const [reason] = (error as Error).message.split('\n')
      return fail('image.invalid', { path, reason: reason as string })
    }
  }
}
