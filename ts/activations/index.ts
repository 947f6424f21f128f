/** The activations, as `lw.activations`. */
export { relu, sigmoid, softmax, tanh } from '../ops/index.js'
export { type Activation, linear } from './activation.js'
export type { ActivationName } from './registry.js'
