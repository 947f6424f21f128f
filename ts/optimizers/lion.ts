import { add, multiply, sign, subtract } from '../ops/index.js'
import { checkInterval, checkOptions, checkPositive } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface LionConfig extends OptimizerConfig {
  /** The share of the momentum in a step (default 0.9). */
  readonly beta1?: number
  /** The decay of the momentum (default 0.99). */
  readonly beta2?: number
}

/** Lion (Chen et al., 2023), whose steps have one size for all weights. */
export class Lion extends Optimizer {
  static readonly className = 'lion'
  readonly beta1: number
  readonly beta2: number

  constructor(config: LionConfig = {}) {
    checkOptions('lion', config, [...optimizerOptions, 'beta1', 'beta2'])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.99 } = config
    super('lion', learningRate, ['momentum'], config)
    checkPositive('lion', 'beta1', beta1, 1 + Number.EPSILON)
    checkInterval('lion', 'beta2', beta2, { minimum: 0, limit: 1 + Number.EPSILON })
    this.beta1 = beta1
    this.beta2 = beta2
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2 } = this
    return { ...super.getConfig(), beta1, beta2 }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    [momentum]: readonly Tensor[],
    { learningRate }: StepScalars,
  ): Update {
    const mixed = (beta: number) => add(multiply(momentum as Tensor, beta), multiply(gradient, 1 - beta))
    const step = multiply(sign(mixed(this.beta1)), learningRate as Tensor)
    return { weight: subtract(weight, step), slots: [mixed(this.beta2)] }
  }
}

/**
 * Lion: each weight moves by the learning rate, in the direction of the sign of its momentum.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.99); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function lion(config: LionConfig = {}): Lion {
  return new Lion(config)
}
