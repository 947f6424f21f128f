import { fail } from '../errors.js'
import { classLabels } from '../losses/class-labels.js'
import { logitsOf } from '../losses/logits.js'
import { argmax, equal, reshape } from '../ops/index.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { MeanMetric } from './metric.js'

/**
 * The share of samples whose largest output is at the true class. Targets are class numbers [batch], or one-hot rows of the output's
 * shape.
 *
 * @example
 * const metric = lw.metrics.accuracy()
 * metric.update(lw.tensor([0, 1]), lw.tensor([[0.9, 0.1], [0.8, 0.2]]))
 * metric.result().item()   // 0.5
 */
export function accuracy(): MeanMetric {
  const metric = new MeanMetric('accuracy', (yTrue, yPred) => {
    const classes = yPred.shape.at(-1) ?? 1
    if (classes < 2) {
      const expected = 'an output [batch, classes] with two classes or more'
      fail('shape.mismatch', { op: 'accuracy', expected, got: [yPred.shape] })
    }
    // The largest logit is where the largest probability is.
    const rows = (x: Tensor) => reshape(x, [x.size / classes, classes])
    const predicted = argmax(rows(logitsOf(yPred) ?? yPred), { axis: 1 })
    const oneHot = yTrue.rank > 1 && sameShape(yTrue.shape, yPred.shape)
    const labels = oneHot ? argmax(rows(yTrue), { axis: 1 }) : classLabels('accuracy', yTrue, yPred)
    return reshape(equal(predicted, labels), yPred.shape.slice(0, -1))
  })
  return Object.assign(metric, { direction: 'up' as const })
}
