import type { Described } from '../described.js'
import {
  divide,
  log,
  logSoftmax,
  multiply,
  negative,
  oneHot,
  power,
  reshape,
  softmax,
  subtract,
  sum,
} from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions, checkPositive } from '../options.js'
import type { Tensor } from '../tensor.js'
import { classLabels } from './class-labels.js'
import { normalized, smoothed } from './crossentropy.js'
import { logitsOf, refuseLinear } from './logits.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape, lastAxis } from './ranks.js'

export interface CategoricalCrossentropyConfig extends LossConfig {
  /** Whether the output holds logits, not probabilities (default false). */
  readonly fromLogits?: boolean
  /** How far targets are drawn towards the uniform distribution, from 0 (default) to 1. */
  readonly labelSmoothing?: number
  /** The axis of the classes (default -1). */
  readonly axis?: number
}

const categoricalOptions = ['fromLogits', 'labelSmoothing', 'axis', 'reduction']

function checkCategorical(op: string, config: CategoricalCrossentropyConfig): void {
  const { fromLogits, labelSmoothing = 0 } = config
  checkBoolean(op, 'fromLogits', fromLogits)
  checkInterval(op, 'labelSmoothing', labelSmoothing, { minimum: 0, limit: 1 + Number.EPSILON })
}

/**
 * -Σ target · log(output) over the classes, for targets that are one-hot rows, or any distributions, of the output's shape. Where the output
 * comes from a softmax, both are computed together, stably. For class numbers see `sparseCategoricalCrossentropy`.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * const loss = lw.losses.categoricalCrossentropy({ labelSmoothing: 0.1 })
 * loss(lw.tensor([[0, 1, 0]]), lw.tensor([[0.1, 0.8, 0.1]])).item()   // 0.3618
 */
export function categoricalCrossentropy(
  config: CategoricalCrossentropyConfig = {},
): LossFunction & Described {
  const op = 'categoricalCrossentropy'
  checkOptions(op, config, categoricalOptions)
  checkCategorical(op, config)
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = config
  return defineLoss(op, {
    config,
    targets: 'oneHot',
    values: (yTrue, yPred) => {
      checkSameShape(op, yTrue, yPred)
      const given = lastAxis(op, yPred, axis)
      const logits = fromLogits ? given : logitsOf(given)
      if (!logits) refuseLinear(op, 'softmax', given)
      const logarithms = logits ? logSoftmax(logits) : log(normalized(given))
      const classes = yTrue.shape.at(-1) as number
      const targets = lastAxis(op, smoothed(yTrue, labelSmoothing, classes), axis)
      return negative(sum(multiply(targets, logarithms), { axis: -1 }))
    },
  })
}

export interface CategoricalFocalCrossentropyConfig extends CategoricalCrossentropyConfig {
  /** The weight of the loss (default 0.25), or one for each class. */
  readonly alpha?: number | readonly number[]
  /** How much well-classified samples are weighed down (default 2). */
  readonly gamma?: number
}

/**
 * Lin et al.'s focal loss (2018) of several classes: the terms of categoricalCrossentropy times alpha · (1 - output)^gamma.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 */
export function categoricalFocalCrossentropy(
  config: CategoricalFocalCrossentropyConfig = {},
): LossFunction & Described {
  const op = 'categoricalFocalCrossentropy'
  checkOptions(op, config, [...categoricalOptions, 'alpha', 'gamma'])
  checkCategorical(op, config)
  const { fromLogits = false, labelSmoothing = 0, axis = -1, alpha = 0.25, gamma = 2 } = config
  for (const weight of [alpha].flat()) checkInterval(op, 'alpha', weight, { minimum: 0 })
  checkInterval(op, 'gamma', gamma, { minimum: 0 })
  return defineLoss(op, {
    config,
    targets: 'oneHot',
    values: (yTrue, yPred) => {
      checkSameShape(op, yTrue, yPred)
      const given = lastAxis(op, yPred, axis)
      if (!fromLogits) refuseLinear(op, 'softmax', given)
      const p = normalized(fromLogits ? softmax(given) : given)
      const targets = lastAxis(op, smoothed(yTrue, labelSmoothing, yTrue.shape.at(-1) as number), axis)
      const weights = multiply(power(subtract(1, p), gamma), alpha)
      return negative(sum(multiply(weights, multiply(targets, log(p))), { axis: -1 }))
    },
  })
}

export interface CategoricalGeneralizedCrossEntropyConfig extends LossConfig {
  /** Between 0, which is crossentropy, and 1, which is absolute error (default 0.5). */
  readonly q?: number
}

/**
 * Zhang and Sabuncu's loss (2018) for noisy labels, (1 - p^q) / q of the probability p of the true class. Targets are class numbers [batch].
 *
 * @throws argument.range, argument.unknown, name.unknown
 */
export function categoricalGeneralizedCrossEntropy(
  config: CategoricalGeneralizedCrossEntropyConfig = {},
): LossFunction & Described {
  const op = 'categoricalGeneralizedCrossEntropy'
  checkOptions(op, config, ['q', 'reduction'])
  const { q = 0.5 } = config
  checkPositive(op, 'q', q, 1)
  return defineLoss(op, {
    config,
    targets: 'classes',
    values: (yTrue, yPred) => {
      const labels = reshape(classLabels(op, yTrue, yPred), yPred.shape.slice(0, -1))
      const ofLabel = multiply(yPred, oneHot(labels, yPred.shape.at(-1) as number))
      const p: Tensor = sum(ofLabel, { axis: -1 })
      return divide(subtract(1, power(p, q)), q)
    },
  })
}
