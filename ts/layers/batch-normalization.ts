import type { ConstraintIdentifier } from '../constraints/registry.js'
import { fail } from '../errors.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { add, multiply, reshape } from '../ops/index.js'
import { checkBoolean, checkInteger, checkInterval, checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import { sameShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { axesOf } from './axes.js'
import { type Affine, maskedMoments, moments, normalizeBy, normalizeByBatch } from './batch-statistics.js'
import { knownExtent } from './input-spec.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface BatchNormalizationConfig extends LayerConfig {
  /** The axis of the features, each of which is normalized over all others (default -1). */
  readonly axis?: number
  /** The share that a step leaves of the moving statistics (default 0.99). */
  readonly momentum?: number
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
  /** Default 'zeros'. */
  readonly movingMeanInitializer?: InitializerIdentifier
  /** Default 'ones'. */
  readonly movingVarianceInitializer?: InitializerIdentifier
  /** Default none, like the following ones. */
  readonly betaRegularizer?: RegularizerIdentifier
  readonly gammaRegularizer?: RegularizerIdentifier
  readonly betaConstraint?: ConstraintIdentifier
  readonly gammaConstraint?: ConstraintIdentifier
}

/** The initializers by default. */
const weights = { gamma: 'ones', beta: 'zeros' } as const
const statistics = { movingMean: 'zeros', movingVariance: 'ones' } as const

/**
 * Gives each feature mean 0 and variance 1 over the batch, and outside of training by the averages that training made. Weights: gamma, beta,
 * movingMean and movingVariance, each [features]; the last two are not trained but moved.
 */
export class BatchNormalization extends Layer {
  static readonly className = 'batchNormalization'
  override supportsMasking = true
  readonly axis: number
  readonly momentum: number
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  gamma: Variable | undefined
  beta: Variable | undefined
  movingMean!: Variable
  movingVariance!: Variable
  readonly #settings: Readonly<Record<keyof typeof weights | keyof typeof statistics, WeightSettings>>

  constructor(config: BatchNormalizationConfig = {}) {
    const own = ['axis', 'momentum', 'epsilon', 'center', 'scale', ...weightSettingNames(weights)]
    const moving = ['movingMeanInitializer', 'movingVarianceInitializer']
    checkOptions('batchNormalization', config, [...layerOptions, ...own, ...moving])
    super(config)
    const { axis = -1, momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = config
    checkInteger('batchNormalization', 'axis', axis, -8)
    checkInterval('batchNormalization', 'momentum', momentum, { minimum: 0, limit: 1 + Number.EPSILON })
    checkInterval('batchNormalization', 'epsilon', epsilon, { minimum: 0 })
    checkBoolean('batchNormalization', 'center', center)
    checkBoolean('batchNormalization', 'scale', scale)
    this.axis = axis
    this.momentum = momentum
    this.epsilon = epsilon
    this.center = center
    this.scale = scale
    this.#settings = weightSettings(config, { ...weights, ...statistics })
  }

  override build(inputShape: PartialShape): void {
    const [axis] = axesOf(this.name, this.axis, inputShape) as [number]
    const shape = [knownExtent(this.name, inputShape, axis)]
    this.inputSpec = { rank: inputShape.length, axes: { [axis]: shape[0] as number } }
    const { gamma, beta, movingMean, movingVariance } = this.#settings
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...gamma })
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...beta })
    this.movingMean = this.addWeight({ name: 'movingMean', shape, ...movingMean, trainable: false })
    this.movingVariance = this.addWeight({
      name: 'movingVariance',
      shape,
      ...movingVariance,
      trainable: false,
    })
  }

  override call(x: Tensor, { training, mask }: CallOptions): Tensor {
    const [axis] = axesOf(this.name, this.axis, x.shape) as [number]
    const along = x.shape.map((extent, i) => (i === axis ? extent : 1))
    const axes = x.shape.map((_, i) => i).filter((i) => i !== axis)
    const { gamma, beta, epsilon } = this
    const affine: Affine = {
      ...(gamma && { gamma: reshape(gamma, along) }),
      ...(beta && { beta: reshape(beta, along) }),
    }
    if (!training || !this.trainable) {
      const [mean, variance] = [reshape(this.movingMean, along), reshape(this.movingVariance, along)]
      return normalizeBy({ mean, variance }, x, affine, epsilon)
    }
    const steps = this.#checkedMask(mask, x)
    const batch = steps ? maskedMoments(x, steps, axes) : moments(x, axes)
    this.#move(this.movingMean, batch.mean)
    this.#move(this.movingVariance, batch.variance)
    return steps ? normalizeBy(batch, x, affine, epsilon) : normalizeByBatch(batch, x, affine, epsilon, axes)
  }

  #checkedMask(mask: CallOptions['mask'], x: Tensor): Tensor | undefined {
    if (mask === undefined) return undefined
    if (mask instanceof Tensor && sameShape(mask.shape, x.shape.slice(0, -1))) return mask
    const expected = `a mask of shape [${x.shape.slice(0, -1).join(', ')}] for its input`
    return fail('layer.input', { layer: this.name, expected, got: (mask as Tensor).shape })
  }

  #move(statistic: Variable, present: Tensor): void {
    const kept = multiply(statistic, this.momentum)
    statistic.assign(add(kept, multiply(reshape(present, statistic.shape), 1 - this.momentum)))
  }

  override getConfig(): Record<string, unknown> {
    const { axis, momentum, epsilon, center, scale } = this
    return { ...super.getConfig(), axis, momentum, epsilon, center, scale, ...settingsConfig(this.#settings) }
  }
}

/**
 * Batch normalization (Ioffe and Szegedy, 2015): gives each feature mean 0 and variance 1 over the other axes of the batch, then multiplies it by
 * gamma and adds beta. Training also moves the averages of mean and variance, which take their place outside of training. With
 * `trainable: false` it takes the averages in training too, and leaves them. Steps that a mask marks as false do not count.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.batchNormalization({ momentum: 0.9 })
 */
export function batchNormalization(config: BatchNormalizationConfig = {}): BatchNormalization {
  return new BatchNormalization(config)
}
