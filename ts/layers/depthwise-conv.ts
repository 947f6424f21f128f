import type { ConstraintIdentifier } from '../constraints/registry.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { depthwiseConv, separableConv } from '../ops/index.js'
import { checkInteger } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type ConvolutionConfig, ConvolutionLayer } from './convolution.js'
import type { PartialShape } from './placeholder.js'

export interface DepthwiseConvConfig extends ConvolutionConfig {
  /** The outputs of each channel (default 1). */
  readonly depthMultiplier?: number
  /** Default 'glorotUniform'. */
  readonly depthwiseInitializer?: InitializerIdentifier
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerIdentifier
  /** Default none, like the following ones. */
  readonly depthwiseRegularizer?: RegularizerIdentifier
  readonly biasRegularizer?: RegularizerIdentifier
  readonly depthwiseConstraint?: ConstraintIdentifier
  readonly biasConstraint?: ConstraintIdentifier
}

/** A convolution of each channel. Weights: kernel [...kernelSize, channels, depthMultiplier], bias [channels * depthMultiplier]. */
class DepthwiseConv extends ConvolutionLayer {
  readonly depthMultiplier: number
  kernel!: Variable

  constructor(config: DepthwiseConvConfig, factory: string, spatial: number) {
    super(config, factory, spatial, { depthwise: 'glorotUniform', bias: 'zeros' }, ['depthMultiplier'])
    const { depthMultiplier = 1 } = config
    checkInteger(factory, 'depthMultiplier', depthMultiplier, 1)
    this.depthMultiplier = depthMultiplier
  }

  override build(inputShape: PartialShape): void {
    const channels = this.channelsOf(inputShape)
    this.kernel = this.addSetWeight(
      'kernel',
      [...this.kernelSize, channels, this.depthMultiplier],
      'depthwise',
    )
    this.addBias(channels * this.depthMultiplier)
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this
    return this.finish(depthwiseConv(x, this.kernel, { strides, padding, dataFormat, dilationRate }))
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), depthMultiplier: this.depthMultiplier }
  }
}

export class DepthwiseConv1d extends DepthwiseConv {
  static readonly className = 'depthwiseConv1d'

  constructor(config: DepthwiseConvConfig) {
    super(config, 'depthwiseConv1d', 1)
  }
}

export class DepthwiseConv2d extends DepthwiseConv {
  static readonly className = 'depthwiseConv2d'

  constructor(config: DepthwiseConvConfig) {
    super(config, 'depthwiseConv2d', 2)
  }
}

/**
 * A convolution of each channel of sequences [batch, steps, channels] by itself.
 *
 * @param config kernelSize, depthMultiplier (1), and the rest as for `conv1d`; the kernel's settings are named depthwise…
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.depthwiseConv1d({ kernelSize: 5, padding: 'same' })
 */
export function depthwiseConv1d(config: DepthwiseConvConfig): DepthwiseConv1d {
  return new DepthwiseConv1d(config)
}

/**
 * A convolution of each channel of images [batch, height, width, channels] by itself.
 *
 * @param config as for `depthwiseConv1d`
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' })
 */
export function depthwiseConv2d(config: DepthwiseConvConfig): DepthwiseConv2d {
  return new DepthwiseConv2d(config)
}

export interface SeparableConvConfig extends DepthwiseConvConfig {
  /** The channels of the output. */
  readonly filters: number
  /** Default 'glorotUniform'. */
  readonly pointwiseInitializer?: InitializerIdentifier
  /** Default none, like the following one. */
  readonly pointwiseRegularizer?: RegularizerIdentifier
  readonly pointwiseConstraint?: ConstraintIdentifier
}

/**
 * A convolution of each channel, then one of 1 × 1. Weights: depthwiseKernel [...kernelSize, channels, depthMultiplier], pointwiseKernel
 * [1, …, channels * depthMultiplier, filters], bias [filters].
 */
class SeparableConv extends ConvolutionLayer {
  readonly filters: number
  readonly depthMultiplier: number
  depthwiseKernel!: Variable
  pointwiseKernel!: Variable

  constructor(config: SeparableConvConfig, factory: string, spatial: number) {
    const weights = { depthwise: 'glorotUniform', pointwise: 'glorotUniform', bias: 'zeros' } as const
    super(config, factory, spatial, weights, ['filters', 'depthMultiplier'])
    const { filters, depthMultiplier = 1 } = config
    checkInteger(factory, 'filters', filters, 1)
    checkInteger(factory, 'depthMultiplier', depthMultiplier, 1)
    this.filters = filters
    this.depthMultiplier = depthMultiplier
  }

  override build(inputShape: PartialShape): void {
    const channels = this.channelsOf(inputShape)
    const { kernelSize, depthMultiplier, filters } = this
    const depthwise = [...kernelSize, channels, depthMultiplier]
    const pointwise = [...kernelSize.map(() => 1), channels * depthMultiplier, filters]
    this.depthwiseKernel = this.addSetWeight('depthwiseKernel', depthwise, 'depthwise')
    this.pointwiseKernel = this.addSetWeight('pointwiseKernel', pointwise, 'pointwise')
    this.addBias(filters)
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate, depthwiseKernel, pointwiseKernel } = this
    const windows = { strides, padding, dataFormat, dilationRate }
    return this.finish(separableConv(x, depthwiseKernel, pointwiseKernel, windows))
  }

  override getConfig(): Record<string, unknown> {
    const { filters, depthMultiplier } = this
    return { ...super.getConfig(), filters, depthMultiplier }
  }
}

export class SeparableConv1d extends SeparableConv {
  static readonly className = 'separableConv1d'

  constructor(config: SeparableConvConfig) {
    super(config, 'separableConv1d', 1)
  }
}

export class SeparableConv2d extends SeparableConv {
  static readonly className = 'separableConv2d'

  constructor(config: SeparableConvConfig) {
    super(config, 'separableConv2d', 2)
  }
}

/**
 * A convolution of each channel of sequences [batch, steps, channels] by itself, then a mix of the channels at each step.
 *
 * @param config filters, kernelSize, depthMultiplier (1), and the rest as for `conv1d`; the kernels' settings are named depthwise… and pointwise…
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.separableConv1d({ filters: 32, kernelSize: 5, activation: 'relu' })
 */
export function separableConv1d(config: SeparableConvConfig): SeparableConv1d {
  return new SeparableConv1d(config)
}

/**
 * A convolution of each channel of images [batch, height, width, channels] by itself, then a mix of the channels at each pixel.
 *
 * @param config as for `separableConv1d`
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.separableConv2d({ filters: 32, kernelSize: 3, activation: 'relu' })
 */
export function separableConv2d(config: SeparableConvConfig): SeparableConv2d {
  return new SeparableConv2d(config)
}
