import { resize } from '../ops/image/resize.js'
import { slice } from '../ops/index.js'
import { checkInteger } from '../options.js'
import { randint } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'

export interface RandomCropConfig extends ImagePreprocessingConfig {
  /** The rows of the output. */
  readonly height: number
  /** The columns of the output. */
  readonly width: number
}

/** The first pixel of what stays: int32 scalars. */
interface Crop {
  readonly row: Tensor
  readonly column: Tensor
}

/** Cuts the images of a batch down to a size, all at one place, which is random while training. */
export class RandomCrop extends ImagePreprocessing<Crop | undefined> {
  static readonly className = 'randomCrop'
  readonly height: number
  readonly width: number

  constructor(config: RandomCropConfig) {
    super('randomCrop', config, ['height', 'width'])
    const { height, width } = config
    checkInteger('randomCrop', 'height', height, 1)
    checkInteger('randomCrop', 'width', width, 1)
    this.height = height
    this.width = width
  }

  /** The place of the crop; undefined for images that are smaller than it. */
  override getRandomTransformation({ shape }: Tensor): Crop | undefined {
    const places = (axis: number, extent: number) => (shape[axis] as number) - extent + 1
    const rows = places(this.heightAxis, this.height)
    const columns = places(this.widthAxis, this.width)
    if (rows < 1 || columns < 1) return undefined
    const row = randint([], 0, rows, this.source)
    return { row, column: randint([], 0, columns, this.source) }
  }

  override transformImages(images: Tensor, crop: Crop | undefined): Tensor {
    return crop ? this.#cut(images, crop) : this.withoutTransformation(images, 'bilinear')
  }

  override transformSegmentationMasks(masks: Tensor, crop: Crop | undefined): Tensor {
    return crop ? this.#cut(masks, crop) : this.withoutTransformation(masks, 'nearest')
  }

  #cut(images: Tensor, { row, column }: Crop): Tensor {
    const along = <Value>(height: Value, width: Value, others: (axis: number) => Value) =>
      images.shape.map((_, axis) =>
        axis === this.heightAxis ? height : axis === this.widthAxis ? width : others(axis),
      )
    const extents = along(this.height, this.width, (axis) => images.shape[axis] as number)
    return slice(
      images,
      along<Tensor | number>(row, column, () => 0),
      extents,
    )
  }

  /** The largest part in the middle that has the output's aspect ratio, resized. */
  protected override withoutTransformation(pixels: Tensor, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { height, width, dataFormat } = this
    return resize(pixels, [height, width], { interpolation, cropToAspectRatio: true, dataFormat })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), height: this.height, width: this.width }
  }
}

/**
 * Cuts images down to `height` and `width` while training, those of a batch at the same random place. Otherwise, and where an image is smaller than that,
 * it resizes the largest part in the middle that has this aspect ratio, bilinearly. (Keras 3.15 says so too, but outside of training gives its input.)
 * The output is float32.
 *
 * @param config height, width, dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomCrop({ height: 28, width: 28 })   // [batch, 32, 32, 3] becomes [batch, 28, 28, 3]
 */
export function randomCrop(config: RandomCropConfig): RandomCrop {
  return new RandomCrop(config)
}
