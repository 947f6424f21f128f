/** The regularizers, as `lw.regularizers`. */
export type { RegularizerIdentifier, RegularizerName } from './registry.js'
export { l1, l1l2, l2, orthogonalRegularizer, type Regularizer } from './regularizers.js'
