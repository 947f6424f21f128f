import { add, divide, multiply, power, sqrt, square, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface NadamConfig extends OptimizerConfig {
  /** The decay of the mean of gradients (default 0.9). */
  readonly beta1?: number
  /** The decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number
  /** Added to the root of the second moment (default 1e-7). */
  readonly epsilon?: number
}

/** Nadam (Dozat, 2016), Adam with Nesterov's momentum, whose share grows by a schedule. */
export class Nadam extends Optimizer {
  static readonly className = 'nadam'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** The product of the shares of momentum of all steps so far. */
  readonly #product: Variable

  constructor(config: NadamConfig = {}) {
    checkOptions('nadam', config, [...optimizerOptions, 'beta1', 'beta2', 'epsilon'])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config
    super('nadam', learningRate, ['momentum', 'velocity'], config)
    checkInterval('nadam', 'beta1', beta1, { minimum: 0, limit: 1 })
    checkInterval('nadam', 'beta2', beta2, { minimum: 0, limit: 1 })
    checkInterval('nadam', 'epsilon', epsilon, { minimum: 0 })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
    this.#product = this.sharedVariable('momentumProduct', 1)
  }

  override get shared(): readonly Variable[] {
    return [...super.shared, this.#product]
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this
    return { ...super.getConfig(), beta1, beta2, epsilon }
  }

  protected override scalars(learningRate: Tensor, step: Tensor): StepScalars {
    const share = (at: Tensor) => multiply(subtract(1, multiply(power(0.96, at), 0.5)), this.beta1)
    const [present, next] = [share(step), share(add(step, 1))]
    const product = multiply(this.#product, present)
    this.#product.assign(product)
    return {
      learningRate,
      ofMomentum: divide(next, subtract(1, multiply(product, next))),
      ofGradient: divide(subtract(1, present), subtract(1, product)),
      correction: subtract(1, power(this.beta2, step)),
    }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: StepScalars,
  ): Update {
    const [momentum, velocity] = slots as [Tensor, Tensor]
    const { learningRate, ofMomentum, ofGradient, correction } = scalars as Record<string, Tensor>
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - this.beta1))
    const v = add(velocity, multiply(subtract(square(gradient), velocity), 1 - this.beta2))
    const ahead = add(multiply(m, ofMomentum as Tensor), multiply(gradient, ofGradient as Tensor))
    const root = add(sqrt(divide(v, correction as Tensor)), this.epsilon)
    const change = divide(multiply(ahead, learningRate as Tensor), root)
    return { weight: subtract(weight, change), slots: [m, v] }
  }
}

/**
 * The Nadam optimizer.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-7); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function nadam(config: NadamConfig = {}): Nadam {
  return new Nadam(config)
}
