import { maximum, multiply, rsqrt, square, sum } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { type Axes, axesOf, checkAxes } from './axes.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface UnitNormalizationConfig extends LayerConfig {
  /** The axis or axes that are scaled to length 1 together (default -1). */
  readonly axis?: Axes
}

/** Divides by the Euclidean norm along some axes. */
export class UnitNormalization extends Layer {
  static readonly className = 'unitNormalization'
  override supportsMasking = true
  readonly axis: Axes

  constructor(config: UnitNormalizationConfig = {}) {
    checkOptions('unitNormalization', config, [...layerOptions, 'axis'])
    super(config)
    this.axis = config.axis ?? -1
    checkAxes('unitNormalization', this.axis)
  }

  override call(x: Tensor): Tensor {
    return unitNormalize(x, axesOf(this.name, this.axis, x.shape), 1e-12)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis }
  }
}

/** x divided by its Euclidean norm along some axes, or by `epsilon` where that is larger. */
export function unitNormalize(x: Tensor, axis: readonly number[], epsilon: number): Tensor {
  const squares = sum(square(x), { axis, keepdims: true })
  // The bound stands under the root, so that zeros have a finite gradient.
  return multiply(x, rsqrt(maximum(squares, epsilon ** 2)))
}

/**
 * Divides by the Euclidean norm along an axis, so that vectors become directions. Vectors shorter than 1e-12 are divided by that.
 *
 * @throws argument.range, argument.unknown
 */
export function unitNormalization(config: UnitNormalizationConfig = {}): UnitNormalization {
  return new UnitNormalization(config)
}
