import { add, divide, multiply, sqrt, square, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface AdagradConfig extends OptimizerConfig {
  /** What the sums of squared gradients start as (default 0.1). */
  readonly initialAccumulatorValue?: number
  /** Added to the sum of squared gradients (default 1e-7). */
  readonly epsilon?: number
}

/** Adagrad (Duchi et al., 2011). */
export class Adagrad extends Optimizer {
  static readonly className = 'adagrad'
  readonly initialAccumulatorValue: number
  readonly epsilon: number

  constructor(config: AdagradConfig = {}) {
    checkOptions('adagrad', config, [...optimizerOptions, 'initialAccumulatorValue', 'epsilon'])
    const { learningRate = 1e-3, initialAccumulatorValue = 0.1, epsilon = 1e-7 } = config
    super('adagrad', learningRate, ['accumulator'], config)
    checkInterval('adagrad', 'initialAccumulatorValue', initialAccumulatorValue, { minimum: 0 })
    checkInterval('adagrad', 'epsilon', epsilon, { minimum: 0 })
    this.initialAccumulatorValue = initialAccumulatorValue
    this.epsilon = epsilon
  }

  override getConfig(): Record<string, unknown> {
    const { initialAccumulatorValue, epsilon } = this
    return { ...super.getConfig(), initialAccumulatorValue, epsilon }
  }

  protected override initialSlot(): number {
    return this.initialAccumulatorValue
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    [accumulator]: readonly Tensor[],
    { learningRate }: StepScalars,
  ): Update {
    const total = add(accumulator as Tensor, square(gradient))
    const change = divide(multiply(gradient, learningRate as Tensor), sqrt(add(total, this.epsilon)))
    return { weight: subtract(weight, change), slots: [total] }
  }
}

/**
 * Adagrad: steps are divided by the root of the sum of all squared gradients.
 *
 * @param config learningRate (0.001), initialAccumulatorValue (0.1), epsilon (1e-7); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function adagrad(config: AdagradConfig = {}): Adagrad {
  return new Adagrad(config)
}
