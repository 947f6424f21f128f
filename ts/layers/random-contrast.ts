import { add, clip, mean, multiply, subtract } from '../ops/index.js'
import { uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'
import { checkValueRange, type Factor, factorRange, type Range } from './ranges.js'

export interface RandomContrastConfig extends ImagePreprocessingConfig {
  /**
   * A pair [lower, upper] of numbers from 0 to 1: deviations from the mean are multiplied by a number from 1 - lower to 1 + upper. A number f
   * stands for [0, f], as in Keras.
   */
  readonly factor: Factor
  /** The least and the greatest value of a pixel (default [0, 255]). */
  readonly valueRange?: Range
}

interface Contrast {
  /** What deviations are multiplied by: float32 [batch, 1, 1, 1]. */
  readonly contrastFactor: Tensor
}

/** Changes the contrast of each image while training. */
export class RandomContrast extends ImagePreprocessing<Contrast> {
  static readonly className = 'randomContrast'
  readonly factor: Range
  readonly valueRange: Range

  constructor(config: RandomContrastConfig) {
    super('randomContrast', config, ['factor', 'valueRange'])
    this.factor = factorRange('randomContrast', 'factor', config.factor, [0, 1])
    this.valueRange = checkValueRange('randomContrast', config.valueRange ?? [0, 255])
  }

  override getRandomTransformation({ shape: [batch] }: Tensor): Contrast {
    const [lower, upper] = this.factor
    const bounds = { minval: 1 - lower, maxval: 1 + upper }
    return { contrastFactor: uniform([batch as number, 1, 1, 1], { ...bounds, ...this.source }) }
  }

  override transformImages(images: Tensor, { contrastFactor }: Contrast): Tensor {
    const average = mean(images, { axis: [this.heightAxis, this.widthAxis], keepdims: true })
    const changed = add(multiply(subtract(images, average), contrastFactor), average)
    return clip(changed, ...this.valueRange)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, valueRange: this.valueRange }
  }
}

/**
 * Changes the contrast of each image while training: of each channel, the deviations from its mean are multiplied by a random factor, and the result
 * is clipped to `valueRange`. Otherwise it gives its input, as float32.
 *
 * @param config factor, valueRange ([0, 255]), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomContrast({ factor: [0.2, 0.2], valueRange: [0, 1] })
 */
export function randomContrast(config: RandomContrastConfig): RandomContrast {
  return new RandomContrast(config)
}
