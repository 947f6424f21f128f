import { fail } from '../errors.js'
import { spatialAxes } from '../ops/data-format.js'
import { cast, expandDims, squeeze } from '../ops/index.js'
import { checkDataFormat, type DataFormat } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import { RandomGenerator } from '../random.js'
import { Tensor } from '../tensor.js'
import { mapTree, type Tree } from '../tree.js'
import { isShapeList } from './input-spec.js'
import { type CallOptions, type InputShape, Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'

/** What all layers that change images at random can be given. */
export interface ImagePreprocessingConfig extends LayerConfig {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
  /** Gives the layer random numbers of its own (default: those of the training). */
  readonly seed?: number
}

/** Images and what belongs to them, for layers that change it along with the images. */
export type ImageData = {
  /** [batch, height, width, channels], or [height, width, channels] where everything is of one image. */
  readonly images: Tensor
  /** [batch, …]. */
  readonly labels?: Tensor
  /** Of the rank of the images, with a class number at each pixel. */
  readonly segmentationMasks?: Tensor
}

const parts: readonly string[] = ['images', 'labels', 'segmentationMasks'] satisfies (keyof ImageData)[]

/** Raises unless a layer's input is a tensor of images, or of one, or an object of images and what belongs to them. */
export function checkImageShapes(layer: string, dataFormat: DataFormat, inputShape: InputShape): void {
  const alone = Array.isArray(inputShape) && !isShapeList(inputShape)
  const shapes = (alone ? { images: inputShape } : inputShape) as Readonly<Record<string, PartialShape>>
  const { images, segmentationMasks = images } = shapes
  // A model's placeholder has a batch, of which nothing is known yet.
  const fits = (shape: unknown) =>
    Array.isArray(shape) && (shape.length === 4 || (shape.length === 3 && shape[0] !== null))
  const known = Object.keys(shapes).every((name) => parts.includes(name))
  if (known && fits(images) && segmentationMasks?.length === images?.length) return
  const axes = dataFormat === 'channelsLast' ? 'height, width, channels' : 'channels, height, width'
  const expected = `images [batch, ${axes}] or one [${axes}], alone or as { images, labels, segmentationMasks }`
  fail('layer.input', { layer, expected, got: inputShape })
}

/**
 * The base of the layers that change images at random while training. A subclass draws the parameters of a batch and applies them, apart from each
 * other, to images, labels and segmentation masks: it sees batches alone.
 */
export abstract class ImagePreprocessing<Transformation> extends Layer {
  readonly dataFormat: DataFormat
  readonly seed: number | undefined
  readonly generator: RandomGenerator | undefined
  readonly heightAxis: number
  readonly widthAxis: number
  readonly channelAxis: number

  constructor(factory: string, config: ImagePreprocessingConfig, options: readonly string[]) {
    checkOptions(factory, config, [...layerOptions, 'dataFormat', 'seed', ...options])
    super(config)
    const { dataFormat = 'channelsLast', seed } = config
    checkDataFormat(factory, dataFormat)
    this.dataFormat = dataFormat
    this.seed = seed
    this.generator = seed === undefined ? undefined : new RandomGenerator(seed)
    const [height, width] = spatialAxes(4, dataFormat)
    this.heightAxis = height as number
    this.widthAxis = width as number
    this.channelAxis = dataFormat === 'channelsLast' ? 3 : 1
  }

  /** Draws the parameters of a batch's transformation. */
  abstract getRandomTransformation(images: Tensor): Transformation

  /** Applies them to float32 images [batch, height, width, channels]. */
  abstract transformImages(images: Tensor, transformation: Transformation): Tensor

  /** Applies them to labels [batch, …]: by default these stay. */
  transformLabels(labels: Tensor, _transformation: Transformation): Tensor {
    return labels
  }

  /** Applies them to float32 segmentation masks [batch, height, width, channels]: by default these stay. */
  transformSegmentationMasks(masks: Tensor, _transformation: Transformation): Tensor {
    return masks
  }

  /** What float32 images and segmentation masks become outside of training: by default they stay. */
  protected withoutTransformation(pixels: Tensor, _interpolation: 'bilinear' | 'nearest'): Tensor {
    return pixels
  }

  /** What random functions take, for the layer's own numbers. */
  protected get source(): { readonly seed?: RandomGenerator } {
    return this.generator ? { seed: this.generator } : {}
  }

  protected override checkInputShape(inputShape: InputShape): void {
    checkImageShapes(this.name, this.dataFormat, inputShape)
  }

  override call(inputs: Tree<Tensor>, { training }: CallOptions): Tree<Tensor> {
    const alone = inputs instanceof Tensor
    const given = (alone ? { images: inputs } : inputs) as ImageData
    const single = given.images.rank === 3
    const batch = single ? mapTree(given, (part) => expandDims(part as Tensor, 0)) : given
    const changed = this.#change(batch as ImageData, training)
    const outputs = single ? mapTree(changed, (part) => squeeze(part as Tensor, { axis: 0 })) : changed
    return alone ? (outputs as ImageData).images : (outputs as Tree<Tensor>)
  }

  #change({ images, labels, segmentationMasks }: ImageData, training: boolean): ImageData {
    const pixels = cast(images, 'float32')
    const masks = segmentationMasks && cast(segmentationMasks, 'float32')
    if (!training) {
      return {
        images: this.withoutTransformation(pixels, 'bilinear'),
        ...(labels && { labels }),
        ...(masks && { segmentationMasks: this.withoutTransformation(masks, 'nearest') }),
      }
    }
    const transformation = this.getRandomTransformation(pixels)
    return {
      images: this.transformImages(pixels, transformation),
      ...(labels && { labels: this.transformLabels(labels, transformation) }),
      ...(masks && { segmentationMasks: this.transformSegmentationMasks(masks, transformation) }),
    }
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat, seed } = this
    return { ...super.getConfig(), dataFormat, ...(seed !== undefined && { seed }) }
  }
}
