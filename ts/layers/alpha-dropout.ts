import { add, multiply, where } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { bernoulli, RandomGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'
import { checkNoiseShape, type NoiseShape, noiseShapeFor } from './noise-shape.js'

export interface AlphaDropoutConfig extends LayerConfig {
  /** The share of elements to drop, from 0 up to but not including 1. */
  readonly rate: number
  /** As that of `dropout`. */
  readonly noiseShape?: NoiseShape
  /** Gives the layer random numbers of its own (default: those of the training). */
  readonly seed?: number
}

/** What selu approaches for negative elements: minus its scale times its alpha (Klambauer et al., 2017). */
const saturation = -1.0507009873554805 * 1.6732632423543772

/** While training, sets a random share of the elements to what selu saturates at, and keeps mean and variance. */
export class AlphaDropout extends Layer {
  static readonly className = 'alphaDropout'
  override supportsMasking = true
  readonly rate: number
  readonly noiseShape: NoiseShape | undefined
  readonly seed: number | undefined
  readonly generator: RandomGenerator | undefined

  constructor(config: AlphaDropoutConfig) {
    checkOptions('alphaDropout', config, [...layerOptions, 'rate', 'noiseShape', 'seed'])
    super(config)
    const { rate, noiseShape, seed } = config
    checkInterval('alphaDropout', 'rate', rate, { minimum: 0, limit: 1 })
    checkNoiseShape('alphaDropout', noiseShape)
    this.rate = rate
    this.noiseShape = noiseShape
    this.seed = seed
    this.generator = seed === undefined ? undefined : new RandomGenerator(seed)
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this
    if (!training || rate === 0) return x
    const seed = this.generator
    const kept = bernoulli(noiseShapeFor(this.name, this.noiseShape, x.shape), 1 - rate, {
      ...(seed && { seed }),
    })
    // The affine function that brings mean 0 and variance 1 back.
    const factor = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5
    const offset = -factor * saturation * rate
    return add(multiply(where(kept, x, saturation), factor), offset)
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
 * Alpha dropout (Klambauer et al., 2017), for networks of selu: while training, a random share of the elements becomes what selu saturates at, and
 * all are scaled and moved so that inputs of mean 0 and variance 1 keep both.
 *
 * @throws argument.range, argument.unknown
 */
export function alphaDropout(config: AlphaDropoutConfig): AlphaDropout {
  return new AlphaDropout(config)
}
