import { beta } from '../distributions.js'
import { add, sqrt, subtract, take, where } from '../ops/index.js'
import { permutation, uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'
import { type Mixture, mixLabels } from './mixture.js'
import { randomPatches } from './patches.js'
import { type Factor, factorRange, type Range } from './ranges.js'

export interface CutMixConfig extends ImagePreprocessingConfig {
  /**
   * The range, within 0 to 1, from which a step draws the parameter of the beta distribution of the shares that stay; f stands for [0, f]
   * (default 1).
   */
  readonly factor?: Factor
}

interface Patchwork extends Mixture {
  /** Which pixels are of the other image: bool, of the images' shape but with one channel. */
  readonly batchMasks: Tensor
}

/** Puts a patch of another image of the batch into each image while training. */
export class CutMix extends ImagePreprocessing<Patchwork> {
  static readonly className = 'cutMix'
  readonly factor: Range

  constructor(config: CutMixConfig = {}) {
    super('cutMix', config, ['factor'])
    this.factor = factorRange('cutMix', 'factor', config.factor ?? 1, [0, 1])
  }

  override getRandomTransformation({ shape }: Tensor): Patchwork {
    const { source } = this
    const batch = shape[0] as number
    const [minval, maxval] = this.factor
    // Above 0, which has no beta distribution.
    const alpha = add(uniform([], { minval, maxval, ...source }), 1e-6)
    const side = sqrt(subtract(1, beta([batch], alpha, alpha, source)))
    const { masks, area } = randomPatches(shape, this, { height: side, width: side }, source)
    const permutationOrder = permutation(batch, source)
    return { batchMasks: masks, mixWeight: subtract(1, area), permutationOrder }
  }

  override transformImages(images: Tensor, { batchMasks, permutationOrder }: Patchwork): Tensor {
    return where(batchMasks, take(images, permutationOrder), images)
  }

  override transformLabels(labels: Tensor, patchwork: Patchwork): Tensor {
    return mixLabels(this.name, labels, patchwork)
  }

  override transformSegmentationMasks(masks: Tensor, patchwork: Patchwork): Tensor {
    return this.transformImages(masks, patchwork)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor }
  }
}

/**
 * CutMix (Yun et al., 2019): while training, a rectangle of each image is filled with that part of another one of the batch, and labels are mixed in
 * proportion to the areas. Otherwise it gives its input, as float32. Labels are shares of classes [batch, classes], as `lw.ops.oneHot` makes them.
 * Bounding boxes it does not take, nor does Keras.
 *
 * @param config factor (1), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown; layer.input for other labels
 *
 * @example
 * const cut = lw.layers.cutMix({ seed: 1 })
 * const { images, labels } = cut.apply({ images: x, labels: lw.ops.oneHot(y, 10) }, { training: true })
 */
export function cutMix(config: CutMixConfig = {}): CutMix {
  return new CutMix(config)
}
