import {
  checkResizeOptions,
  type ResizeInterpolation,
  type ResizeOptions,
  resize,
  resizeOptions,
} from '../ops/image/resize.js'
import type { Tensor } from '../tensor.js'
import { ImageSize, type ImageSizeConfig } from './image-size.js'

export interface ResizingConfig extends ImageSizeConfig, ResizeOptions {}

/** Resizes images. */
export class Resizing extends ImageSize {
  static readonly className = 'resizing'
  readonly interpolation: ResizeInterpolation
  readonly antialias: boolean
  readonly cropToAspectRatio: boolean
  readonly padToAspectRatio: boolean
  readonly fillMode: 'constant'
  readonly fillValue: number

  constructor(config: ResizingConfig) {
    super('resizing', config, resizeOptions)
    checkResizeOptions('resizing', config)
    this.interpolation = config.interpolation ?? 'bilinear'
    this.antialias = config.antialias ?? false
    this.cropToAspectRatio = config.cropToAspectRatio ?? false
    this.padToAspectRatio = config.padToAspectRatio ?? false
    this.fillMode = config.fillMode ?? 'constant'
    this.fillValue = config.fillValue ?? 0
  }

  override transformImages(images: Tensor): Tensor {
    return this.#resize(images, this.interpolation)
  }

  /** By nearest pixels, since there is nothing between class numbers. */
  override transformSegmentationMasks(masks: Tensor): Tensor {
    return this.#resize(masks, 'nearest')
  }

  #resize(pixels: Tensor, interpolation: ResizeInterpolation): Tensor {
    const { antialias, cropToAspectRatio, padToAspectRatio, fillValue, dataFormat } = this
    const options = { interpolation, antialias, cropToAspectRatio, padToAspectRatio, fillValue, dataFormat }
    return resize(pixels, [this.height, this.width], options)
  }

  override getConfig(): Record<string, unknown> {
    const { interpolation, antialias, cropToAspectRatio, padToAspectRatio, fillMode, fillValue } = this
    const options = { interpolation, antialias, cropToAspectRatio, padToAspectRatio, fillMode, fillValue }
    return { ...super.getConfig(), ...options }
  }
}

/**
 * Resizes images [batch, height, width, channels], or one without the batch, as `lw.ops.image.resize` does, in training and outside of it. The
 * dtype stays. Of { images, labels, segmentationMasks } the masks are resized by nearest pixels.
 *
 * @param config height, width, interpolation ('bilinear'), antialias (false), cropToAspectRatio (false), padToAspectRatio (false),
 * fillMode ('constant'), fillValue (0), dataFormat ('channelsLast')
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.resizing({ height: 64, width: 64, antialias: true })
 */
export function resizing(config: ResizingConfig): Resizing {
  return new Resizing(config)
}
