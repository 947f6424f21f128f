import { concatenate, multiply, negative, slice } from '../ops/index.js'
import { uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { AffinePreprocessing, type AffinePreprocessingConfig, mapsOf } from './affine-preprocessing.js'
import { type Factor, factorRange, type Range } from './ranges.js'

export interface RandomTranslationConfig extends AffinePreprocessingConfig {
  /** What share of the height images move down by, from -1 to 1: a pair to draw from, or f for [-f, f]. */
  readonly heightFactor: Factor
  /** What share of the width they move to the right by, likewise. */
  readonly widthFactor: Factor
}

interface Translation {
  /** By how many pixels images move to the right and down: float32 [batch, 2]. */
  readonly translations: Tensor
}

/** Moves each image while training. */
export class RandomTranslation extends AffinePreprocessing<Translation> {
  static readonly className = 'randomTranslation'
  readonly heightFactor: Factor
  readonly widthFactor: Factor
  readonly #down: Range
  readonly #right: Range

  constructor(config: RandomTranslationConfig) {
    super('randomTranslation', config, ['heightFactor', 'widthFactor'])
    const { heightFactor, widthFactor } = config
    this.#down = factorRange('randomTranslation', 'heightFactor', heightFactor, [-1, 1])
    this.#right = factorRange('randomTranslation', 'widthFactor', widthFactor, [-1, 1])
    this.heightFactor = heightFactor
    this.widthFactor = widthFactor
  }

  override getRandomTransformation({ shape }: Tensor): Translation {
    const draw = ([minval, maxval]: Range, axis: number) => {
      const share = uniform([shape[0] as number, 1], { minval, maxval, ...this.source })
      return multiply(share, shape[axis] as number)
    }
    const down = draw(this.#down, this.heightAxis)
    const right = draw(this.#right, this.widthAxis)
    return { translations: concatenate([right, down], { axis: 1 }) }
  }

  protected override maps({ translations }: Translation): Tensor {
    const batch = translations.shape[0] as number
    const by = (i: number) => negative(slice(translations, [0, i], [batch, 1]))
    return mapsOf(batch, [1, 0, by(0), 0, 1, by(1)])
  }

  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this
    return { ...super.getConfig(), heightFactor, widthFactor }
  }
}

/**
 * Moves each image by random shares of its height and width while training, and gives its input otherwise, as float32.
 * Segmentation masks move with the images: see `randomFlip`.
 *
 * @param config heightFactor, widthFactor, fillMode ('reflect'), interpolation ('bilinear'), fillValue (0), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 })
 */
export function randomTranslation(config: RandomTranslationConfig): RandomTranslation {
  return new RandomTranslation(config)
}
