import { add, divide, maximum, multiply, power, sqrt, square, subtract } from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface AdamConfig extends OptimizerConfig {
  /** The decay of the mean of gradients (default 0.9). */
  readonly beta1?: number
  /** The decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number
  /** Added to the root of the second moment (default 1e-7). */
  readonly epsilon?: number
  /** Whether steps divide by the largest second moment so far (Reddi et al., 2018; default false). */
  readonly amsgrad?: boolean
}

/** Adam (Kingma and Ba, 2014) in Keras's form: the bias corrections are in the step size, epsilon is added after it. */
export class Adam extends Optimizer {
  static readonly className: string = 'adam'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly amsgrad: boolean

  constructor(config: AdamConfig = {}, name = 'adam') {
    checkOptions(name, config, [...optimizerOptions, 'beta1', 'beta2', 'epsilon', 'amsgrad'])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false } = config
    checkBoolean(name, 'amsgrad', amsgrad)
    super(name, learningRate, ['momentum', 'velocity', ...(amsgrad ? ['velocityHat'] : [])], config)
    checkInterval(name, 'beta1', beta1, { minimum: 0, limit: 1 })
    checkInterval(name, 'beta2', beta2, { minimum: 0, limit: 1 })
    checkInterval(name, 'epsilon', epsilon, { minimum: 0 })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
    this.amsgrad = amsgrad
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon, amsgrad } = this
    return { ...super.getConfig(), beta1, beta2, epsilon, amsgrad }
  }

  protected override scalars(learningRate: Tensor, step: Tensor): StepScalars {
    const correction = (beta: number) => subtract(1, power(beta, step))
    return {
      stepSize: divide(multiply(learningRate, sqrt(correction(this.beta2))), correction(this.beta1)),
    }
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    { stepSize }: StepScalars,
  ): Update {
    const [momentum, velocity, largest] = slots as [Tensor, Tensor, Tensor?]
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - this.beta1))
    const v = add(velocity, multiply(subtract(square(gradient), velocity), 1 - this.beta2))
    const bound = largest && maximum(largest, v)
    const change = divide(multiply(m, stepSize as Tensor), add(sqrt(bound ?? v), this.epsilon))
    return { weight: subtract(weight, change), slots: bound ? [m, v, bound] : [m, v] }
  }
}

/**
 * The Adam optimizer.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-7), amsgrad (false); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function adam(config: AdamConfig = {}): Adam {
  return new Adam(config)
}
