import type { Described } from '../described.js'
import { add, divide, multiply, subtract, sum } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { epsilon } from './epsilon.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape } from './ranks.js'

export interface DiceConfig extends LossConfig {
  /** Over which axes targets and output are compared (default: all, the batch included). */
  readonly axis?: number | readonly number[]
}

/**
 * 1 - 2 · |target ∩ output| / (|target| + |output|), Dice's coefficient, for masks of an image's regions.
 *
 * @throws argument.unknown, name.unknown
 */
export function dice(config: DiceConfig = {}): LossFunction & Described {
  checkOptions('dice', config, ['axis', 'reduction'])
  const over = { axis: config.axis ?? null }
  return defineLoss('dice', {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape('dice', yTrue, yPred)
      const common = multiply(sum(multiply(yTrue, yPred), over), 2)
      return subtract(1, divide(common, add(add(sum(yTrue, over), sum(yPred, over)), epsilon)))
    },
  })
}

export interface TverskyConfig extends DiceConfig {
  /** The weight of what the output misses (default 0.5). */
  readonly alpha?: number
  /** The weight of what the output has too much (default 0.5). */
  readonly beta?: number
}

/**
 * Salehi et al.'s loss (2017) of masks, after Tversky's index: like `dice`, with weights for false negatives and false positives.
 *
 * @throws argument.range, argument.unknown, name.unknown
 */
export function tversky(config: TverskyConfig = {}): LossFunction & Described {
  checkOptions('tversky', config, ['alpha', 'beta', 'axis', 'reduction'])
  const { alpha = 0.5, beta = 0.5 } = config
  checkInterval('tversky', 'alpha', alpha, { minimum: 0 })
  checkInterval('tversky', 'beta', beta, { minimum: 0 })
  const over = { axis: config.axis ?? null }
  return defineLoss('tversky', {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape('tversky', yTrue, yPred)
      const common = sum(multiply(yTrue, yPred), over)
      const missed = multiply(sum(multiply(subtract(1, yPred), yTrue), over), alpha)
      const extra = multiply(sum(multiply(yPred, subtract(1, yTrue)), over), beta)
      return subtract(1, divide(common, add(add(add(common, missed), extra), epsilon)))
    },
  })
}
