import type { Described } from '../described.js'
import {
  absolute,
  add,
  clip,
  divide,
  lessEqual,
  log,
  maximum,
  mean,
  multiply,
  negative,
  softplus,
  sqrt,
  square,
  subtract,
  sum,
  where,
} from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { epsilon } from './epsilon.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape } from './ranks.js'

/**
 * (target - output)². The values of this and the following losses are means over the last axis, and targets have the output's shape.
 *
 * @throws argument.unknown, name.unknown
 */
export function meanSquaredError(config: LossConfig = {}): LossFunction & Described {
  return meanOf('meanSquaredError', config, (yTrue, yPred) => square(subtract(yTrue, yPred)))
}

/**
 * |target - output|.
 *
 * @throws argument.unknown, name.unknown
 */
export function meanAbsoluteError(config: LossConfig = {}): LossFunction & Described {
  return meanOf('meanAbsoluteError', config, (yTrue, yPred) => absolute(subtract(yTrue, yPred)))
}

/**
 * 100 · |target - output| / |target|.
 *
 * @throws argument.unknown, name.unknown
 */
export function meanAbsolutePercentageError(config: LossConfig = {}): LossFunction & Described {
  return meanOf('meanAbsolutePercentageError', config, (yTrue, yPred) => {
    const share = divide(subtract(yTrue, yPred), maximum(absolute(yTrue), epsilon))
    return multiply(absolute(share), 100)
  })
}

/**
 * (log(target + 1) - log(output + 1))², where negative values count as 0.
 *
 * @throws argument.unknown, name.unknown
 */
export function meanSquaredLogarithmicError(config: LossConfig = {}): LossFunction & Described {
  const logarithm = (x: Tensor) => log(add(maximum(x, epsilon), 1))
  return meanOf('meanSquaredLogarithmicError', config, (yTrue, yPred) =>
    square(subtract(logarithm(yPred), logarithm(yTrue))),
  )
}

export interface HuberConfig extends LossConfig {
  /** Where the square becomes a straight line (default 1). */
  readonly delta?: number
}

/**
 * Huber's loss (1964) of the error x: x² / 2 up to |x| = delta, from there on its tangent.
 *
 * @throws argument.range, argument.unknown, name.unknown
 */
export function huber(config: HuberConfig = {}): LossFunction & Described {
  const { delta = 1 } = config
  checkInterval('huber', 'delta', delta, { minimum: 0 })
  return meanOf(
    'huber',
    config,
    (yTrue, yPred) => {
      const error = subtract(yPred, yTrue)
      const distance = absolute(error)
      const tangent = subtract(multiply(distance, delta), delta ** 2 / 2)
      return where(lessEqual(distance, delta), multiply(square(error), 0.5), tangent)
    },
    ['delta'],
  )
}

/**
 * log(cosh(output - target)): about x² / 2 for small errors, |x| - log 2 for large ones.
 *
 * @throws argument.unknown, name.unknown
 */
export function logCosh(config: LossConfig = {}): LossFunction & Described {
  return meanOf('logCosh', config, (yTrue, yPred) => {
    const error = subtract(yPred, yTrue)
    return subtract(add(error, softplus(multiply(error, -2))), Math.LN2)
  })
}

/**
 * output - target · log(output): the negative logarithm of Poisson's probability of counts, but for a constant.
 *
 * @throws argument.unknown, name.unknown
 */
export function poisson(config: LossConfig = {}): LossFunction & Described {
  return meanOf('poisson', config, (yTrue, yPred) =>
    subtract(yPred, multiply(yTrue, log(add(yPred, epsilon)))),
  )
}

/**
 * Σ target · log(target / output) over the last axis: Kullback and Leibler's divergence of two distributions.
 *
 * @throws argument.unknown, name.unknown
 */
export function klDivergence(config: LossConfig = {}): LossFunction & Described {
  checkOptions('klDivergence', config, ['reduction'])
  return defineLoss('klDivergence', {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape('klDivergence', yTrue, yPred)
      const [p, q] = [clip(yTrue, epsilon, 1), clip(yPred, epsilon, 1)]
      return sum(multiply(p, log(divide(p, q))), { axis: -1 })
    },
  })
}

export interface CosineSimilarityConfig extends LossConfig {
  /** The axis along which vectors lie (default -1). */
  readonly axis?: number
}

/**
 * The negative cosine of the angle between target and output: -1 where they have the same direction.
 *
 * @throws argument.unknown, name.unknown
 */
export function cosineSimilarity(config: CosineSimilarityConfig = {}): LossFunction & Described {
  checkOptions('cosineSimilarity', config, ['axis', 'reduction'])
  const { axis = -1 } = config
  return defineLoss('cosineSimilarity', {
    config,
    targets: 'values',
    values: (yTrue, yPred) => negative(cosineOf('cosineSimilarity', yTrue, yPred, axis)),
  })
}

/** The cosine of the angle between vectors along an axis; 0 for vectors of zeros. */
export function cosineOf(op: string, yTrue: Tensor, yPred: Tensor, axis: number): Tensor {
  checkSameShape(op, yTrue, yPred)
  const unit = (x: Tensor) =>
    divide(x, sqrt(maximum(sum(square(x), { axis, keepdims: true }), epsilon * epsilon)))
  return sum(multiply(unit(yTrue), unit(yPred)), { axis })
}

/** A loss whose values are the means of an elementwise function over the last axis. */
function meanOf(
  className: string,
  config: LossConfig,
  pointwise: (yTrue: Tensor, yPred: Tensor) => Tensor,
  options: readonly string[] = [],
): LossFunction & Described {
  checkOptions(className, config, [...options, 'reduction'])
  return defineLoss(className, {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape(className, yTrue, yPred)
      return mean(pointwise(yTrue, yPred), { axis: -1 })
    },
  })
}
