import type { ConstraintIdentifier } from '../constraints/registry.js'
import { fail } from '../errors.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { add, mean, multiply, reshape, rsqrt, square, subtract } from '../ops/index.js'
import { checkBoolean, checkInteger, checkInterval, checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { axesOf } from './axes.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface GroupNormalizationConfig extends LayerConfig {
  /** How many groups the features are parted into; -1 makes one of each feature: instance normalization (default 32). */
  readonly groups?: number
  /** The axis of the features (default -1). */
  readonly axis?: number
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

/** Gives each group of features of a sample mean 0 and variance 1. Weights: gamma [features] and beta [features]. */
export class GroupNormalization extends Layer {
  static readonly className = 'groupNormalization'
  override supportsMasking = true
  readonly groups: number
  readonly axis: number
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  gamma: Variable | undefined
  beta: Variable | undefined
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: GroupNormalizationConfig = {}) {
    const own = ['groups', 'axis', 'epsilon', 'center', 'scale', ...weightSettingNames(weights)]
    checkOptions('groupNormalization', config, [...layerOptions, ...own])
    super(config)
    const { groups = 32, axis = -1, epsilon = 1e-3, center = true, scale = true } = config
    if (!Number.isSafeInteger(groups) || (groups < 1 && groups !== -1)) {
      const expected = 'a positive integer, or -1 for one of each feature'
      fail('argument.range', { op: 'groupNormalization', argument: 'groups', expected, got: groups })
    }
    checkInteger('groupNormalization', 'axis', axis, -8)
    checkInterval('groupNormalization', 'epsilon', epsilon, { minimum: 0 })
    checkBoolean('groupNormalization', 'center', center)
    checkBoolean('groupNormalization', 'scale', scale)
    this.groups = groups
    this.axis = axis
    this.epsilon = epsilon
    this.center = center
    this.scale = scale
    this.#settings = weightSettings(config, weights)
  }

  override build(inputShape: PartialShape): void {
    const [axis] = axesOf(this.name, this.axis, inputShape) as [number]
    const features = knownExtent(this.name, inputShape, axis)
    if (axis === 0 || (this.groups !== -1 && features % this.groups !== 0)) {
      const expected = `an input whose features along axis ${this.axis} make ${this.groups} equal groups`
      fail('layer.input', { layer: this.name, expected, got: inputShape })
    }
    this.inputSpec = { rank: inputShape.length, axes: { [axis]: features } }
    const { gamma, beta } = this.#settings
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape: [features], ...gamma })
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape: [features], ...beta })
  }

  override call(x: Tensor): Tensor {
    const [axis] = axesOf(this.name, this.axis, x.shape) as [number]
    const features = x.shape[axis] as number
    const groups = this.groups === -1 ? features : this.groups
    const grouped = [groups, features / groups]
    const parted = reshape(x, [...x.shape.slice(0, axis), ...grouped, ...x.shape.slice(axis + 1)])
    const along = parted.shape.map((extent, i) => (i === axis || i === axis + 1 ? extent : 1))
    const options = { axis: along.map((_, i) => i).filter((i) => i !== 0 && i !== axis), keepdims: true }
    const centered = subtract(parted, mean(parted, options))
    const normal = multiply(centered, rsqrt(add(mean(square(centered), options), this.epsilon)))
    const scaled = this.gamma ? multiply(normal, reshape(this.gamma, along)) : normal
    return reshape(this.beta ? add(scaled, reshape(this.beta, along)) : scaled, x.shape)
  }

  override getConfig(): Record<string, unknown> {
    const { groups, axis, epsilon, center, scale } = this
    return { ...super.getConfig(), groups, axis, epsilon, center, scale, ...settingsConfig(this.#settings) }
  }
}

/**
 * Group normalization (Wu and He, 2018): parts the features of each sample into groups, gives each group mean 0 and variance 1, then multiplies each
 * feature by gamma and adds beta. It is the same in training and outside, for batches of any size.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.groupNormalization({ groups: 8 })
 */
export function groupNormalization(config: GroupNormalizationConfig = {}): GroupNormalization {
  return new GroupNormalization(config)
}
