import { imageAxes, middleOf } from '../ops/image/images.js'
import { resize } from '../ops/image/resize.js'
import { cast } from '../ops/index.js'
import type { Tensor } from '../tensor.js'
import { ImageSize, type ImageSizeConfig } from './image-size.js'

/** The size of the part in the middle that is kept. */
export type CenterCropConfig = ImageSizeConfig

/** Cuts out the middle of images. */
export class CenterCrop extends ImageSize {
  static readonly className = 'centerCrop'

  constructor(config: CenterCropConfig) {
    super('centerCrop', config)
  }

  override transformImages(images: Tensor): Tensor {
    const pixels = cast(images, 'float32')
    const size = [this.height, this.width] as const
    const axes = imageAxes(pixels, this.dataFormat)
    if (axes.some((axis, i) => pixels.shape[axis]! < size[i]!)) {
      return resize(pixels, size, { cropToAspectRatio: true, dataFormat: this.dataFormat })
    }
    return middleOf(pixels, axes, size)
  }

  override transformSegmentationMasks(masks: Tensor): Tensor {
    return this.transformImages(masks)
  }
}

/**
 * Cuts out the middle of images [batch, height, width, channels], or of one without the batch, as float32, in training and outside of it. Where
 * an image is lower or narrower than that, it is the largest part in the middle of the same aspect ratio, resized bilinearly. An odd pixel
 * more goes at the bottom and at the right.
 *
 * @param config height, width, dataFormat ('channelsLast')
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.centerCrop({ height: 224, width: 224 })
 */
export function centerCrop(config: CenterCropConfig): CenterCrop {
  return new CenterCrop(config)
}
