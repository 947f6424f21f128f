import { adaptiveAveragePool, adaptiveMaxPool } from '../ops/index.js'
import { checkDataFormat, type DataFormat, perAxis } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface AdaptivePoolingConfig extends LayerConfig {
  /** The windows along the spatial axes: one number, or one for each axis. */
  readonly outputSize: number | readonly number[]
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

/** A function of as many windows of each channel as are asked for. */
abstract class AdaptivePooling extends Layer {
  readonly outputSize: readonly number[]
  readonly dataFormat: DataFormat

  constructor(
    config: AdaptivePoolingConfig,
    factory: string,
    spatial: number,
    private readonly pool: typeof adaptiveMaxPool,
  ) {
    checkOptions(factory, config, [...layerOptions, 'outputSize', 'dataFormat'])
    super(config)
    const { outputSize, dataFormat = 'channelsLast' } = config
    checkDataFormat(factory, dataFormat)
    this.outputSize = perAxis(factory, 'outputSize', outputSize, spatial)
    this.dataFormat = dataFormat
    this.inputSpec = { rank: spatial + 2 }
  }

  override call(x: Tensor): Tensor {
    return this.pool(x, this.outputSize, { dataFormat: this.dataFormat })
  }

  override getConfig(): Record<string, unknown> {
    const { outputSize, dataFormat } = this
    return { ...super.getConfig(), outputSize, dataFormat }
  }
}

export class AdaptiveAveragePooling1d extends AdaptivePooling {
  static readonly className = 'adaptiveAveragePooling1d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveAveragePooling1d', 1, adaptiveAveragePool)
  }
}

export class AdaptiveAveragePooling2d extends AdaptivePooling {
  static readonly className = 'adaptiveAveragePooling2d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveAveragePooling2d', 2, adaptiveAveragePool)
  }
}

export class AdaptiveAveragePooling3d extends AdaptivePooling {
  static readonly className = 'adaptiveAveragePooling3d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveAveragePooling3d', 3, adaptiveAveragePool)
  }
}

export class AdaptiveMaxPooling1d extends AdaptivePooling {
  static readonly className = 'adaptiveMaxPooling1d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveMaxPooling1d', 1, adaptiveMaxPool)
  }
}

export class AdaptiveMaxPooling2d extends AdaptivePooling {
  static readonly className = 'adaptiveMaxPooling2d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveMaxPooling2d', 2, adaptiveMaxPool)
  }
}

export class AdaptiveMaxPooling3d extends AdaptivePooling {
  static readonly className = 'adaptiveMaxPooling3d'

  constructor(config: AdaptivePoolingConfig) {
    super(config, 'adaptiveMaxPooling3d', 3, adaptiveMaxPool)
  }
}

/**
 * The means of windows of sequences [batch, steps, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveAveragePool` lays them.
 *
 * @param config outputSize, dataFormat ('channelsLast')
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.adaptiveAveragePooling1d({ outputSize: 4 })
 */
export function adaptiveAveragePooling1d(config: AdaptivePoolingConfig): AdaptiveAveragePooling1d {
  return new AdaptiveAveragePooling1d(config)
}

/**
 * The means of windows of images [batch, height, width, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveAveragePool` lays them.
 *
 * @param config as for `adaptiveAveragePooling1d`
 * @throws as `adaptiveAveragePooling1d`
 *
 * @example
 * lw.layers.adaptiveAveragePooling2d({ outputSize: [7, 5] })
 */
export function adaptiveAveragePooling2d(config: AdaptivePoolingConfig): AdaptiveAveragePooling2d {
  return new AdaptiveAveragePooling2d(config)
}

/**
 * The means of windows of volumes [batch, depth, height, width, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveAveragePool` lays them.
 *
 * @param config as for `adaptiveAveragePooling1d`
 * @throws as `adaptiveAveragePooling1d`
 *
 * @example
 * lw.layers.adaptiveAveragePooling3d({ outputSize: 2 })
 */
export function adaptiveAveragePooling3d(config: AdaptivePoolingConfig): AdaptiveAveragePooling3d {
  return new AdaptiveAveragePooling3d(config)
}

/**
 * The greatest elements of windows of sequences [batch, steps, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveMaxPool` lays them.
 *
 * @param config as for `adaptiveAveragePooling1d`
 * @throws as `adaptiveAveragePooling1d`
 *
 * @example
 * lw.layers.adaptiveMaxPooling1d({ outputSize: 4 })
 */
export function adaptiveMaxPooling1d(config: AdaptivePoolingConfig): AdaptiveMaxPooling1d {
  return new AdaptiveMaxPooling1d(config)
}

/**
 * The greatest elements of windows of images [batch, height, width, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveMaxPool` lays them.
 *
 * @param config as for `adaptiveAveragePooling1d`
 * @throws as `adaptiveAveragePooling1d`
 *
 * @example
 * lw.layers.adaptiveMaxPooling2d({ outputSize: [7, 5] })
 */
export function adaptiveMaxPooling2d(config: AdaptivePoolingConfig): AdaptiveMaxPooling2d {
  return new AdaptiveMaxPooling2d(config)
}

/**
 * The greatest elements of windows of volumes [batch, depth, height, width, channels], channel by channel: as many as are asked for, whatever the
 * extents of the input, as `lw.ops.adaptiveMaxPool` lays them.
 *
 * @param config as for `adaptiveAveragePooling1d`
 * @throws as `adaptiveAveragePooling1d`
 *
 * @example
 * lw.layers.adaptiveMaxPooling3d({ outputSize: 2 })
 */
export function adaptiveMaxPooling3d(config: AdaptivePoolingConfig): AdaptiveMaxPooling3d {
  return new AdaptiveMaxPooling3d(config)
}
