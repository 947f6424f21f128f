import { convTranspose } from '../ops/index.js'
import { checkFormat } from '../ops/windows.js'
import { checkInteger } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import type { ConvConfig } from './conv.js'
import { ConvolutionLayer } from './convolution.js'
import type { PartialShape } from './placeholder.js'

export interface ConvTransposeConfig extends Omit<ConvConfig, 'groups' | 'padding'> {
  /** Default 'valid'. */
  readonly padding?: 'valid' | 'same'
  /** What is added to each extent of the output, less than the stride; default: what makes the usual output of the padding. */
  readonly outputPadding?: number | readonly number[]
}

/** A transposed convolution over one to three axes. Weights: kernel [...kernelSize, filters, channels], bias [filters]. */
class ConvTranspose extends ConvolutionLayer {
  readonly filters: number
  readonly outputPadding: number | readonly number[] | undefined
  kernel!: Variable

  constructor(config: ConvTransposeConfig, factory: string, spatial: number) {
    super(config, factory, spatial, { kernel: 'glorotUniform', bias: 'zeros' }, ['filters', 'outputPadding'])
    checkInteger(factory, 'filters', config.filters, 1)
    checkFormat(factory, this.padding, this.dataFormat, 2)
    this.filters = config.filters
    this.inputSpec = { rank: spatial + 2 }
    this.outputPadding = config.outputPadding
  }

  override build(inputShape: PartialShape): void {
    const channels = this.channelsOf(inputShape)
    this.kernel = this.addSetWeight('kernel', [...this.kernelSize, this.filters, channels])
    this.addBias(this.filters)
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate, outputPadding } = this
    const windows = {
      strides,
      padding,
      dataFormat,
      dilationRate,
      ...(outputPadding !== undefined && { outputPadding }),
    }
    return this.finish(convTranspose(x, this.kernel, windows))
  }

  override getConfig(): Record<string, unknown> {
    const { filters, outputPadding } = this
    return { ...super.getConfig(), filters, ...(outputPadding !== undefined && { outputPadding }) }
  }
}

export class Conv1dTranspose extends ConvTranspose {
  static readonly className = 'conv1dTranspose'

  constructor(config: ConvTransposeConfig) {
    super(config, 'conv1dTranspose', 1)
  }
}

export class Conv2dTranspose extends ConvTranspose {
  static readonly className = 'conv2dTranspose'

  constructor(config: ConvTransposeConfig) {
    super(config, 'conv2dTranspose', 2)
  }
}

export class Conv3dTranspose extends ConvTranspose {
  static readonly className = 'conv3dTranspose'

  constructor(config: ConvTransposeConfig) {
    super(config, 'conv3dTranspose', 3)
  }
}

/**
 * The transpose of a convolution of sequences: its outputs are longer than its inputs [batch, steps, channels] by the strides.
 *
 * @param config as for `conv1d` without groups, and outputPadding
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.conv1dTranspose({ filters: 8, kernelSize: 4, strides: 2, padding: 'same' })
 */
export function conv1dTranspose(config: ConvTransposeConfig): Conv1dTranspose {
  return new Conv1dTranspose(config)
}

/**
 * The transpose of a convolution of images: its outputs are larger than its inputs [batch, height, width, channels] by the strides.
 *
 * @param config as for `conv2d` without groups, and outputPadding
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })   // twice the height and width
 */
export function conv2dTranspose(config: ConvTransposeConfig): Conv2dTranspose {
  return new Conv2dTranspose(config)
}

/**
 * The transpose of a convolution of volumes [batch, depth, height, width, channels].
 *
 * @param config as for `conv3d` without groups, and outputPadding
 * @throws as `conv1d`
 *
 * @example
 * lw.layers.conv3dTranspose({ filters: 3, kernelSize: 2, strides: 2 })
 */
export function conv3dTranspose(config: ConvTransposeConfig): Conv3dTranspose {
  return new Conv3dTranspose(config)
}
