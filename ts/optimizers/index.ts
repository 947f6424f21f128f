/** The optimizers, as `lw.optimizers`. */
export { type Adam, type AdamConfig, adam } from './adam.js'
export type { ClippingConfig } from './clipping.js'
export { Optimizer, type StepScalars, type Update } from './optimizer.js'
export type { OptimizerName } from './registry.js'
export { type Sgd, type SgdConfig, sgd } from './sgd.js'
