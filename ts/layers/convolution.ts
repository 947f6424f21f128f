import type { Activation } from '../activations/activation.js'
import { type ActivationName, getActivation } from '../activations/registry.js'
import { fail } from '../errors.js'
import type { InitializerName } from '../initializers/registry.js'
import { add, reshape } from '../ops/index.js'
import { checkFormat, type DataFormat, type Padding, perAxis, reachOf } from '../ops/windows.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { knownExtent, leastExtents } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

/** What all convolutional layers take. */
export interface ConvolutionConfig extends LayerConfig {
  /** The window: one number, or one for each spatial axis. */
  readonly kernelSize: number | readonly number[]
  /** The distance of neighbouring windows, likewise (default 1). */
  readonly strides?: number | readonly number[]
  /** Default 'valid'. 'causal' is for one axis alone. */
  readonly padding?: Padding
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
  /** The distance of neighbouring places in a window (default 1). */
  readonly dilationRate?: number | readonly number[]
  /** A name or a function (default 'linear'). */
  readonly activation?: ActivationName | Activation
  /** Default true. */
  readonly useBias?: boolean
}

const own = ['kernelSize', 'strides', 'padding', 'dataFormat', 'dilationRate', 'activation', 'useBias']

/** The base of convolutional layers: what they are given, their bias and activation. */
export abstract class ConvolutionLayer extends Layer {
  readonly kernelSize: readonly number[]
  readonly strides: readonly number[]
  readonly padding: Padding
  readonly dataFormat: DataFormat
  readonly dilationRate: readonly number[]
  readonly activation: Activation
  readonly useBias: boolean
  bias: Variable | undefined
  readonly #activation: ActivationName | Activation
  readonly #settings: Readonly<Record<string, WeightSettings>>

  /**
   * @param spatial the number of spatial axes
   * @param weights the initializers of all weights by default
   * @param options what the layer takes beside what all take
   */
  constructor(
    config: ConvolutionConfig,
    readonly factory: string,
    readonly spatial: number,
    weights: Readonly<Record<string, InitializerName>>,
    options: readonly string[],
  ) {
    checkOptions(factory, config, [...layerOptions, ...own, ...options, ...weightSettingNames(weights)])
    super(config)
    const { strides = 1, padding = 'valid', dataFormat = 'channelsLast', dilationRate = 1 } = config
    const { kernelSize, activation = 'linear', useBias = true } = config
    checkFormat(factory, padding, dataFormat, spatial)
    checkBoolean(factory, 'useBias', useBias)
    this.kernelSize = perAxis(factory, 'kernelSize', kernelSize, spatial)
    this.strides = perAxis(factory, 'strides', strides, spatial)
    this.dilationRate = perAxis(factory, 'dilationRate', dilationRate, spatial)
    const strided = (values: readonly number[]) => values.some((value) => value > 1)
    if (strided(this.strides) && strided(this.dilationRate)) {
      const expected = '1 beside strides above 1'
      fail('argument.range', { op: factory, argument: 'dilationRate', expected, got: dilationRate })
    }
    this.padding = padding
    this.dataFormat = dataFormat
    this.useBias = useBias
    this.activation = getActivation(activation)
    this.#activation = activation
    this.#settings = weightSettings(config, weights)
    const reach = this.kernelSize.map((extent, axis) => reachOf(extent, this.dilationRate[axis]!))
    this.inputSpec = { rank: spatial + 2, ...leastExtents(padding, dataFormat, reach) }
  }

  /** The axis of the channels. */
  get channelAxis(): number {
    return this.dataFormat === 'channelsLast' ? -1 : 1
  }

  /** The channels of the inputs, which are the same from then on. */
  protected channelsOf(inputShape: PartialShape): number {
    const channels = knownExtent(this.name, inputShape, this.channelAxis)
    this.inputSpec = { ...this.inputSpec, axes: { [this.channelAxis]: channels } }
    return channels
  }

  /** Makes a weight with what the configuration says of it. */
  protected addSetWeight(name: string, shape: readonly number[], setting = name): Variable {
    return this.addWeight({ name, shape, ...this.#settings[setting] })
  }

  protected addBias(filters: number): void {
    if (this.useBias) this.bias = this.addSetWeight('bias', [filters])
  }

  /** The outputs with bias and activation. */
  protected finish(x: Tensor): Tensor {
    const along = this.channelAxis === 1 ? [-1, ...this.strides.map(() => 1)] : [-1]
    return this.activation(this.bias ? add(x, reshape(this.bias, along)) : x)
  }

  override getConfig(): Record<string, unknown> {
    const { kernelSize, strides, padding, dataFormat, dilationRate, useBias } = this
    const activation = this.#activation
    const windows = { kernelSize, strides, padding, dataFormat, dilationRate, activation, useBias }
    return { ...super.getConfig(), ...windows, ...settingsConfig(this.#settings) }
  }
}
