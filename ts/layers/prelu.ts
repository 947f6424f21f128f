import type { ConstraintIdentifier } from '../constraints/registry.js'
import { fail } from '../errors.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { multiply, negative, relu, subtract } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface PreluConfig extends LayerConfig {
  /** Default 'zeros'. */
  readonly alphaInitializer?: InitializerIdentifier
  /** Default none, like the following one. */
  readonly alphaRegularizer?: RegularizerIdentifier
  readonly alphaConstraint?: ConstraintIdentifier
  /** The axes, counted with the batch as 0, along which the slope is the same (default none). */
  readonly sharedAxes?: readonly number[]
}

/** The initializer by default. */
const weights = { alpha: 'zeros' } as const

/** relu with a learnt slope for negative elements. Weights: alpha, of a sample's shape with 1 along shared axes. */
export class Prelu extends Layer {
  static readonly className = 'prelu'
  override supportsMasking = true
  readonly sharedAxes: readonly number[] | undefined
  alpha!: Variable
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: PreluConfig = {}) {
    checkOptions('prelu', config, [...layerOptions, 'sharedAxes', ...weightSettingNames(weights)])
    super(config)
    const { sharedAxes } = config
    const valid = sharedAxes === undefined || (Array.isArray(sharedAxes) && sharedAxes.every(isSampleAxis))
    if (!valid) {
      const expected = 'an array of axes from 1 on'
      fail('argument.range', { op: 'prelu', argument: 'sharedAxes', expected, got: sharedAxes })
    }
    this.sharedAxes = sharedAxes && [...sharedAxes]
    this.inputSpec = { minRank: Math.max(0, ...(sharedAxes ?? [])) + 1 }
    this.#settings = weightSettings(config, weights)
  }

  override build(inputShape: PartialShape): void {
    const shared = (axis: number) => this.sharedAxes?.includes(axis)
    const axes = inputShape.map((_, axis) => axis).slice(1)
    const shape = axes.map((axis) => (shared(axis) ? 1 : knownExtent(this.name, inputShape, axis)))
    const own = axes.filter((axis) => !shared(axis)).map((axis) => [axis, shape[axis - 1] as number])
    this.inputSpec = { rank: inputShape.length, axes: Object.fromEntries(own) }
    this.alpha = this.addWeight({ name: 'alpha', shape, ...this.#settings.alpha })
  }

  override call(x: Tensor): Tensor {
    return subtract(relu(x), multiply(this.alpha, relu(negative(x))))
  }

  override getConfig(): Record<string, unknown> {
    const { sharedAxes } = this
    return { ...super.getConfig(), ...settingsConfig(this.#settings), ...(sharedAxes && { sharedAxes }) }
  }
}

function isSampleAxis(axis: unknown): boolean {
  return Number.isInteger(axis) && (axis as number) >= 1
}

/**
 * The parametric relu (He et al., 2015): x where it is positive, else alpha · x with a learnt alpha for each element of a sample.
 *
 * @throws argument.range, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.prelu({ sharedAxes: [1, 2] })   // one slope for each of the last axis of [batch, height, width, channels]
 */
export function prelu(config: PreluConfig = {}): Prelu {
  return new Prelu(config)
}
