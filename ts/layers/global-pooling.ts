import { spatialAxes } from '../ops/data-format.js'
import { max, mean } from '../ops/index.js'
import { checkFormat, type DataFormat } from '../ops/windows.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface GlobalPoolingConfig extends LayerConfig {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
  /** Whether the spatial axes stay, with extent 1 (default false). */
  readonly keepdims?: boolean
}

/** A reduction of each channel over all spatial axes. */
abstract class GlobalPooling extends Layer {
  readonly dataFormat: DataFormat
  readonly keepdims: boolean
  readonly #axis: readonly number[]

  constructor(
    config: GlobalPoolingConfig,
    factory: string,
    spatial: number,
    private readonly reduce: typeof max | typeof mean,
  ) {
    checkOptions(factory, config, [...layerOptions, 'dataFormat', 'keepdims'])
    super(config)
    const { dataFormat = 'channelsLast', keepdims = false } = config
    checkFormat(factory, 'valid', dataFormat, spatial)
    checkBoolean(factory, 'keepdims', keepdims)
    this.dataFormat = dataFormat
    this.keepdims = keepdims
    this.inputSpec = { rank: spatial + 2 }
    this.#axis = spatialAxes(spatial + 2, dataFormat)
  }

  override call(x: Tensor): Tensor {
    return this.reduce(x, { axis: this.#axis, keepdims: this.keepdims })
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat, keepdims } = this
    return { ...super.getConfig(), dataFormat, keepdims }
  }
}

export class GlobalMaxPooling1d extends GlobalPooling {
  static readonly className = 'globalMaxPooling1d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalMaxPooling1d', 1, max)
  }
}

export class GlobalMaxPooling2d extends GlobalPooling {
  static readonly className = 'globalMaxPooling2d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalMaxPooling2d', 2, max)
  }
}

export class GlobalMaxPooling3d extends GlobalPooling {
  static readonly className = 'globalMaxPooling3d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalMaxPooling3d', 3, max)
  }
}

export class GlobalAveragePooling1d extends GlobalPooling {
  static readonly className = 'globalAveragePooling1d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalAveragePooling1d', 1, mean)
  }
}

export class GlobalAveragePooling2d extends GlobalPooling {
  static readonly className = 'globalAveragePooling2d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalAveragePooling2d', 2, mean)
  }
}

export class GlobalAveragePooling3d extends GlobalPooling {
  static readonly className = 'globalAveragePooling3d'

  constructor(config: GlobalPoolingConfig = {}) {
    super(config, 'globalAveragePooling3d', 3, mean)
  }
}

/**
 * The greatest element of each channel of sequences [batch, steps, channels].
 *
 * @param config dataFormat ('channelsLast'), keepdims (false)
 * @throws argument.type, argument.unknown
 *
 * @example
 * lw.layers.globalMaxPooling1d()
 */
export function globalMaxPooling1d(config: GlobalPoolingConfig = {}): GlobalMaxPooling1d {
  return new GlobalMaxPooling1d(config)
}

/**
 * The greatest element of each channel of images [batch, height, width, channels].
 *
 * @param config as for `globalMaxPooling1d`
 * @throws as `globalMaxPooling1d`
 *
 * @example
 * lw.layers.globalMaxPooling2d()
 */
export function globalMaxPooling2d(config: GlobalPoolingConfig = {}): GlobalMaxPooling2d {
  return new GlobalMaxPooling2d(config)
}

/**
 * The greatest element of each channel of volumes [batch, depth, height, width, channels].
 *
 * @param config as for `globalMaxPooling1d`
 * @throws as `globalMaxPooling1d`
 *
 * @example
 * lw.layers.globalMaxPooling3d()
 */
export function globalMaxPooling3d(config: GlobalPoolingConfig = {}): GlobalMaxPooling3d {
  return new GlobalMaxPooling3d(config)
}

/**
 * The mean of each channel of sequences [batch, steps, channels].
 *
 * @param config as for `globalMaxPooling1d`
 * @throws as `globalMaxPooling1d`
 *
 * @example
 * lw.layers.globalAveragePooling1d()
 */
export function globalAveragePooling1d(config: GlobalPoolingConfig = {}): GlobalAveragePooling1d {
  return new GlobalAveragePooling1d(config)
}

/**
 * The mean of each channel of images [batch, height, width, channels].
 *
 * @param config as for `globalMaxPooling1d`
 * @throws as `globalMaxPooling1d`
 *
 * @example
 * lw.layers.globalAveragePooling2d()
 */
export function globalAveragePooling2d(config: GlobalPoolingConfig = {}): GlobalAveragePooling2d {
  return new GlobalAveragePooling2d(config)
}

/**
 * The mean of each channel of volumes [batch, depth, height, width, channels].
 *
 * @param config as for `globalMaxPooling1d`
 * @throws as `globalMaxPooling1d`
 *
 * @example
 * lw.layers.globalAveragePooling3d()
 */
export function globalAveragePooling3d(config: GlobalPoolingConfig = {}): GlobalAveragePooling3d {
  return new GlobalAveragePooling3d(config)
}
