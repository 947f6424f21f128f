import { describe } from '../described.js'
import {
  clip,
  log,
  mean,
  multiply,
  negative,
  oneHot,
  reshape,
  sparseSoftmaxCrossentropy,
  sum,
} from '../ops/index.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { classLabels } from './class-labels.js'
import { logitsOf } from './logits.js'
import type { Loss } from './loss.js'

export interface SparseCategoricalCrossentropyConfig {
  /** Whether the output holds logits, not probabilities (default false). */
  readonly fromLogits?: boolean
}

/**
 * The mean of -log(probability of the true class), for targets that are class numbers [batch] (int32 or float32). Where the output comes
 * from a softmax, both are computed together, stably.
 *
 * @throws argument.unknown
 *
 * @example
 * const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
 * loss(lw.tensor([1]), lw.tensor([[0, 2, 0]])).item()   // 0.2395
 */
export function sparseCategoricalCrossentropy(config: SparseCategoricalCrossentropyConfig = {}): Loss {
  checkOptions('sparseCategoricalCrossentropy', config, ['fromLogits'])
  checkBoolean('sparseCategoricalCrossentropy', 'fromLogits', config.fromLogits)
  const crossentropy = (yTrue: Tensor, yPred: Tensor): Tensor => {
    const labels = classLabels('sparseCategoricalCrossentropy', yTrue, yPred)
    const rows = (x: Tensor) => reshape(x, [labels.size, x.shape.at(-1) as number])
    const logits = config.fromLogits ? yPred : logitsOf(yPred)
    if (logits) return mean(sparseSoftmaxCrossentropy(rows(logits), labels))
    const probabilities = rows(yPred)
    const ofLabel = sum(multiply(probabilities, oneHot(labels, probabilities.shape[1] as number)), {
      axis: 1,
    })
    return mean(negative(log(clip(ofLabel, 1e-7, 1 - 1e-7))))
  }
  return describe(
    Object.assign(crossentropy, { targets: 'classes' as const }),
    'sparseCategoricalCrossentropy',
    config,
  )
}
