import type { Activation } from '../activations/activation.js'
import { type ActivationIdentifier, getActivation } from '../activations/registry.js'
import type { ConstraintIdentifier } from '../constraints/registry.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { add, matmul, reshape } from '../ops/index.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface DenseConfig extends LayerConfig {
  /** The size of the output's last axis. */
  readonly units: number
  /** A name or a function (default 'linear'). */
  readonly activation?: ActivationIdentifier
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

/** The initializers by default. */
const weights = { kernel: 'glorotUniform', bias: 'zeros' } as const

/** activation(x · kernel + bias) along the last axis. Weights: kernel [in, units], bias [units]. */
export class Dense extends Layer {
  static readonly className = 'dense'
  override supportsMasking = true
  readonly units: number
  readonly useBias: boolean
  readonly activation: Activation
  kernel!: Variable
  bias: Variable | undefined
  readonly #activation: ActivationIdentifier
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: DenseConfig) {
    const own = ['units', 'activation', 'useBias', ...weightSettingNames(weights)]
    checkOptions('dense', config, [...layerOptions, ...own])
    super(config)
    const { units, activation = 'linear', useBias = true } = config
    checkInteger('dense', 'units', units, 1)
    checkBoolean('dense', 'useBias', useBias)
    this.inputSpec = { minRank: 2 }
    this.units = units
    this.useBias = useBias
    this.activation = getActivation(activation)
    this.#activation = activation
    this.#settings = weightSettings(config, weights)
  }

  override build(inputShape: PartialShape): void {
    const features = knownExtent(this.name, inputShape, -1)
    this.inputSpec = { minRank: 2, axes: { [-1]: features } }
    const { kernel, bias } = this.#settings
    this.kernel = this.addWeight({ name: 'kernel', shape: [features, this.units], ...kernel })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.units], ...bias })
  }

  override call(x: Tensor): Tensor {
    const [features] = this.kernel.shape as [number]
    const rows = matmul(reshape(x, [x.size / Math.max(1, features), features]), this.kernel)
    const output = this.activation(this.bias ? add(rows, this.bias) : rows)
    return reshape(output, [...x.shape.slice(0, -1), output.shape.at(-1) as number])
  }

  override getConfig(): Record<string, unknown> {
    const { units, useBias } = this
    const activation = this.#activation
    return { ...super.getConfig(), units, activation, useBias, ...settingsConfig(this.#settings) }
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
