/** The layers, as `lw.layers`. */
export { type Activation, type ActivationConfig, activation } from './activation.js'
export { type Dense, type DenseConfig, dense } from './dense.js'
export { type Dropout, type DropoutConfig, dropout } from './dropout.js'
export { type Flatten, flatten } from './flatten.js'
export { type InputConfig, input } from './input.js'
export type { InputSpec } from './input-spec.js'
export { type CallOptions, type InputShape, Layer, type LayerConfig, type WeightOptions } from './layer.js'
