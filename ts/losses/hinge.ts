import type { Described } from '../described.js'
import { equal, max, maximum, mean, multiply, square, subtract, sum, where } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { checkSameShape } from './ranks.js'

/**
 * max(1 - target · output, 0), whose values are means over the last axis. Targets are -1 or 1; where all are 0 or 1, 0 counts as -1.
 *
 * @throws argument.unknown, name.unknown
 */
export function hinge(config: LossConfig = {}): LossFunction & Described {
  return marginLoss('hinge', config, (margins) => margins)
}

/**
 * max(1 - target · output, 0)², whose values are means over the last axis. Targets are as those of `hinge`.
 *
 * @throws argument.unknown, name.unknown
 */
export function squaredHinge(config: LossConfig = {}): LossFunction & Described {
  return marginLoss('squaredHinge', config, square)
}

/**
 * max(1 + the largest wrong score - the true one, 0), for one-hot targets.
 *
 * @throws argument.unknown, name.unknown
 */
export function categoricalHinge(config: LossConfig = {}): LossFunction & Described {
  checkOptions('categoricalHinge', config, ['reduction'])
  return defineLoss('categoricalHinge', {
    config,
    targets: 'oneHot',
    values: (yTrue, yPred) => {
      checkSameShape('categoricalHinge', yTrue, yPred)
      const right = sum(multiply(yTrue, yPred), { axis: -1 })
      const wrong = max(multiply(subtract(1, yTrue), yPred), { axis: -1 })
      return maximum(subtract(wrong, subtract(right, 1)), 0)
    },
  })
}

function marginLoss(
  className: string,
  config: LossConfig,
  of: (margins: Tensor) => Tensor,
): LossFunction & Described {
  checkOptions(className, config, ['reduction'])
  return defineLoss(className, {
    config,
    targets: 'values',
    values: (yTrue, yPred) => {
      checkSameShape(className, yTrue, yPred)
      const margins = maximum(subtract(1, multiply(signed(yTrue), yPred)), 0)
      return mean(of(margins), { axis: -1 })
    },
  })
}

/** Labels of -1 and 1, where all are 0 or 1; others as they are. */
function signed(labels: Tensor): Tensor {
  const others = sum(where(equal(multiply(labels, subtract(labels, 1)), 0), 0, 1))
  return where(equal(others, 0), subtract(multiply(labels, 2), 1), labels)
}
