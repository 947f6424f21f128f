/** The losses, as `lw.losses`. */
export type { Loss } from './loss.js'
export { meanSquaredError } from './mean-squared-error.js'
export type { LossName } from './registry.js'
export {
  type SparseCategoricalCrossentropyConfig,
  sparseCategoricalCrossentropy,
} from './sparse-categorical-crossentropy.js'
