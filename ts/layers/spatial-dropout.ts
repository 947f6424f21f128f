import { checkFormat, type DataFormat } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import { Dropout, type DropoutConfig } from './dropout.js'
import { layerOptions } from './layer.js'

export interface SpatialDropoutConfig extends Omit<DropoutConfig, 'noiseShape'> {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

/** Dropout of whole channels. */
abstract class SpatialDropout extends Dropout {
  readonly dataFormat: DataFormat

  constructor(
    config: SpatialDropoutConfig,
    factory: string,
    spatial: number,
    options: readonly string[] = ['dataFormat'],
  ) {
    checkOptions(factory, config, [...layerOptions, 'rate', 'seed', ...options])
    const { dataFormat = 'channelsLast', ...rest } = config
    checkFormat(factory, 'valid', dataFormat, spatial)
    const ones = new Array<number>(spatial).fill(1)
    super({
      ...rest,
      noiseShape: dataFormat === 'channelsLast' ? [null, ...ones, null] : [null, null, ...ones],
    })
    this.dataFormat = dataFormat
    this.inputSpec = { rank: spatial + 2 }
  }

  override getConfig(): Record<string, unknown> {
    const { noiseShape: _, ...config } = super.getConfig()
    return { ...config, dataFormat: this.dataFormat }
  }
}

export class SpatialDropout1d extends SpatialDropout {
  static override readonly className: string = 'spatialDropout1d'

  constructor(config: Omit<SpatialDropoutConfig, 'dataFormat'>) {
    super(config, 'spatialDropout1d', 1, [])
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat: _, ...config } = super.getConfig()
    return config
  }
}

export class SpatialDropout2d extends SpatialDropout {
  static override readonly className: string = 'spatialDropout2d'

  constructor(config: SpatialDropoutConfig) {
    super(config, 'spatialDropout2d', 2)
  }
}

export class SpatialDropout3d extends SpatialDropout {
  static override readonly className: string = 'spatialDropout3d'

  constructor(config: SpatialDropoutConfig) {
    super(config, 'spatialDropout3d', 3)
  }
}

/**
 * Dropout of whole channels of sequences [batch, steps, channels]: neighbouring steps are too alike to be dropped by themselves.
 *
 * @param config rate, seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.spatialDropout1d({ rate: 0.2 })
 */
export function spatialDropout1d(config: Omit<SpatialDropoutConfig, 'dataFormat'>): SpatialDropout1d {
  return new SpatialDropout1d(config)
}

/**
 * Dropout of whole channels of images [batch, height, width, channels].
 *
 * @param config rate, seed, dataFormat ('channelsLast')
 * @throws as `spatialDropout1d`
 *
 * @example
 * lw.layers.spatialDropout2d({ rate: 0.2 })
 */
export function spatialDropout2d(config: SpatialDropoutConfig): SpatialDropout2d {
  return new SpatialDropout2d(config)
}

/**
 * Dropout of whole channels of volumes [batch, depth, height, width, channels].
 *
 * @param config rate, seed, dataFormat ('channelsLast')
 * @throws as `spatialDropout1d`
 *
 * @example
 * lw.layers.spatialDropout3d({ rate: 0.2 })
 */
export function spatialDropout3d(config: SpatialDropoutConfig): SpatialDropout3d {
  return new SpatialDropout3d(config)
}
