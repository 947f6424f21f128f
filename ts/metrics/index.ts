/** The metrics, as `lw.metrics`. */
export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type TopKConfig,
  topKCategoricalAccuracy,
} from './accuracy.js'
export { type CorrelationConfig, concordanceCorrelation, pearsonCorrelation } from './correlation.js'
export {
  type AucConfig,
  auc,
  type OperatingPointConfig,
  precisionAtRecall,
  recallAtPrecision,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from './curves.js'
export { type F1ScoreConfig, type FBetaScoreConfig, f1Score, fBetaScore } from './f-score.js'
export {
  type BinaryIoUConfig,
  binaryIoU,
  type IoUConfig,
  iou,
  type MeanIoUConfig,
  meanIoU,
  type OneHotMeanIoUConfig,
  oneHotIoU,
  oneHotMeanIoU,
} from './iou.js'
export { MeanMetric, Metric, type MetricConfig } from './metric.js'
export {
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
export { mean, sum, type ValuesMetric } from './of-values.js'
export {
  type CountsConfig,
  falseNegatives,
  falsePositives,
  type PrecisionConfig,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from './precision-recall.js'
export { type R2ScoreConfig, r2Score } from './r2-score.js'
export type { MetricFunction, MetricIdentifier, MetricName } from './registry.js'
