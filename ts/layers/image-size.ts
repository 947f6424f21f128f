import { checkDataFormat, type DataFormat } from '../ops/windows.js'
import { checkInteger, checkOptions } from '../options.js'
import { Tensor } from '../tensor.js'
import type { Tree } from '../tree.js'
import { checkImageShapes, type ImageData } from './image-preprocessing.js'
import { type InputShape, Layer, type LayerConfig, layerOptions } from './layer.js'

export interface ImageSizeConfig extends LayerConfig {
  /** The height of the output. */
  readonly height: number
  /** The width of the output. */
  readonly width: number
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

/** The base of the layers that give all images one size. Labels stay, and segmentation masks become of the size of their images. */
export abstract class ImageSize extends Layer {
  readonly height: number
  readonly width: number
  readonly dataFormat: DataFormat

  constructor(factory: string, config: ImageSizeConfig, options: readonly string[] = []) {
    checkOptions(factory, config, [...layerOptions, 'height', 'width', 'dataFormat', ...options])
    super(config)
    const { height, width, dataFormat = 'channelsLast' } = config
    checkInteger(factory, 'height', height, 1)
    checkInteger(factory, 'width', width, 1)
    checkDataFormat(factory, dataFormat)
    this.height = height
    this.width = width
    this.dataFormat = dataFormat
  }

  /** Images, or one, at the layer's size. */
  abstract transformImages(images: Tensor): Tensor

  /** The same of segmentation masks. */
  abstract transformSegmentationMasks(masks: Tensor): Tensor

  protected override checkInputShape(inputShape: InputShape): void {
    checkImageShapes(this.name, this.dataFormat, inputShape)
  }

  override call(inputs: Tree<Tensor>): Tree<Tensor> {
    if (inputs instanceof Tensor) return this.transformImages(inputs)
    const { images, segmentationMasks, ...labels } = inputs as ImageData
    return {
      images: this.transformImages(images),
      ...labels,
      ...(segmentationMasks && { segmentationMasks: this.transformSegmentationMasks(segmentationMasks) }),
    }
  }

  override getConfig(): Record<string, unknown> {
    const { height, width, dataFormat } = this
    return { ...super.getConfig(), height, width, dataFormat }
  }
}
