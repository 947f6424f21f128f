import type { Described } from '../described.js'
import { mean, square, subtract } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape } from './ranks.js'

/**
 * (target - output)², whose values are means over the last axis. Targets have the output's shape.
 *
 * @throws argument.unknown, name.unknown
 */
export function meanSquaredError(config: LossConfig = {}): LossFunction & Described {
  checkOptions('meanSquaredError', config, ['reduction'])
  return defineLoss('meanSquaredError', {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape('meanSquaredError', yTrue, yPred)
      return mean(square(subtract(yTrue, yPred)), { axis: -1 })
    },
  })
}
