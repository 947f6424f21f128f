import { add, divide, multiply, power, sqrt, square, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { type ClippingConfig, clippingOptions } from './clipping.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'

export interface AdamConfig extends ClippingConfig {
  /** Default 0.001. */
  readonly learningRate?: number
  /** The decay of the mean of gradients (default 0.9). */
  readonly beta1?: number
  /** The decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number
  /** Added to the root of the second moment (default 1e-7). */
  readonly epsilon?: number
}

/** Adam (Kingma and Ba, 2014) in Keras's form: the bias corrections are in the step size, epsilon is added after it. */
export class Adam extends Optimizer {
  static readonly className = 'adam'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  constructor(config: AdamConfig = {}) {
    checkOptions('adam', config, ['learningRate', 'beta1', 'beta2', 'epsilon', ...clippingOptions])
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config
    super('adam', learningRate, ['momentum', 'velocity'], config)
    checkInterval('adam', 'beta1', beta1, { minimum: 0, limit: 1 })
    checkInterval('adam', 'beta2', beta2, { minimum: 0, limit: 1 })
    checkInterval('adam', 'epsilon', epsilon, { minimum: 0 })
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
    const [momentum, velocity] = slots as [Tensor, Tensor]
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - this.beta1))
    const v = add(velocity, multiply(subtract(square(gradient), velocity), 1 - this.beta2))
    const change = divide(multiply(m, stepSize as Tensor), add(sqrt(v), this.epsilon))
    return { weight: subtract(weight, change), slots: [m, v] }
  }
}

/**
 * The Adam optimizer.
 *
 * @param config learningRate (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-7); clipnorm, clipvalue or globalClipnorm (none)
 * @throws argument.range, argument.unknown
 */
export function adam(config: AdamConfig = {}): Adam {
  return new Adam(config)
}
