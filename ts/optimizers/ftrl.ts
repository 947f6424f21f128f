import { add, clip, divide, multiply, power, square, subtract } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Optimizer, type StepScalars, type Update } from './optimizer.js'
import { type OptimizerConfig, optimizerOptions } from './options.js'

export interface FtrlConfig extends OptimizerConfig {
  /** How steps shrink with the sum of squared gradients, at most 0 (default -0.5). */
  readonly learningRatePower?: number
  /** What the sums of squared gradients start as (default 0.1). */
  readonly initialAccumulatorValue?: number
  /** Default 0. */
  readonly l1RegularizationStrength?: number
  /** Default 0. */
  readonly l2RegularizationStrength?: number
  /** A penalty on weights that acts on their gradients alone (default 0). */
  readonly l2ShrinkageRegularizationStrength?: number
  /** Default 0. */
  readonly beta?: number
}

const ftrlOptions = [
  'learningRatePower',
  'initialAccumulatorValue',
  'l1RegularizationStrength',
  'l2RegularizationStrength',
  'l2ShrinkageRegularizationStrength',
  'beta',
]

/** Follow the regularized leader (McMahan et al., 2013), which makes weights exactly zero. */
export class Ftrl extends Optimizer {
  static readonly className = 'ftrl'
  readonly #config: Required<Omit<FtrlConfig, keyof OptimizerConfig>>

  constructor(config: FtrlConfig = {}) {
    checkOptions('ftrl', config, [...optimizerOptions, ...ftrlOptions])
    super('ftrl', config.learningRate ?? 1e-3, ['accumulator', 'linear'], config)
    this.#config = {
      learningRatePower: config.learningRatePower ?? -0.5,
      initialAccumulatorValue: config.initialAccumulatorValue ?? 0.1,
      l1RegularizationStrength: config.l1RegularizationStrength ?? 0,
      l2RegularizationStrength: config.l2RegularizationStrength ?? 0,
      l2ShrinkageRegularizationStrength: config.l2ShrinkageRegularizationStrength ?? 0,
      beta: config.beta ?? 0,
    }
    const { learningRatePower, ...others } = this.#config
    checkInterval('ftrl', 'learningRatePower', learningRatePower, {
      minimum: -Infinity,
      limit: Number.MIN_VALUE,
    })
    for (const [key, value] of Object.entries(others)) checkInterval('ftrl', key, value, { minimum: 0 })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#config }
  }

  protected override initialSlot(name: string): number {
    return name === 'accumulator' ? this.#config.initialAccumulatorValue : 0
  }

  protected override update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: StepScalars,
  ): Update {
    const [accumulator, linear] = slots as [Tensor, Tensor]
    const learningRate = scalars.learningRate as Tensor
    const { learningRatePower, beta, l1RegularizationStrength: l1 } = this.#config
    const { l2RegularizationStrength: l2, l2ShrinkageRegularizationStrength: shrinkage } = this.#config
    const total = add(accumulator, square(gradient))
    const [former, present] = [power(accumulator, -learningRatePower), power(total, -learningRatePower)]
    const shrunk = shrinkage === 0 ? gradient : add(gradient, multiply(weight, 2 * shrinkage))
    const pull = multiply(divide(subtract(present, former), learningRate), weight)
    const z = add(linear, subtract(shrunk, pull))
    const quadratic = add(divide(add(present, beta), learningRate), 2 * l2)
    return { weight: divide(subtract(clip(z, -l1, l1), z), quadratic), slots: [total, z] }
  }
}

/**
 * The FTRL-proximal optimizer, for large sparse linear models.
 *
 * @param config learningRate (0.001), learningRatePower (-0.5), initialAccumulatorValue (0.1), beta and the strengths of regularization (0); and what every optimizer takes: weightDecay, clipnorm, useEma, …
 * @throws argument.range, argument.type, argument.unknown
 */
export function ftrl(config: FtrlConfig = {}): Ftrl {
  return new Ftrl(config)
}
