import { broadcastTo, expandDims } from '../ops/index.js'
import { checkInteger, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface RepeatVectorConfig extends LayerConfig {
  /** How many times. */
  readonly n: number
}

/** Repeats each sample, a vector, n times. */
export class RepeatVector extends Layer {
  static readonly className = 'repeatVector'
  readonly n: number

  constructor(config: RepeatVectorConfig) {
    checkOptions('repeatVector', config, [...layerOptions, 'n'])
    super(config)
    checkInteger('repeatVector', 'n', config.n, 1)
    this.n = config.n
    this.inputSpec = { rank: 2 }
  }

  override call(x: Tensor): Tensor {
    const [batch, features] = x.shape as [number, number]
    return broadcastTo(expandDims(x, 1), [batch, this.n, features])
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), n: this.n }
  }
}

/**
 * Repeats each sample, a vector, n times.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.repeatVector({ n: 3 })   // [batch, 32] becomes [batch, 3, 32]
 */
export function repeatVector(config: RepeatVectorConfig): RepeatVector {
  return new RepeatVector(config)
}
