import { fail } from '../errors.js'
import { reshape, transpose } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface FlattenConfig extends LayerConfig {
  /** 'channelsFirst' moves axis 1 behind the others before it flattens (default 'channelsLast', which moves nothing). */
  readonly dataFormat?: 'channelsFirst' | 'channelsLast'
}

/** Makes one axis of all but the batch. */
export class Flatten extends Layer {
  static readonly className = 'flatten'
  readonly dataFormat: 'channelsFirst' | 'channelsLast'

  constructor(config: FlattenConfig = {}) {
    checkOptions('flatten', config, [...layerOptions, 'dataFormat'])
    super(config)
    const { dataFormat = 'channelsLast' } = config
    if (dataFormat !== 'channelsLast' && dataFormat !== 'channelsFirst') {
      const expected = "'channelsLast' or 'channelsFirst'"
      fail('argument.range', { op: 'flatten', argument: 'dataFormat', expected, got: dataFormat })
    }
    this.dataFormat = dataFormat
    this.inputSpec = { minRank: 1 }
  }

  override call(x: Tensor): Tensor {
    const [batch, ...sample] = x.shape as [number, ...number[]]
    const axes = sample.map((_, i) => i + 1)
    const last = this.dataFormat === 'channelsFirst' && axes.length > 1
    return reshape(last ? transpose(x, [0, ...axes.slice(1), 1]) : x, [batch, sizeOf(sample)])
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dataFormat: this.dataFormat }
  }
}

/**
 * Makes one axis of all but the batch: [batch, 8, 8] becomes [batch, 64].
 *
 * @throws argument.range, argument.unknown
 */
export function flatten(config: FlattenConfig = {}): Flatten {
  return new Flatten(config)
}
