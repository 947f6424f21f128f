import { add, clip, multiply } from '../ops/index.js'
import { uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'
import { checkValueRange, type Factor, factorRange, type Range } from './ranges.js'

export interface RandomBrightnessConfig extends ImagePreprocessingConfig {
  /** What share of `valueRange` is added, from -1 (black) to 1 (white): a pair to draw from, or f for [-f, f]. */
  readonly factor: Factor
  /** The least and the greatest value of a pixel (default [0, 255]). */
  readonly valueRange?: Range
}

interface Brightness {
  /** What is added: float32 [batch, 1, 1, 1]. */
  readonly rgbDelta: Tensor
}

/** Changes the brightness of each image while training. */
export class RandomBrightness extends ImagePreprocessing<Brightness> {
  static readonly className = 'randomBrightness'
  readonly factor: Range
  readonly valueRange: Range

  constructor(config: RandomBrightnessConfig) {
    super('randomBrightness', config, ['factor', 'valueRange'])
    this.factor = factorRange('randomBrightness', 'factor', config.factor, [-1, 1])
    this.valueRange = checkValueRange('randomBrightness', config.valueRange ?? [0, 255])
  }

  override getRandomTransformation({ shape: [batch] }: Tensor): Brightness {
    const [minval, maxval] = this.factor
    const [black, white] = this.valueRange
    const share = uniform([batch as number, 1, 1, 1], { minval, maxval, ...this.source })
    return { rgbDelta: multiply(share, white - black) }
  }

  override transformImages(images: Tensor, { rgbDelta }: Brightness): Tensor {
    return clip(add(images, rgbDelta), ...this.valueRange)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, valueRange: this.valueRange }
  }
}

/**
 * Changes the brightness of each image while training: it adds a random share of `valueRange` to all pixels, and clips the result to that range.
 * Otherwise it gives its input, as float32.
 *
 * @param config factor, valueRange ([0, 255]), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomBrightness({ factor: 0.2, valueRange: [0, 1] })
 */
export function randomBrightness(config: RandomBrightnessConfig): RandomBrightness {
  return new RandomBrightness(config)
}
