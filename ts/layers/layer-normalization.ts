import type { ConstraintIdentifier } from '../constraints/registry.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { add, mean, multiply, reshape, rsqrt, square, subtract } from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type Axes, axesOf, checkAxes } from './axes.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface LayerNormalizationConfig extends LayerConfig {
  /** The axis or axes that are normalized together (default -1). */
  readonly axis?: Axes
  /** Added to the variance (default 1e-3). */
  readonly epsilon?: number
  /** Whether beta is added (default true). */
  readonly center?: boolean
  /** Whether gamma multiplies (default true). */
  readonly scale?: boolean
  /** Default 'zeros'. */
  readonly betaInitializer?: InitializerIdentifier
  /** Default 'ones'. */
  readonly gammaInitializer?: InitializerIdentifier
  /** Default none, like the following ones. */
  readonly betaRegularizer?: RegularizerIdentifier
  readonly gammaRegularizer?: RegularizerIdentifier
  readonly betaConstraint?: ConstraintIdentifier
  readonly gammaConstraint?: ConstraintIdentifier
}

/** The initializers by default. */
const weights = { gamma: 'ones', beta: 'zeros' } as const

/** Gives the elements of each sample along some axes mean 0 and variance 1. Weights: gamma and beta, of these axes' extents. */
export class LayerNormalization extends Layer {
  static readonly className = 'layerNormalization'
  override supportsMasking = true
  readonly axis: Axes
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  gamma: Variable | undefined
  beta: Variable | undefined
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: LayerNormalizationConfig = {}) {
    const own = ['axis', 'epsilon', 'center', 'scale', ...weightSettingNames(weights)]
    checkOptions('layerNormalization', config, [...layerOptions, ...own])
    super(config)
    const { axis = -1, epsilon = 1e-3, center = true, scale = true } = config
    checkAxes('layerNormalization', axis)
    checkInterval('layerNormalization', 'epsilon', epsilon, { minimum: 0 })
    checkBoolean('layerNormalization', 'center', center)
    checkBoolean('layerNormalization', 'scale', scale)
    this.axis = axis
    this.epsilon = epsilon
    this.center = center
    this.scale = scale
    this.#settings = weightSettings(config, weights)
  }

  override build(inputShape: PartialShape): void {
    const axes = axesOf(this.name, this.axis, inputShape)
    const shape = axes.map((axis) => knownExtent(this.name, inputShape, axis))
    this.inputSpec = {
      rank: inputShape.length,
      axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i]!])),
    }
    const { gamma, beta } = this.#settings
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...gamma })
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...beta })
  }

  override call(x: Tensor): Tensor {
    const axis = axesOf(this.name, this.axis, x.shape)
    const along = x.shape.map((extent, i) => (axis.includes(i) ? extent : 1))
    const centered = subtract(x, mean(x, { axis, keepdims: true }))
    const variance = mean(square(centered), { axis, keepdims: true })
    const normal = multiply(centered, rsqrt(add(variance, this.epsilon)))
    const scaled = this.gamma ? multiply(normal, reshape(this.gamma, along)) : normal
    return this.beta ? add(scaled, reshape(this.beta, along)) : scaled
  }

  override getConfig(): Record<string, unknown> {
    const { axis, epsilon, center, scale } = this
    return { ...super.getConfig(), axis, epsilon, center, scale, ...settingsConfig(this.#settings) }
  }
}

/**
 * Layer normalization (Ba et al., 2016): gives the elements of each sample along some axes mean 0 and variance 1, then multiplies them by gamma
 * and adds beta. It is the same in training and outside.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.layerNormalization({ epsilon: 1e-6 })
 */
export function layerNormalization(config: LayerNormalizationConfig = {}): LayerNormalization {
  return new LayerNormalization(config)
}
