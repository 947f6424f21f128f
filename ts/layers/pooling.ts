import { averagePool, maxPool } from '../ops/index.js'
import { checkFormat, type DataFormat, perAxis, type WindowOptions } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { leastExtents } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface PoolingConfig extends LayerConfig {
  /** The window: one number, or one for each spatial axis (default 2). */
  readonly poolSize?: number | readonly number[]
  /** The distance of neighbouring windows, likewise (default: the window). */
  readonly strides?: number | readonly number[]
  /** Default 'valid'. */
  readonly padding?: 'valid' | 'same'
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

type Pool = (x: Tensor, poolSize: readonly number[], options: WindowOptions) => Tensor

/** A function of each window of each channel. */
abstract class Pooling extends Layer {
  readonly poolSize: readonly number[]
  readonly strides: readonly number[]
  readonly padding: 'valid' | 'same'
  readonly dataFormat: DataFormat

  constructor(
    config: PoolingConfig,
    factory: string,
    spatial: number,
    private readonly pool: Pool,
  ) {
    checkOptions(factory, config, [...layerOptions, 'poolSize', 'strides', 'padding', 'dataFormat'])
    super(config)
    const { poolSize = 2, padding = 'valid', dataFormat = 'channelsLast' } = config
    // 'causal' is not for pooling, as 2 axes do not have it.
    checkFormat(factory, padding, dataFormat, 2)
    this.poolSize = perAxis(factory, 'poolSize', poolSize, spatial)
    this.strides = perAxis(factory, 'strides', config.strides ?? this.poolSize, spatial)
    this.padding = padding
    this.dataFormat = dataFormat
    this.inputSpec = { rank: spatial + 2, ...leastExtents(padding, dataFormat, this.poolSize) }
  }

  override call(x: Tensor): Tensor {
    const { poolSize, strides, padding, dataFormat } = this
    return this.pool(x, poolSize, { strides, padding, dataFormat })
  }

  override getConfig(): Record<string, unknown> {
    const { poolSize, strides, padding, dataFormat } = this
    return { ...super.getConfig(), poolSize, strides, padding, dataFormat }
  }
}

export class MaxPooling1d extends Pooling {
  static readonly className = 'maxPooling1d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'maxPooling1d', 1, maxPool)
  }
}

export class MaxPooling2d extends Pooling {
  static readonly className = 'maxPooling2d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'maxPooling2d', 2, maxPool)
  }
}

export class MaxPooling3d extends Pooling {
  static readonly className = 'maxPooling3d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'maxPooling3d', 3, maxPool)
  }
}

export class AveragePooling1d extends Pooling {
  static readonly className = 'averagePooling1d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'averagePooling1d', 1, averagePool)
  }
}

export class AveragePooling2d extends Pooling {
  static readonly className = 'averagePooling2d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'averagePooling2d', 2, averagePool)
  }
}

export class AveragePooling3d extends Pooling {
  static readonly className = 'averagePooling3d'

  constructor(config: PoolingConfig = {}) {
    super(config, 'averagePooling3d', 3, averagePool)
  }
}

/**
 * The greatest element of each window of sequences [batch, steps, channels], channel by channel.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.maxPooling1d({ poolSize: 2 })
 */
export function maxPooling1d(config: PoolingConfig = {}): MaxPooling1d {
  return new MaxPooling1d(config)
}

/**
 * The greatest element of each window of images [batch, height, width, channels], channel by channel.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPooling1d`
 *
 * @example
 * lw.layers.maxPooling2d({ poolSize: 2 })
 */
export function maxPooling2d(config: PoolingConfig = {}): MaxPooling2d {
  return new MaxPooling2d(config)
}

/**
 * The greatest element of each window of volumes [batch, depth, height, width, channels], channel by channel.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPooling1d`
 *
 * @example
 * lw.layers.maxPooling3d({ poolSize: 2 })
 */
export function maxPooling3d(config: PoolingConfig = {}): MaxPooling3d {
  return new MaxPooling3d(config)
}

/**
 * The mean of each window of sequences [batch, steps, channels], channel by channel. What lies outside the inputs does not count.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPooling1d`
 *
 * @example
 * lw.layers.averagePooling1d({ poolSize: 3, strides: 1, padding: 'same' })
 */
export function averagePooling1d(config: PoolingConfig = {}): AveragePooling1d {
  return new AveragePooling1d(config)
}

/**
 * The mean of each window of images [batch, height, width, channels], channel by channel. What lies outside the inputs does not count.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPooling1d`
 *
 * @example
 * lw.layers.averagePooling2d({ poolSize: 2 })
 */
export function averagePooling2d(config: PoolingConfig = {}): AveragePooling2d {
  return new AveragePooling2d(config)
}

/**
 * The mean of each window of volumes [batch, depth, height, width, channels], channel by channel. What lies outside the inputs does not count.
 *
 * @param config poolSize (2), strides (poolSize), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPooling1d`
 *
 * @example
 * lw.layers.averagePooling3d({ poolSize: 2 })
 */
export function averagePooling3d(config: PoolingConfig = {}): AveragePooling3d {
  return new AveragePooling3d(config)
}
