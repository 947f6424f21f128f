import { add, multiply } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { normal, RandomGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'

export interface GaussianNoiseConfig extends LayerConfig {
  /** The standard deviation of the noise, from 0 to 1. */
  readonly stddev: number
  /** Gives the layer random numbers of its own (default: those of the training). */
  readonly seed?: number
}

/** While training, adds normal noise. */
export class GaussianNoise extends Layer {
  static readonly className = 'gaussianNoise'
  override supportsMasking = true
  readonly stddev: number
  readonly seed: number | undefined
  readonly generator: RandomGenerator | undefined

  constructor(config: GaussianNoiseConfig) {
    checkOptions('gaussianNoise', config, [...layerOptions, 'stddev', 'seed'])
    super(config)
    const { stddev, seed } = config
    checkInterval('gaussianNoise', 'stddev', stddev, { minimum: 0, limit: 1 + Number.EPSILON })
    this.stddev = stddev
    this.seed = seed
    this.generator = seed === undefined ? undefined : new RandomGenerator(seed)
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.stddev === 0) return x
    const seed = this.generator
    return add(x, normal(x.shape, { stddev: this.stddev, ...(seed && { seed }) }))
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), stddev: this.stddev, ...(this.seed !== undefined && { seed: this.seed }) }
  }
}

export interface GaussianDropoutConfig extends LayerConfig {
  /** The rate of a dropout whose noise has the same variance, rate / (1 - rate), from 0 up to but not including 1. */
  readonly rate: number
  /** Gives the layer random numbers of its own (default: those of the training). */
  readonly seed?: number
}

/** While training, multiplies by normal noise around 1. */
export class GaussianDropout extends Layer {
  static readonly className = 'gaussianDropout'
  override supportsMasking = true
  readonly rate: number
  readonly seed: number | undefined
  readonly generator: RandomGenerator | undefined

  constructor(config: GaussianDropoutConfig) {
    checkOptions('gaussianDropout', config, [...layerOptions, 'rate', 'seed'])
    super(config)
    const { rate, seed } = config
    checkInterval('gaussianDropout', 'rate', rate, { minimum: 0, limit: 1 })
    this.rate = rate
    this.seed = seed
    this.generator = seed === undefined ? undefined : new RandomGenerator(seed)
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return x
    const seed = this.generator
    const stddev = Math.sqrt(this.rate / (1 - this.rate))
    return multiply(x, normal(x.shape, { mean: 1, stddev, ...(seed && { seed }) }))
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rate: this.rate, ...(this.seed !== undefined && { seed: this.seed }) }
  }
}

/**
 * Adds normal noise while training, which makes it harder to overfit.
 *
 * @throws argument.range, argument.unknown
 */
export function gaussianNoise(config: GaussianNoiseConfig): GaussianNoise {
  return new GaussianNoise(config)
}

/**
 * Gaussian dropout (Srivastava et al., 2014): while training, each element is multiplied by normal noise of mean 1 and variance rate / (1 - rate).
 *
 * @throws argument.range, argument.unknown
 */
export function gaussianDropout(config: GaussianDropoutConfig): GaussianDropout {
  return new GaussianDropout(config)
}
