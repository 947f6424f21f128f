/** The losses, as `lw.losses`. */
export {
  type BinaryCrossentropyConfig,
  type BinaryFocalCrossentropyConfig,
  binaryCrossentropy,
  binaryFocalCrossentropy,
} from './binary-crossentropy.js'
export {
  type CategoricalCrossentropyConfig,
  type CategoricalFocalCrossentropyConfig,
  type CategoricalGeneralizedCrossEntropyConfig,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
} from './categorical-crossentropy.js'
export { type CircleConfig, circle } from './circle.js'
export { categoricalHinge, hinge, squaredHinge } from './hinge.js'
export { type CustomLoss, Loss, type LossConfig, type LossFunction, type LossValues } from './loss.js'
export { type DiceConfig, dice, type TverskyConfig, tversky } from './overlap.js'
export type { LossWeights, Reduction } from './reduction.js'
export type { LossIdentifier, LossName } from './registry.js'
export {
  type CosineSimilarityConfig,
  cosineSimilarity,
  type HuberConfig,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from './regression.js'
export {
  type SparseCategoricalCrossentropyConfig,
  sparseCategoricalCrossentropy,
} from './sparse-categorical-crossentropy.js'
