import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import type { Tensor } from '../tensor.js'
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from './accuracy.js'
import { concordanceCorrelation, pearsonCorrelation } from './correlation.js'
import {
  auc,
  precisionAtRecall,
  recallAtPrecision,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from './curves.js'
import { f1Score, fBetaScore } from './f-score.js'
import { binaryIoU, iou, meanIoU, oneHotIoU, oneHotMeanIoU } from './iou.js'
import { MeanMetric, Metric } from './metric.js'
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  hinge,
  klDivergence,
  logCoshError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  rootMeanSquaredError,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from './of-losses.js'
import { mean, sum } from './of-values.js'
import {
  falseNegatives,
  falsePositives,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from './precision-recall.js'
import { r2Score } from './r2-score.js'

const metrics = {
  accuracy,
  auc,
  binaryAccuracy,
  binaryCrossentropy,
  binaryIoU,
  categoricalAccuracy,
  categoricalCrossentropy,
  categoricalHinge,
  concordanceCorrelation,
  cosineSimilarity,
  f1Score,
  falseNegatives,
  falsePositives,
  fBetaScore,
  hinge,
  iou,
  klDivergence,
  logCoshError,
  mean,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanIoU,
  meanSquaredError,
  meanSquaredLogarithmicError,
  oneHotIoU,
  oneHotMeanIoU,
  pearsonCorrelation,
  poisson,
  precision,
  precisionAtRecall,
  r2Score,
  recall,
  recallAtPrecision,
  rootMeanSquaredError,
  sensitivityAtSpecificity,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
  sparseTopKCategoricalAccuracy,
  specificityAtSensitivity,
  squaredHinge,
  sum,
  topKCategoricalAccuracy,
  trueNegatives,
  truePositives,
} as const

/** The metrics that `compile` knows by name. */
export type MetricName = keyof typeof metrics

/** A metric as a plain function: one value for each sample, or one for the batch. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** What `compile` takes for a metric: a name, an object, a function whose values are averaged, or the serialized form. */
export type MetricIdentifier = MetricName | Metric | MetricFunction | Serialized

/** A metric by its name, as an object, in serialized form, or as a function whose values are averaged. */
export function getMetric(given: MetricIdentifier): Metric {
  if (given instanceof Metric) return given
  refuseFactory('metric', given, metrics)
  if (typeof given === 'function') return new MeanMetric(given.name || 'metric', given)
  const made = fromRegistry<Metric | MetricFunction>('metric', given, metrics)
  return made instanceof Metric ? made : getMetric(made)
}
