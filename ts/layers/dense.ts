import type { Activation } from '../activations/activation.js'
import { type ActivationName, getActivation } from '../activations/registry.js'
import type { Initializer } from '../initializers/initializers.js'
import { getInitializer, type InitializerName } from '../initializers/registry.js'
import { add, matmul, reshape } from '../ops/index.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'

export interface DenseConfig extends LayerConfig {
  /** The size of the output's last axis. */
  readonly units: number
  /** A name or a function (default 'linear'). */
  readonly activation?: ActivationName | Activation
  /** Default true. */
  readonly useBias?: boolean
  /** Default 'glorotUniform'. */
  readonly kernelInitializer?: InitializerName | Initializer
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerName | Initializer
}

/** activation(x · kernel + bias) along the last axis. Weights: kernel [in, units], bias [units]. */
export class Dense extends Layer {
  readonly units: number
  readonly useBias: boolean
  readonly activation: Activation
  kernel!: Variable
  bias: Variable | undefined
  readonly #config: DenseConfig

  constructor(config: DenseConfig) {
    const own = ['units', 'activation', 'useBias', 'kernelInitializer', 'biasInitializer']
    checkOptions('dense', config, [...layerOptions, ...own])
    super(config)
    checkInteger('dense', 'units', config.units, 1)
    checkBoolean('dense', 'useBias', config.useBias)
    this.inputSpec = { minRank: 2 }
    this.units = config.units
    this.useBias = config.useBias ?? true
    this.activation = getActivation(config.activation ?? 'linear')
    getInitializer(config.kernelInitializer ?? 'glorotUniform')
    getInitializer(config.biasInitializer ?? 'zeros')
    this.#config = config
  }

  override build(inputShape: PartialShape): void {
    const features = knownExtent(this.name, inputShape, -1)
    this.inputSpec = { minRank: 2, axes: { [-1]: features } }
    const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros' } = this.#config
    const { units } = this
    this.kernel = this.addWeight({ name: 'kernel', shape: [features, units], initializer: kernelInitializer })
    if (this.useBias)
      this.bias = this.addWeight({ name: 'bias', shape: [units], initializer: biasInitializer })
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
 * @param config units, activation, useBias, kernelInitializer, biasInitializer, and what every layer takes: name, inputShape, …
 * @throws argument.range, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.dense({ units: 64, activation: 'relu', inputShape: [64] })
 */
export function dense(config: DenseConfig): Dense {
  return new Dense(config)
}
