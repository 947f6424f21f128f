import { fail } from '../errors.js'
import { type TensorInput, toTensor } from '../ops/apply.js'
import { clip, less, logicalAnd, multiply, reshape, slice, sqrt, where } from '../ops/index.js'
import { normal, uniform } from '../random.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'
import { randomPatches } from './patches.js'
import { checkValueRange, type Factor, factorRange, type Range } from './ranges.js'

export interface RandomErasingConfig extends ImagePreprocessingConfig {
  /** The range, within 0 to 1, from which the probability of erasing is drawn for each image; f stands for [0, f] (default 1). */
  readonly factor?: Factor
  /** The range, within 0 to 1, from which s is drawn for each side of a rectangle, which is √s of the image's (default [0.02, 0.33]). */
  readonly scale?: Factor
  /** What the patch is filled with: a number, or one for each channel (default: normal noise with the deviation of the range's upper end). */
  readonly fillValue?: number | readonly number[] | null
  /** The least and the greatest value of a pixel (default [0, 255]). */
  readonly valueRange?: Range
}

interface Erasure {
  /** bool [batch]. */
  readonly applyErasing: Tensor
  /** bool, of the images' shape but with one channel. */
  readonly batchMasks: Tensor
  /** float32, broadcasts to the images. */
  readonly fillValue: Tensor
}

/** Fills a rectangle of some images while training. */
export class RandomErasing extends ImagePreprocessing<Erasure> {
  static readonly className = 'randomErasing'
  readonly factor: Range
  readonly scale: Range
  readonly fillValue: number | readonly number[] | null
  readonly valueRange: Range

  constructor(config: RandomErasingConfig = {}) {
    super('randomErasing', config, ['factor', 'scale', 'fillValue', 'valueRange'])
    const { factor = 1, scale = [0.02, 0.33], fillValue = null, valueRange = [0, 255] } = config
    this.factor = factorRange('randomErasing', 'factor', factor, [0, 1])
    this.scale = factorRange('randomErasing', 'scale', scale, [0, 1])
    const fills: readonly unknown[] = [fillValue].flat()
    if (fillValue !== null && !(fills.length > 0 && fills.every(Number.isFinite))) {
      const expected = 'a number, an array of one for each channel, or null for noise'
      fail('argument.range', { op: 'randomErasing', argument: 'fillValue', expected, got: fillValue })
    }
    this.fillValue = fillValue
    this.valueRange = checkValueRange('randomErasing', valueRange)
  }

  override getRandomTransformation({ shape }: Tensor): Erasure {
    const { source } = this
    const batch = shape[0] as number
    const draw = (extents: Shape, [minval, maxval]: Range) => uniform(extents, { minval, maxval, ...source })
    const sides = sqrt(draw([batch, 2], this.scale))
    const [width, height] = [0, 1].map((i) => reshape(slice(sides, [0, i], [batch, 1]), [batch])) as [
      Tensor,
      Tensor,
    ]
    const { masks } = randomPatches(shape, this, { height, width }, source)
    const probability = draw([batch], this.factor)
    const applyErasing = less(draw([batch], [0, 1]), probability)
    return { applyErasing, batchMasks: masks, fillValue: clip(this.#fill(shape), ...this.valueRange) }
  }

  #fill(shape: Shape): TensorInput {
    const { fillValue } = this
    if (fillValue === null) return multiply(normal(shape, this.source), this.valueRange[1])
    if (typeof fillValue === 'number') return fillValue
    const channels = shape[this.channelAxis] as number
    if (fillValue.length !== channels) {
      const expected = `images of ${fillValue.length} channels, as fillValue has numbers`
      fail('layer.input', { layer: this.name, expected, got: shape })
    }
    const along = shape.map((_, axis) => (axis === this.channelAxis ? channels : 1))
    return reshape(toTensor('randomErasing', fillValue, 'float32'), along)
  }

  override transformImages(images: Tensor, { applyErasing, batchMasks, fillValue }: Erasure): Tensor {
    const chosen = reshape(applyErasing, [images.shape[0] as number, 1, 1, 1])
    return where(logicalAnd(chosen, batchMasks), fillValue, images)
  }

  override getConfig(): Record<string, unknown> {
    const { factor, scale, fillValue, valueRange } = this
    return { ...super.getConfig(), factor, scale, ...(fillValue !== null && { fillValue }), valueRange }
  }
}

/**
 * Random erasing (Zhong et al., 2017): while training, fills a rectangle of some images, at a random place and of random sides, with a value or
 * with noise. Otherwise it gives its input, as float32.
 *
 * @param config factor (1), scale ([0.02, 0.33]), fillValue (null: noise), valueRange ([0, 255]), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomErasing({ factor: [1, 1], valueRange: [0, 1] })   // erases a part of every image
 */
export function randomErasing(config: RandomErasingConfig = {}): RandomErasing {
  return new RandomErasing(config)
}
