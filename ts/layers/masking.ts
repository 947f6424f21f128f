import { fail } from '../errors.js'
import { any, notEqual, where } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { Mask } from './mask.js'

export interface MaskingConfig extends LayerConfig {
  /** What the features of a step that does not count all are (default 0). */
  readonly maskValue?: number
}

/** Marks the steps of sequences that do not count, and sets them to zero. */
export class Masking extends Layer {
  static readonly className = 'masking'
  readonly maskValue: number

  constructor(config: MaskingConfig = {}) {
    checkOptions('masking', config, [...layerOptions, 'maskValue'])
    super(config)
    const { maskValue = 0 } = config
    if (typeof maskValue !== 'number') {
      fail('argument.type', { op: 'masking', argument: 'maskValue', expected: 'a number', got: maskValue })
    }
    this.maskValue = maskValue
    this.inputSpec = { minRank: 2 }
  }

  override call(x: Tensor): Tensor {
    return where(any(notEqual(x, this.maskValue), { axis: -1, keepdims: true }), x, 0)
  }

  override computeMask(x: Tensor): Mask {
    return any(notEqual(x, this.maskValue), { axis: -1 })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), maskValue: this.maskValue }
  }
}

/**
 * Marks the steps of sequences [batch, steps, features] whose features all are `maskValue`, and sets them to zero. The layers that follow leave them
 * out where they support masking; so do losses and metrics.
 *
 * @throws argument.type, argument.unknown
 */
export function masking(config: MaskingConfig = {}): Masking {
  return new Masking(config)
}
