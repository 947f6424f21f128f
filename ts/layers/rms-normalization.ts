import { add, mean, multiply, reshape, rsqrt, square } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type Axes, axesOf, checkAxes } from './axes.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'

export interface RmsNormalizationConfig extends LayerConfig {
  /** The axis or axes that are normalized together (default -1). */
  readonly axis?: Axes
  /** Added to the mean of squares (default 1e-6). */
  readonly epsilon?: number
}

/** Divides by the root mean square along some axes. Weights: scale, of these axes' extents. */
export class RmsNormalization extends Layer {
  static readonly className = 'rmsNormalization'
  readonly axis: Axes
  readonly epsilon: number
  scale!: Variable

  constructor(config: RmsNormalizationConfig = {}) {
    checkOptions('rmsNormalization', config, [...layerOptions, 'axis', 'epsilon'])
    super(config)
    const { axis = -1, epsilon = 1e-6 } = config
    checkAxes('rmsNormalization', axis)
    checkInterval('rmsNormalization', 'epsilon', epsilon, { minimum: 0 })
    this.axis = axis
    this.epsilon = epsilon
  }

  override build(inputShape: PartialShape): void {
    const axes = axesOf(this.name, this.axis, inputShape)
    const shape = axes.map((axis) => knownExtent(this.name, inputShape, axis))
    this.inputSpec = {
      rank: inputShape.length,
      axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i]!])),
    }
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' })
  }

  override call(x: Tensor): Tensor {
    const axis = axesOf(this.name, this.axis, x.shape)
    const along = x.shape.map((extent, i) => (axis.includes(i) ? extent : 1))
    const squares = mean(square(x), { axis, keepdims: true })
    const normal = multiply(x, rsqrt(add(squares, this.epsilon)))
    return multiply(normal, reshape(this.scale, along))
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis, epsilon: this.epsilon }
  }
}

/**
 * Root mean square normalization (Zhang and Sennrich, 2019): divides by the root of the mean square along some axes, then multiplies by scale.
 *
 * @throws argument.range, argument.unknown
 */
export function rmsNormalization(config: RmsNormalizationConfig = {}): RmsNormalization {
  return new RmsNormalization(config)
}
