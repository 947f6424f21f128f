import { type Config, describe, fromRegistry, isSerialized, type Serialized } from '../described.js'
import * as ops from '../ops/index.js'
import { checkOptions, lookUp } from '../options.js'
import type { Tensor } from '../tensor.js'
import { type Activation, linear } from './activation.js'
import { gelu } from './gelu.js'
import { relu } from './relu.js'

/** The activations that have no options. */
const fixed = {
  exponential: ops.exp,
  hardSigmoid: ops.hardSigmoid,
  hardSilu: ops.hardSilu,
  hardTanh: ops.hardTanh,
  linear,
  logSigmoid: ops.logSigmoid,
  mish: ops.mish,
  relu6: ops.relu6,
  selu: ops.selu,
  sigmoid: ops.sigmoid,
  silu: ops.silu,
  softplus: ops.softplus,
  softsign: ops.softsign,
  sparsePlus: ops.sparsePlus,
  sparseSigmoid: ops.sparseSigmoid,
  tanh: ops.tanh,
  tanhShrink: ops.tanhShrink,
} as const

/** The activations that have options, all with defaults. */
const adjustable = {
  celu: ops.celu,
  elu: ops.elu,
  gelu,
  glu: ops.glu,
  hardShrink: ops.hardShrink,
  leakyRelu: ops.leakyRelu,
  logSoftmax: ops.logSoftmax,
  relu,
  softmax: ops.softmax,
  softShrink: ops.softShrink,
  sparsemax: ops.sparsemax,
  squareplus: ops.squareplus,
} as const

/** The activations that layers know by name. */
export type ActivationName = keyof typeof fixed | keyof typeof adjustable

/**
 * What layers take: a name, a function, or a name with options, `{ className: 'elu', config: { alpha: 0.5 } }`, which is how an activation
 * stands in a file.
 */
export type ActivationIdentifier = ActivationName | Activation | Serialized

const named: Readonly<Record<string, Activation>> = Object.fromEntries(
  Object.entries({ ...fixed, ...adjustable }).map(([name, activation]) => [
    name,
    (x: Tensor) => activation(x),
  ]),
)

const makers: Readonly<Record<string, (config: Config) => Activation>> = {
  ...Object.fromEntries(
    Object.entries(fixed).map(([name, activation]) => [
      name,
      (config: Config) => {
        checkOptions(name, config, [])
        return describe((x: Tensor) => activation(x), name, config)
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(adjustable).map(([name, activation]) => [
      name,
      (config: Config) => describe((x: Tensor) => activation(x, config), name, config),
    ]),
  ),
  threshold: (config) => {
    checkOptions('threshold', config, ['threshold', 'defaultValue'])
    const { threshold, defaultValue } = config as { threshold: number; defaultValue: number }
    return describe((x: Tensor) => ops.threshold(x, threshold, defaultValue), 'threshold', config)
  },
}

/** An activation by its name, as the function that it is, or in serialized form. */
export function getActivation(given: ActivationIdentifier): Activation {
  if (typeof given === 'function') return given
  return isSerialized(given)
    ? fromRegistry<Activation>('activation', given, makers)
    : lookUp('activation', given, named)
}
