import { add, divide, multiply, sqrt, square, subtract } from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface RmsPropConfig extends OptimizerConfig {
  /** The decay of the mean of squared gradients (default 0.9). */
  readonly rho?: number
  /** The share of the former step that each step keeps, from 0 (default) to 1. */
  readonly momentum?: number
  /** Added to the mean of squared gradients (default 1e-7). */
  readonly epsilon?: number
  /** Whether gradients are normalized by their variance, not by their mean square (default false). */
  readonly centered?: boolean
}

/** RMSprop (Hinton, 2012). */
export class RmsProp extends Optimizer {
  static readonly className = 'rmsprop'
  readonly rho: number
  readonly momentum: number
  readonly epsilon: number
  readonly centered: boolean

  constructor(config: RmsPropConfig = {}) {
    checkOptions('rmsprop', config, [...optimizerOptions, 'rho', 'momentum', 'epsilon', 'centered'])
    const { learningRate = 1e-3, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = config
    checkInterval('rmsprop', 'rho', rho, { minimum: 0, limit: 1 })
    checkInterval('rmsprop', 'momentum', momentum, { minimum: 0, limit: 1 + Number.EPSILON })
    checkInterval('rmsprop', 'epsilon', epsilon, { minimum: 0 })
    checkBoolean('rmsprop', 'centered', centered)
    const optional = [...(momentum > 0 ? ['momentum'] : []), ...(centered ? ['averageGradient'] : [])]
    super('rmsprop', learningRate, ['velocity', ...optional], config)
    this.rho = rho
    this.momentum = momentum
    this.epsilon = epsilon
    this.centered = centered
  }

  override getConfig(): Record<string, unknown> {
    const { rho, momentum, epsilon, centered } = this
    return { ...super.getConfig(), rho, momentum, epsilon, centered }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    [velocity, ...others]: readonly Tensor[],
    { learningRate }: StepScalars,
  ): Update {
    const mean = (former: Tensor, value: Tensor) =>
      add(multiply(former, this.rho), multiply(value, 1 - this.rho))
    const v = mean(velocity as Tensor, square(gradient))
    const average = this.centered ? mean(others.at(-1) as Tensor, gradient) : undefined
    const variance = average ? subtract(v, square(average)) : v
    const step = divide(multiply(gradient, learningRate as Tensor), sqrt(add(variance, this.epsilon)))
    const momentum = this.momentum > 0 ? add(multiply(others[0] as Tensor, this.momentum), step) : undefined
    const slots = [v, momentum, average].flatMap((slot) => slot ?? [])
    return { weight: subtract(weight, momentum ?? step), slots }
  }
}

/**
 * RMSprop: steps are divided by the root of the mean of squared gradients.
 *
 * @param config learningRate (0.001), rho (0.9), momentum (0), epsilon (1e-7), centered (false); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function rmsprop(config: RmsPropConfig = {}): RmsProp {
  return new RmsProp(config)
}
