import type { Described } from '../described.js'
import { fail } from '../errors.js'
import {
  cast,
  equal,
  log,
  multiply,
  negative,
  oneHot,
  reshape,
  sparseSoftmaxCrossentropy,
  sum,
  where,
} from '../ops/index.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { classLabels } from './class-labels.js'
import { normalized } from './crossentropy.js'
import { logitsOf, refuseLinear } from './logits.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'
import { lastAxis } from './ranks.js'

export interface SparseCategoricalCrossentropyConfig extends LossConfig {
  /** Whether the output holds logits, not probabilities (default false). */
  readonly fromLogits?: boolean
  /** The class number of targets that do not count, such as -1 or 255 (default none). */
  readonly ignoreClass?: number
  /** The axis of the classes (default -1). */
  readonly axis?: number
}

/**
 * -log(probability of the true class), for targets that are class numbers [batch] (int32 or float32) beside an output [batch, classes]. Where
 * the output comes from a softmax, both are computed together, stably.
 *
 * @throws argument.type, argument.unknown, name.unknown
 *
 * @example
 * const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
 * loss(lw.tensor([1]), lw.tensor([[0, 2, 0]])).item()   // 0.2395
 */
export function sparseCategoricalCrossentropy(
  config: SparseCategoricalCrossentropyConfig = {},
): LossFunction & Described {
  const op = 'sparseCategoricalCrossentropy'
  checkOptions(op, config, ['fromLogits', 'ignoreClass', 'axis', 'reduction'])
  const { fromLogits, ignoreClass, axis = -1 } = config
  checkBoolean(op, 'fromLogits', fromLogits)
  if (ignoreClass !== undefined && !Number.isInteger(ignoreClass)) {
    fail('argument.type', { op, argument: 'ignoreClass', expected: 'an integer', got: ignoreClass })
  }
  const ofRows = (labels: Tensor, yPred: Tensor): Tensor => {
    const rows = (x: Tensor) => reshape(x, [labels.size, x.shape.at(-1) as number])
    const logits = fromLogits ? yPred : logitsOf(yPred)
    if (logits) return sparseSoftmaxCrossentropy(rows(logits), labels)
    refuseLinear(op, 'softmax', yPred)
    const scores = rows(yPred)
    const ofLabel = multiply(normalized(scores), oneHot(labels, scores.shape[1] as number))
    return negative(log(sum(ofLabel, { axis: 1 })))
  }
  return defineLoss(op, {
    config,
    targets: 'classes',
    ignoreClass,
    values: (yTrue, scores) => {
      const yPred = lastAxis(op, scores, axis)
      const labels = classLabels(op, yTrue, yPred)
      if (ignoreClass === undefined) return reshape(ofRows(labels, yPred), yPred.shape.slice(0, -1))
      const ignored = equal(labels, ignoreClass)
      const values = where(ignored, 0, ofRows(where(ignored, 0, labels), yPred))
      return reshape(values, yPred.shape.slice(0, -1))
    },
    ...(ignoreClass !== undefined && {
      valid: (yTrue: Tensor, scores: Tensor) => {
        const yPred = lastAxis(op, scores, axis)
        const ignored = equal(classLabels(op, yTrue, yPred), ignoreClass)
        return equal(reshape(cast(ignored, 'int32'), yPred.shape.slice(0, -1)), 0)
      },
    }),
  })
}
