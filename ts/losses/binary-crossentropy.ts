import type { Described } from '../described.js'
import { add, mean, multiply, power, sigmoid, subtract } from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import { binaryTerms, binaryTermsOfLogits, smoothed } from './crossentropy.js'
import { argumentOf, refuseLinear } from './logits.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape } from './ranks.js'

export interface BinaryCrossentropyConfig extends LossConfig {
  /** Whether the output holds logits, not probabilities (default false). */
  readonly fromLogits?: boolean
  /** How far targets are drawn towards 0.5, from 0 (default) to 1. */
  readonly labelSmoothing?: number
  /** The axis that values are means over (default -1). */
  readonly axis?: number
}

const binaryOptions = ['fromLogits', 'labelSmoothing', 'axis', 'reduction']

function checkBinary(op: string, { fromLogits, labelSmoothing = 0 }: BinaryCrossentropyConfig): void {
  checkBoolean(op, 'fromLogits', fromLogits)
  checkInterval(op, 'labelSmoothing', labelSmoothing, { minimum: 0, limit: 1 + Number.EPSILON })
}

/**
 * -(target · log(output) + (1 - target) · log(1 - output)) for targets from 0 to 1, of the output's shape. Where the output comes from a
 * sigmoid, both are computed together, stably.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * model.compile({ optimizer: 'adam', loss: lw.losses.binaryCrossentropy({ fromLogits: true }) })
 */
export function binaryCrossentropy(config: BinaryCrossentropyConfig = {}): LossFunction & Described {
  const op = 'binaryCrossentropy'
  checkOptions(op, config, binaryOptions)
  checkBinary(op, config)
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = config
  return defineLoss(op, {
    config,
    targets: 'binary',
    values: (yTrue, yPred) => {
      checkSameShape(op, yTrue, yPred)
      const logits = fromLogits ? yPred : argumentOf('sigmoid', yPred)
      if (!logits) refuseLinear(op, 'sigmoid', yPred)
      const targets = smoothed(yTrue, labelSmoothing, 2)
      return mean(logits ? binaryTermsOfLogits(targets, logits) : binaryTerms(targets, yPred), { axis })
    },
  })
}

export interface BinaryFocalCrossentropyConfig extends BinaryCrossentropyConfig {
  /** Whether `alpha` weighs class 1, and 1 - alpha class 0 (default false). */
  readonly applyClassBalancing?: boolean
  /** Default 0.25. */
  readonly alpha?: number
  /** How much well-classified samples are weighed down (default 2). */
  readonly gamma?: number
}

/**
 * Lin et al.'s focal loss (2018): binaryCrossentropy times (1 - the probability of the true class)^gamma.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 */
export function binaryFocalCrossentropy(
  config: BinaryFocalCrossentropyConfig = {},
): LossFunction & Described {
  const op = 'binaryFocalCrossentropy'
  checkOptions(op, config, [...binaryOptions, 'applyClassBalancing', 'alpha', 'gamma'])
  checkBinary(op, config)
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = config
  const { applyClassBalancing = false, alpha = 0.25, gamma = 2 } = config
  checkBoolean(op, 'applyClassBalancing', applyClassBalancing)
  checkInterval(op, 'alpha', alpha, { minimum: 0 })
  checkInterval(op, 'gamma', gamma, { minimum: 0 })
  return defineLoss(op, {
    config,
    targets: 'binary',
    values: (yTrue, yPred) => {
      checkSameShape(op, yTrue, yPred)
      const t = smoothed(yTrue, labelSmoothing, 2)
      if (!fromLogits) refuseLinear(op, 'sigmoid', yPred)
      const p = fromLogits ? sigmoid(yPred) : yPred
      const either = (one: typeof t | number, zero: typeof t | number) =>
        add(multiply(t, one), multiply(subtract(1, t), zero))
      const focal = multiply(power(subtract(1, either(p, subtract(1, p))), gamma), binaryTerms(t, p))
      return mean(applyClassBalancing ? multiply(either(alpha, 1 - alpha), focal) : focal, { axis })
    },
  })
}
