import type { ConstraintIdentifier } from '../constraints/registry.js'
import { fail } from '../errors.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { conv } from '../ops/index.js'
import { checkInteger } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type ConvolutionConfig, ConvolutionLayer } from './convolution.js'
import type { PartialShape } from './placeholder.js'

export interface ConvConfig extends ConvolutionConfig {
  /** The channels of the output. */
  readonly filters: number
  /** Into how many the channels are divided, each with filters of its own (default 1). */
  readonly groups?: number
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

/** A convolution over one to three axes. Weights: kernel [...kernelSize, channels / groups, filters], bias [filters]. */
class Conv extends ConvolutionLayer {
  readonly filters: number
  readonly groups: number
  kernel!: Variable

  constructor(config: ConvConfig, factory: string, spatial: number) {
    super(config, factory, spatial, { kernel: 'glorotUniform', bias: 'zeros' }, ['filters', 'groups'])
    const { filters, groups = 1 } = config
    checkInteger(factory, 'filters', filters, 1)
    checkInteger(factory, 'groups', groups, 1)
    if (filters % groups !== 0) {
      const expected = `a multiple of groups, ${groups}`
      fail('argument.range', { op: factory, argument: 'filters', expected, got: filters })
    }
    this.filters = filters
    this.groups = groups
  }

  override build(inputShape: PartialShape): void {
    const channels = this.channelsOf(inputShape)
    if (channels % this.groups !== 0) {
      const expected = `channels that ${this.groups} groups divide`
      fail('layer.input', { layer: this.name, expected, got: inputShape })
    }
    this.kernel = this.addSetWeight('kernel', [...this.kernelSize, channels / this.groups, this.filters])
    this.addBias(this.filters)
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this
    return this.finish(conv(x, this.kernel, { strides, padding, dataFormat, dilationRate }))
  }

  override getConfig(): Record<string, unknown> {
    const { filters, groups } = this
    return { ...super.getConfig(), filters, groups }
  }
}

export class Conv1d extends Conv {
  static readonly className = 'conv1d'

  constructor(config: ConvConfig) {
    super(config, 'conv1d', 1)
  }
}

export class Conv2d extends Conv {
  static readonly className = 'conv2d'

  constructor(config: ConvConfig) {
    super(config, 'conv2d', 2)
  }
}

export class Conv3d extends Conv {
  static readonly className = 'conv3d'

  constructor(config: ConvConfig) {
    super(config, 'conv3d', 3)
  }
}

/**
 * A convolution of sequences [batch, steps, channels] with filters that are learnt. With padding 'causal' no output sees later steps.
 *
 * @param config filters, kernelSize, strides (1), padding ('valid'), dataFormat ('channelsLast'), dilationRate (1), groups (1), activation ('linear'),
 *   useBias (true); an initializer, a regularizer and a constraint of kernel and bias; and what every layer takes: name, inputShape, …
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.conv1d({ filters: 32, kernelSize: 5, padding: 'causal', activation: 'relu' })
 */
export function conv1d(config: ConvConfig): Conv1d {
  return new Conv1d(config)
}

/**
 * A convolution of images [batch, height, width, channels] with filters that are learnt.
 *
 * @param config as for `conv1d`, but for padding 'causal'
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] })
 */
export function conv2d(config: ConvConfig): Conv2d {
  return new Conv2d(config)
}

/**
 * A convolution of volumes [batch, depth, height, width, channels] with filters that are learnt.
 *
 * @param config as for `conv2d`
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.conv3d({ filters: 8, kernelSize: [3, 3, 1] })
 */
export function conv3d(config: ConvConfig): Conv3d {
  return new Conv3d(config)
}
