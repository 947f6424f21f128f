import { fail } from '../errors.js'
import { transpose } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface PermuteConfig extends LayerConfig {
  /** The axes of a sample in their new order, counted from 1: the batch stays in front. */
  readonly dims: readonly number[]
}

/** Puts the axes of each sample into another order. */
export class Permute extends Layer {
  static readonly className = 'permute'
  readonly dims: readonly number[]

  constructor(config: PermuteConfig) {
    checkOptions('permute', config, [...layerOptions, 'dims'])
    super(config)
    const { dims } = config
    if (!Array.isArray(dims) || ![...dims].sort((a, b) => a - b).every((axis, i) => axis === i + 1)) {
      const expected = 'the axes 1, 2, … in some order'
      fail('argument.range', { op: 'permute', argument: 'dims', expected, got: dims })
    }
    this.dims = [...dims]
    this.inputSpec = { rank: dims.length + 1 }
  }

  override call(x: Tensor): Tensor {
    return transpose(x, [0, ...this.dims])
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dims: this.dims }
  }
}

/**
 * Puts the axes of each sample into another order.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.permute({ dims: [2, 1] })   // [batch, 10, 64] becomes [batch, 64, 10]
 */
export function permute(config: PermuteConfig): Permute {
  return new Permute(config)
}
