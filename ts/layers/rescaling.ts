import { fail } from '../errors.js'
import { add, cast, multiply } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface RescalingConfig extends LayerConfig {
  /** What multiplies the input: a number, or one for each entry of the last axis. */
  readonly scale: number | readonly number[]
  /** What is added then: a number, or one for each entry of the last axis (default 0). */
  readonly offset?: number | readonly number[]
}

/** Multiplies by a scale and adds an offset. */
export class Rescaling extends Layer {
  static readonly className = 'rescaling'
  override supportsMasking = true
  readonly scale: number | readonly number[]
  readonly offset: number | readonly number[]

  constructor(config: RescalingConfig) {
    checkOptions('rescaling', config, [...layerOptions, 'scale', 'offset'])
    super(config)
    const { scale, offset = 0 } = config
    const features = Math.max(checkFactors('scale', scale), checkFactors('offset', offset))
    this.scale = scale
    this.offset = offset
    if (features > 1) this.inputSpec = { minRank: 2, axes: { [-1]: features } }
    for (const [argument, given] of Object.entries({ scale, offset })) {
      if ([1, features].includes([given].flat().length)) continue
      const expected = `a number, or ${features} of them as there are of the other`
      fail('argument.range', { op: 'rescaling', argument, expected, got: given })
    }
  }

  override call(x: Tensor): Tensor {
    return add(multiply(cast(x, 'float32'), this.scale), this.offset)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset }
  }
}

/** The number of factors, of which one alone is for all entries. */
function checkFactors(argument: string, given: unknown): number {
  const list = [given].flat()
  if (list.length > 0 && list.every(Number.isFinite)) return list.length
  const expected = 'a finite number, or an array of them'
  return fail('argument.range', { op: 'rescaling', argument, expected, got: given })
}

/**
 * Rescaling: x · scale + offset, in training and outside of it, as float32.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.rescaling({ scale: 1 / 127.5, offset: -1 })   // pixels from 0 to 255 become numbers from -1 to 1
 */
export function rescaling(config: RescalingConfig): Rescaling {
  return new Rescaling(config)
}
