/** The activations, as `lw.activations`. */
export {
  celu,
  elu,
  exp as exponential,
  glu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softShrink,
  softsign,
  sparsemax,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanh,
  tanhShrink,
  threshold,
} from '../ops/index.js'
export { type Activation, linear } from './activation.js'
export { gelu } from './gelu.js'
export type { ActivationIdentifier, ActivationName } from './registry.js'
export { type ReluOptions, relu } from './relu.js'
