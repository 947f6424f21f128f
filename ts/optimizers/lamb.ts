import { add, divide, greater, multiply, power, sqrt, square, subtract, sum, where } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface LambConfig extends OptimizerConfig {
  /** The decay of the mean of gradients (default 0.9). */
  readonly beta1?: number
  /** The decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number
  /** Added to the root of the second moment (default 1e-7). */
  readonly epsilon?: number
}

/** LAMB (You et al., 2020): Adam whose steps are scaled to the norm of each weight, for large batches. */
export class Lamb extends Optimizer {
  static readonly className = 'lamb'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  constructor(config: LambConfig = {}) {
    checkOptions('lamb', config, [...optimizerOptions, 'beta1', 'beta2', 'epsilon'])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config
    super('lamb', learningRate, ['momentum', 'velocity'], config)
    checkInterval('lamb', 'beta1', beta1, { minimum: 0, limit: 1 })
    checkInterval('lamb', 'beta2', beta2, { minimum: 0, limit: 1 })
    checkInterval('lamb', 'epsilon', epsilon, { minimum: 0 })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this
    return { ...super.getConfig(), beta1, beta2, epsilon }
  }

  protected override scalars(learningRate: Tensor, step: Tensor): StepScalars {
    const correction = (beta: number) => subtract(1, power(beta, step))
    return { learningRate, first: correction(this.beta1), second: correction(this.beta2) }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    { learningRate, first, second }: StepScalars,
  ): Update {
    const [momentum, velocity] = slots as [Tensor, Tensor]
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - this.beta1))
    const v = add(velocity, multiply(subtract(square(gradient), velocity), 1 - this.beta2))
    const root = add(sqrt(divide(v, second as Tensor)), this.epsilon)
    const step = divide(divide(m, first as Tensor), root)
    const [size, length] = [sqrt(sum(square(weight))), sqrt(sum(square(step)))]
    const ratio = where(greater(multiply(size, length), 0), divide(size, length), 1)
    const change = multiply(step, multiply(ratio, learningRate as Tensor))
    return { weight: subtract(weight, change), slots: [m, v] }
  }
}

/**
 * The LAMB optimizer.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-7); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function lamb(config: LambConfig = {}): Lamb {
  return new Lamb(config)
}
