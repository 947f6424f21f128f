import { fromRegistry, isSerialized, type Serialized } from '../described.js'
import { relu, sigmoid, softmax, tanh } from '../ops/index.js'
import { lookUp } from '../options.js'
import type { Tensor } from '../tensor.js'
import { type Activation, linear } from './activation.js'

const activations = {
  linear,
  relu: (x: Tensor) => relu(x),
  sigmoid: (x: Tensor) => sigmoid(x),
  softmax: (x: Tensor) => softmax(x),
  tanh: (x: Tensor) => tanh(x),
} as const

/** The activations that layers know by name. */
export type ActivationName = keyof typeof activations

/** An activation by its name, as the function that it is, or in the serialized form of a function of one's own. */
export function getActivation(given: ActivationName | Activation | Serialized): Activation {
  if (typeof given === 'function') return given
  if (isSerialized(given)) return fromRegistry<Activation>('activation', given, {})
  return lookUp('activation', given, activations)
}
