import { add, multiply, subtract } from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface SgdConfig extends OptimizerConfig {
  /** The share of the former step that each step keeps, from 0 (default) to 1. */
  readonly momentum?: number
  /** Whether the gradient is looked ahead along the momentum (default false). */
  readonly nesterov?: boolean
}

/** Gradient descent, with momentum or Nesterov's form of it. */
export class Sgd extends Optimizer {
  static readonly className = 'sgd'
  readonly momentum: number
  readonly nesterov: boolean

  constructor(config: SgdConfig = {}) {
    checkOptions('sgd', config, [...optimizerOptions, 'momentum', 'nesterov'])
    const { learningRate = 0.01, momentum = 0, nesterov = false } = config
    checkInterval('sgd', 'momentum', momentum, { minimum: 0, limit: 1 + Number.EPSILON })
    checkBoolean('sgd', 'nesterov', nesterov)
    super('sgd', learningRate, momentum === 0 ? [] : ['momentum'], config)
    this.momentum = momentum
    this.nesterov = nesterov
  }

  override getConfig(): Record<string, unknown> {
    const { momentum, nesterov } = this
    return { ...super.getConfig(), momentum, nesterov }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    [velocity]: readonly Tensor[],
    { learningRate }: StepScalars,
  ): Update {
    const step = multiply(gradient, learningRate as Tensor)
    if (!velocity) return { weight: subtract(weight, step), slots: [] }
    const next = subtract(multiply(velocity, this.momentum), step)
    const change = this.nesterov ? subtract(multiply(next, this.momentum), step) : next
    return { weight: add(weight, change), slots: [next] }
  }
}

/**
 * Stochastic gradient descent.
 *
 * @param config learningRate (0.01), momentum (0), nesterov (false); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function sgd(config: SgdConfig = {}): Sgd {
  return new Sgd(config)
}
