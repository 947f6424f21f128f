import { flip, lessEqual, where } from '../ops/index.js'
import { checkChoice } from '../options.js'
import { uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'

/** Along which axes images are flipped: 'horizontal' changes left and right, 'vertical' top and bottom. */
export type FlipMode = 'horizontal' | 'vertical' | 'horizontalAndVertical'

export interface RandomFlipConfig extends ImagePreprocessingConfig {
  /** 'horizontal' (left and right change places), 'vertical' (top and bottom) or 'horizontalAndVertical' (both at once; default). */
  readonly mode?: FlipMode
}

interface Flips {
  /** Which images are flipped: bool [batch, 1, 1, 1]. */
  readonly flips: Tensor
}

/** Flips half of the images while training. */
export class RandomFlip extends ImagePreprocessing<Flips> {
  static readonly className = 'randomFlip'
  readonly mode: FlipMode

  constructor(config: RandomFlipConfig = {}) {
    super('randomFlip', config, ['mode'])
    const { mode = 'horizontalAndVertical' } = config
    checkChoice('randomFlip', 'mode', mode, ['horizontal', 'vertical', 'horizontalAndVertical'])
    this.mode = mode
  }

  override getRandomTransformation({ shape: [batch] }: Tensor): Flips {
    return { flips: lessEqual(uniform([batch as number, 1, 1, 1], this.source), 0.5) }
  }

  override transformImages(images: Tensor, { flips }: Flips): Tensor {
    const axes = {
      horizontal: [this.widthAxis],
      vertical: [this.heightAxis],
      horizontalAndVertical: [this.heightAxis, this.widthAxis],
    }
    return where(flips, flip(images, { axis: axes[this.mode] }), images)
  }

  override transformSegmentationMasks(masks: Tensor, transformation: Flips): Tensor {
    return this.transformImages(masks, transformation)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mode: this.mode }
  }
}

/**
 * Flips each image with probability 1/2 while training, and gives its input otherwise, as float32. Like all layers that change images at random it
 * takes images of any dtype [batch, height, width, channels], or one without the batch; or what belongs to them too, { images, labels,
 * segmentationMasks }: the masks are changed as the images are.
 *
 * @param config mode ('horizontalAndVertical'), dataFormat ('channelsLast'), seed
 * @throws argument.type, argument.unknown
 *
 * @example
 * const flip = lw.layers.randomFlip({ mode: 'horizontal', seed: 1 })   // a layer of a model, or for the batches of a dataset:
 * dataset.map(([images, labels]) => [flip.apply(images, { training: true }), labels])
 */
export function randomFlip(config: RandomFlipConfig = {}): RandomFlip {
  return new RandomFlip(config)
}
