import { fail } from '../errors.js'
import {
  elu as eluOf,
  greater,
  leakyRelu,
  minimum,
  multiply,
  relu as reluOf,
  subtract,
  where,
} from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface ReluConfig extends LayerConfig {
  /** What larger elements become (default none). */
  readonly maxValue?: number
  /** What elements below the threshold are multiplied by, counted from it (default 0). */
  readonly negativeSlope?: number
  /** What smaller elements are cut off at (default 0). */
  readonly threshold?: number
}

/** x above a threshold, up to a largest value; below it zero, or a slope. */
export class Relu extends Layer {
  static readonly className = 'relu'
  override supportsMasking = true
  readonly maxValue: number | undefined
  readonly negativeSlope: number
  readonly threshold: number

  constructor(config: ReluConfig = {}) {
    checkOptions('relu', config, [...layerOptions, 'maxValue', 'negativeSlope', 'threshold'])
    super(config)
    const { maxValue, negativeSlope = 0, threshold = 0 } = config
    if (maxValue !== undefined) checkInterval('relu', 'maxValue', maxValue, { minimum: 0 })
    checkInterval('relu', 'negativeSlope', negativeSlope, { minimum: 0 })
    checkInterval('relu', 'threshold', threshold, { minimum: 0 })
    this.maxValue = maxValue
    this.negativeSlope = negativeSlope
    this.threshold = threshold
  }

  override call(x: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this
    const above = threshold === 0 ? reluOf(x) : where(greater(x, threshold), x, 0)
    const bounded = maxValue === undefined ? above : minimum(above, maxValue)
    if (negativeSlope === 0) return bounded
    return subtract(bounded, multiply(reluOf(subtract(threshold, x)), negativeSlope))
  }

  override getConfig(): Record<string, unknown> {
    const { maxValue, negativeSlope, threshold } = this
    return { ...super.getConfig(), ...(maxValue !== undefined && { maxValue }), negativeSlope, threshold }
  }
}

export interface LeakyReLUConfig extends LayerConfig {
  /** What negative elements are multiplied by (default 0.3). */
  readonly negativeSlope?: number
}

/** x where it is positive, else negativeSlope · x. */
export class LeakyReLU extends Layer {
  static readonly className = 'leakyReLU'
  override supportsMasking = true
  readonly negativeSlope: number

  constructor(config: LeakyReLUConfig = {}) {
    checkOptions('leakyReLU', config, [...layerOptions, 'negativeSlope'])
    super(config)
    const { negativeSlope = 0.3 } = config
    checkInterval('leakyReLU', 'negativeSlope', negativeSlope, { minimum: 0 })
    this.negativeSlope = negativeSlope
  }

  override call(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope }
  }
}

export interface EluConfig extends LayerConfig {
  /** Minus what it approaches for negative elements (default 1). */
  readonly alpha?: number
}

/** x where it is positive, else alpha · (eˣ - 1). */
export class Elu extends Layer {
  static readonly className = 'elu'
  override supportsMasking = true
  readonly alpha: number

  constructor(config: EluConfig = {}) {
    checkOptions('elu', config, [...layerOptions, 'alpha'])
    super(config)
    const { alpha = 1 } = config
    if (!Number.isFinite(alpha)) {
      fail('argument.range', { op: 'elu', argument: 'alpha', expected: 'a finite number', got: alpha })
    }
    this.alpha = alpha
  }

  override call(x: Tensor): Tensor {
    return eluOf(x, { alpha: this.alpha })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha }
  }
}

/**
 * The rectified linear unit as a layer: x where it is above `threshold`, but at most `maxValue`; below, negativeSlope · (x - threshold).
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.relu({ maxValue: 6 })
 */
export function relu(config: ReluConfig = {}): Relu {
  return new Relu(config)
}

/**
 * x where it is positive, else negativeSlope · x.
 *
 * @throws argument.range, argument.unknown
 */
export function leakyReLU(config: LeakyReLUConfig = {}): LeakyReLU {
  return new LeakyReLU(config)
}

/**
 * The exponential linear unit (Clevert et al., 2016): x where it is positive, else alpha · (eˣ - 1).
 *
 * @throws argument.range, argument.unknown
 */
export function elu(config: EluConfig = {}): Elu {
  return new Elu(config)
}
