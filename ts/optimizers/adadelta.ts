import { add, divide, multiply, sqrt, square, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface AdadeltaConfig extends OptimizerConfig {
  /** The decay of the means of squares (default 0.95). */
  readonly rho?: number
  /** Added to the means of squares (default 1e-7). */
  readonly epsilon?: number
}

/** Adadelta (Zeiler, 2012). */
export class Adadelta extends Optimizer {
  static readonly className = 'adadelta'
  readonly rho: number
  readonly epsilon: number

  constructor(config: AdadeltaConfig = {}) {
    checkOptions('adadelta', config, [...optimizerOptions, 'rho', 'epsilon'])
    const { learningRate = 1e-3, rho = 0.95, epsilon = 1e-7 } = config
    super('adadelta', learningRate, ['accumulatedGradient', 'accumulatedDelta'], config)
    checkInterval('adadelta', 'rho', rho, { minimum: 0, limit: 1 })
    checkInterval('adadelta', 'epsilon', epsilon, { minimum: 0 })
    this.rho = rho
    this.epsilon = epsilon
  }

  override getConfig(): Record<string, unknown> {
    const { rho, epsilon } = this
    return { ...super.getConfig(), rho, epsilon }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    { learningRate }: StepScalars,
  ): Update {
    const [gradients, deltas] = slots as [Tensor, Tensor]
    const mean = (former: Tensor, value: Tensor) =>
      add(multiply(former, this.rho), multiply(square(value), 1 - this.rho))
    const root = (x: Tensor) => sqrt(add(x, this.epsilon))
    const squares = mean(gradients, gradient)
    const delta = divide(multiply(root(deltas), gradient), root(squares))
    const change = multiply(delta, learningRate as Tensor)
    return { weight: subtract(weight, change), slots: [squares, mean(deltas, delta)] }
  }
}

/**
 * Adadelta: steps are scaled by the ratio of the root mean squares of former steps and of gradients.
 *
 * @param config learningRate (0.001; 1 is that of the paper), rho (0.95), epsilon (1e-7); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function adadelta(config: AdadeltaConfig = {}): Adadelta {
  return new Adadelta(config)
}
