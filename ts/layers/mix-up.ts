import { beta } from '../distributions.js'
import { checkPositive } from '../options.js'
import { permutation } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'
import { type Mixture, mixLabels, mixSamples } from './mixture.js'

export interface MixUpConfig extends ImagePreprocessingConfig {
  /** The shares of mixtures are drawn from the beta distribution of alpha and alpha: the smaller, the less is mixed (default 0.2). */
  readonly alpha?: number
}

/** Mixes each sample of a batch with another one while training. */
export class MixUp extends ImagePreprocessing<Mixture> {
  static readonly className = 'mixUp'
  readonly alpha: number

  constructor(config: MixUpConfig = {}) {
    super('mixUp', config, ['alpha'])
    const { alpha = 0.2 } = config
    checkPositive('mixUp', 'alpha', alpha)
    this.alpha = alpha
  }

  override getRandomTransformation({ shape: [batch] }: Tensor): Mixture {
    const permutationOrder = permutation(batch as number, this.source)
    return { permutationOrder, mixWeight: beta([batch as number], this.alpha, this.alpha, this.source) }
  }

  override transformImages(images: Tensor, mixture: Mixture): Tensor {
    return mixSamples(images, mixture)
  }

  override transformLabels(labels: Tensor, mixture: Mixture): Tensor {
    return mixLabels(this.name, labels, mixture)
  }

  override transformSegmentationMasks(masks: Tensor, mixture: Mixture): Tensor {
    return mixSamples(masks, mixture)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha }
  }
}

/**
 * mixup (Zhang et al., 2017): while training, each image is λ of itself and 1 - λ of another one of the batch, and so are labels and segmentation
 * masks. Otherwise it gives its input, as float32. Labels are shares of classes [batch, classes], as `lw.ops.oneHot` makes them. Bounding boxes,
 * which Keras mixes too, it does not take.
 *
 * @param config alpha (0.2), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown; layer.input for other labels
 *
 * @example
 * const mix = lw.layers.mixUp({ seed: 1 })
 * const { images, labels } = mix.apply({ images: x, labels: lw.ops.oneHot(y, 10) }, { training: true })
 */
export function mixUp(config: MixUpConfig = {}): MixUp {
  return new MixUp(config)
}
