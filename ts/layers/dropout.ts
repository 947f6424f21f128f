import { multiply, where } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { bernoulli, RandomGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'
import { checkNoiseShape, type NoiseShape, noiseShapeFor } from './noise-shape.js'

export interface DropoutConfig extends LayerConfig {
  /** The share of elements to drop, from 0 up to but not including 1. */
  readonly rate: number
  /**
   * The shape of the random choices, which broadcasts to the input; null stands for the input's own extent (default: that of the input).
   * [null, 1, null] drops whole features of sequences [batch, steps, features].
   */
  readonly noiseShape?: NoiseShape
  /** Gives the layer random numbers of its own (default: those of the training). */
  readonly seed?: number
}

/** While training, sets a random share of the elements to zero and scales the others so that the expected sum stays. */
export class Dropout extends Layer {
  static readonly className: string = 'dropout'
  override supportsMasking = true
  readonly rate: number
  readonly noiseShape: NoiseShape | undefined
  readonly seed: number | undefined
  readonly generator: RandomGenerator | undefined

  constructor(config: DropoutConfig) {
    checkOptions('dropout', config, [...layerOptions, 'rate', 'noiseShape', 'seed'])
    super(config)
    checkInterval('dropout', 'rate', config.rate, { minimum: 0, limit: 1 })
    checkNoiseShape('dropout', config.noiseShape)
    this.rate = config.rate
    this.noiseShape = config.noiseShape
    this.seed = config.seed
    this.generator = config.seed === undefined ? undefined : new RandomGenerator(config.seed)
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return x
    const kept = 1 - this.rate
    const seed = this.generator
    const noiseShape = noiseShapeFor(this.name, this.noiseShape, x.shape)
    return where(bernoulli(noiseShape, kept, { ...(seed && { seed }) }), multiply(x, 1 / kept), 0)
  }

  override getConfig(): Record<string, unknown> {
    const { rate, noiseShape, seed } = this
    return {
      ...super.getConfig(),
      rate,
      ...(noiseShape && { noiseShape }),
      ...(seed !== undefined && { seed }),
    }
  }
}

/**
 * Dropout (Srivastava et al., 2014): while training, each element is zero with probability `rate`, else multiplied by 1 / (1 - rate).
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.dropout({ rate: 0.5 })
 */
export function dropout(config: DropoutConfig): Dropout {
  return new Dropout(config)
}
