import { absolute, add, divide, maximum, multiply, power, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface AdamaxConfig extends OptimizerConfig {
  /** The decay of the mean of gradients (default 0.9). */
  readonly beta1?: number
  /** The decay of the largest gradient (default 0.999). */
  readonly beta2?: number
  /** Added to the largest gradient (default 1e-7). */
  readonly epsilon?: number
}

/** Adamax (Kingma and Ba, 2014), Adam with the infinity norm. */
export class Adamax extends Optimizer {
  static readonly className = 'adamax'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  constructor(config: AdamaxConfig = {}) {
    checkOptions('adamax', config, [...optimizerOptions, 'beta1', 'beta2', 'epsilon'])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config
    super('adamax', learningRate, ['momentum', 'norm'], config)
    checkInterval('adamax', 'beta1', beta1, { minimum: 0, limit: 1 })
    checkInterval('adamax', 'beta2', beta2, { minimum: 0, limit: 1 })
    checkInterval('adamax', 'epsilon', epsilon, { minimum: 0 })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this
    return { ...super.getConfig(), beta1, beta2, epsilon }
  }

  protected override scalars(learningRate: Tensor, step: Tensor): StepScalars {
    return { stepSize: divide(learningRate, subtract(1, power(this.beta1, step))) }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    { stepSize }: StepScalars,
  ): Update {
    const [momentum, norm] = slots as [Tensor, Tensor]
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - this.beta1))
    const u = maximum(multiply(norm, this.beta2), absolute(gradient))
    const change = divide(multiply(m, stepSize as Tensor), add(u, this.epsilon))
    return { weight: subtract(weight, change), slots: [m, u] }
  }
}

/**
 * The Adamax optimizer.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-7); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function adamax(config: AdamaxConfig = {}): Adamax {
  return new Adamax(config)
}
