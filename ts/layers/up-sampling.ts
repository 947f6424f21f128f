import { spatialAxes } from '../ops/data-format.js'
import { imageAxes } from '../ops/image/images.js'
import { checkInterpolation, type ResizeInterpolation, resize } from '../ops/image/resize.js'
import { repeat } from '../ops/index.js'
import { checkFormat, type DataFormat, perAxis } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface UpSampling1dConfig extends LayerConfig {
  /** How often each step stands (default 2). */
  readonly size?: number
}

export interface UpSamplingConfig extends LayerConfig {
  /** How often each element stands: one number, or one for each spatial axis (default 2). */
  readonly size?: number | readonly number[]
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

export interface UpSampling2dConfig extends UpSamplingConfig {
  /** How new pixels follow from those there are, as in `lw.ops.image.resize` (default 'nearest'). */
  readonly interpolation?: ResizeInterpolation
}

/** Repeats the elements along the spatial axes. */
abstract class UpSampling extends Layer {
  readonly size: readonly number[]
  readonly dataFormat: DataFormat

  constructor(
    config: UpSamplingConfig,
    factory: string,
    spatial: number,
    options: readonly string[] = ['dataFormat'],
  ) {
    checkOptions(factory, config, [...layerOptions, 'size', ...options])
    super(config)
    const { size = 2, dataFormat = 'channelsLast' } = config
    checkFormat(factory, 'valid', dataFormat, spatial)
    this.size = perAxis(factory, 'size', size, spatial)
    this.dataFormat = dataFormat
    this.inputSpec = { rank: spatial + 2 }
  }

  override call(x: Tensor): Tensor {
    const axes = spatialAxes(x.rank, this.dataFormat)
    return this.size.reduce((larger, times, i) => repeat(larger, times, { axis: axes[i]! }), x)
  }

  override getConfig(): Record<string, unknown> {
    const { size, dataFormat } = this
    return { ...super.getConfig(), size, dataFormat }
  }
}

export class UpSampling1d extends UpSampling {
  static readonly className = 'upSampling1d'

  constructor(config: UpSampling1dConfig = {}) {
    super(config, 'upSampling1d', 1, [])
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat: _, ...config } = super.getConfig()
    return { ...config, size: this.size[0] }
  }
}

export class UpSampling2d extends UpSampling {
  static readonly className = 'upSampling2d'
  readonly interpolation: ResizeInterpolation

  constructor(config: UpSampling2dConfig = {}) {
    super(config, 'upSampling2d', 2, ['dataFormat', 'interpolation'])
    const { interpolation = 'nearest' } = config
    checkInterpolation('upSampling2d', interpolation)
    this.interpolation = interpolation
  }

  override call(x: Tensor): Tensor {
    const { size, dataFormat, interpolation } = this
    if (interpolation === 'nearest') return super.call(x)
    const [height, width] = imageAxes(x, dataFormat).map((axis, i) => size[i]! * x.shape[axis]!)
    return resize(x, [height!, width!], { interpolation, dataFormat })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), interpolation: this.interpolation }
  }
}

export class UpSampling3d extends UpSampling {
  static readonly className = 'upSampling3d'

  constructor(config: UpSamplingConfig = {}) {
    super(config, 'upSampling3d', 3)
  }
}

/**
 * Repeats each step of sequences [batch, steps, channels].
 *
 * @param config size (2)
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.upSampling1d({ size: 3 })
 */
export function upSampling1d(config: UpSampling1dConfig = {}): UpSampling1d {
  return new UpSampling1d(config)
}

/**
 * Enlarges images [batch, height, width, channels]: repeats their rows and columns, or interpolates between them.
 *
 * @param config size (2; [rows, columns]), dataFormat ('channelsLast'), interpolation ('nearest')
 * @throws as `upSampling1d`
 *
 * @example
 * lw.layers.upSampling2d({ size: [2, 2] })
 */
export function upSampling2d(config: UpSampling2dConfig = {}): UpSampling2d {
  return new UpSampling2d(config)
}

/**
 * Repeats the elements of volumes [batch, depth, height, width, channels] along each spatial axis.
 *
 * @param config size (2), dataFormat ('channelsLast')
 * @throws as `upSampling1d`
 *
 * @example
 * lw.layers.upSampling3d({ size: [1, 2, 2] })
 */
export function upSampling3d(config: UpSamplingConfig = {}): UpSampling3d {
  return new UpSampling3d(config)
}
