/** The losses, as `lw.losses`. */
export { type CustomLoss, Loss, type LossConfig, type LossFunction, type LossValues } from './loss.js'
export { meanSquaredError } from './mean-squared-error.js'
export type { LossWeights, Reduction } from './reduction.js'
export type { LossIdentifier, LossName } from './registry.js'
export {
  type SparseCategoricalCrossentropyConfig,
  sparseCategoricalCrossentropy,
} from './sparse-categorical-crossentropy.js'
