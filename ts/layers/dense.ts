import type { Activation } from '../activations/activation.js'
import { type ActivationName, getActivation } from '../activations/registry.js'
import { type ConstraintIdentifier, getConstraint } from '../constraints/registry.js'
import { getInitializer, type InitializerIdentifier } from '../initializers/registry.js'
import { add, matmul, reshape } from '../ops/index.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions, type WeightOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'

export interface DenseConfig extends LayerConfig {
  /** The size of the output's last axis. */
  readonly units: number
  /** A name or a function (default 'linear'). */
  readonly activation?: ActivationName | Activation
  /** Default true. */
  readonly useBias?: boolean
  /** Default 'glorotUniform'. */
  readonly kernelInitializer?: InitializerIdentifier
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerIdentifier
  /** Default none, like the following ones. */
  readonly kernelRegularizer?: RegularizerIdentifier
  readonly biasRegularizer?: RegularizerIdentifier
  readonly kernelConstraint?: ConstraintIdentifier
  readonly biasConstraint?: ConstraintIdentifier
}

const denseOptions = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
]

/** activation(x · kernel + bias) along the last axis. Weights: kernel [in, units], bias [units]. */
export class Dense extends Layer {
  override supportsMasking = true
  readonly units: number
  readonly useBias: boolean
  readonly activation: Activation
  kernel!: Variable
  bias: Variable | undefined
  readonly #config: DenseConfig
  readonly #kernelOptions: Omit<WeightOptions, 'name' | 'shape'>
  readonly #biasOptions: Omit<WeightOptions, 'name' | 'shape'>

  constructor(config: DenseConfig) {
    checkOptions('dense', config, [...layerOptions, ...denseOptions])
    super(config)
    checkInteger('dense', 'units', config.units, 1)
    checkBoolean('dense', 'useBias', config.useBias)
    this.inputSpec = { minRank: 2 }
    this.units = config.units
    this.useBias = config.useBias ?? true
    this.activation = getActivation(config.activation ?? 'linear')
    this.#kernelOptions = {
      initializer: getInitializer(config.kernelInitializer ?? 'glorotUniform'),
      regularizer: config.kernelRegularizer && getRegularizer(config.kernelRegularizer),
      constraint: config.kernelConstraint && getConstraint(config.kernelConstraint),
    }
    this.#biasOptions = {
      initializer: getInitializer(config.biasInitializer ?? 'zeros'),
      regularizer: config.biasRegularizer && getRegularizer(config.biasRegularizer),
      constraint: config.biasConstraint && getConstraint(config.biasConstraint),
    }
    this.#config = config
  }

  override build(inputShape: PartialShape): void {
    const features = knownExtent(this.name, inputShape, -1)
    this.inputSpec = { minRank: 2, axes: { [-1]: features } }
    this.kernel = this.addWeight({ name: 'kernel', shape: [features, this.units], ...this.#kernelOptions })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.units], ...this.#biasOptions })
  }

  override call(x: Tensor): Tensor {
    const [features] = this.kernel.shape as [number]
    const rows = matmul(reshape(x, [x.size / Math.max(1, features), features]), this.kernel)
    const output = this.activation(this.bias ? add(rows, this.bias) : rows)
    return reshape(output, [...x.shape.slice(0, -1), this.units])
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#config, name: this.name }
  }
}

/**
 * A fully connected layer: activation(x · kernel + bias).
 *
 * @param config units, activation, useBias; an initializer, a regularizer and a constraint of kernel and bias; and what every layer takes:
 *   name, inputShape, …
 * @throws argument.range, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.dense({ units: 64, activation: 'relu', inputShape: [64] })
 */
export function dense(config: DenseConfig): Dense {
  return new Dense(config)
}
