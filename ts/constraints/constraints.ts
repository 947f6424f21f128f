import { type Described, describe } from '../described.js'
import { fail } from '../errors.js'
import { add, clip, divide, maximum, multiply, sqrt, square, sum } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'

/** What a weight becomes after each step of an optimizer: a function that gives a tensor of the same shape. */
export interface Constraint extends Partial<Described> {
  (weight: Tensor): Tensor
}

/** Along which axes (default 0) each vector lies whose norm is bounded: 0 for a kernel [in, out] of a dense layer. */
export interface NormConfig {
  readonly axis?: number | readonly number[]
}

export interface MaxNormConfig extends NormConfig {
  /** Default 2. */
  readonly maxValue?: number
}

/**
 * Scales vectors that are longer than `maxValue` down to it.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.dense({ units: 64, kernelConstraint: lw.constraints.maxNorm({ maxValue: 3 }) })
 */
export function maxNorm(config: MaxNormConfig = {}): Constraint {
  checkOptions('maxNorm', config, ['maxValue', 'axis'])
  const { maxValue = 2, axis = 0 } = config
  checkInterval('maxNorm', 'maxValue', maxValue, { minimum: 0 })
  const constrain = (weight: Tensor) => rescaled(weight, axis, (norms) => clip(norms, 0, maxValue))
  return describe(constrain, 'maxNorm', { maxValue, axis })
}

export interface MinMaxNormConfig extends NormConfig {
  /** Default 0. */
  readonly minValue?: number
  /** Default 1. */
  readonly maxValue?: number
  /** How much of the way to the bound each step goes, from 0 to 1 (default). */
  readonly rate?: number
}

/**
 * Scales vectors to lengths between two bounds.
 *
 * @throws argument.range, argument.unknown
 */
export function minMaxNorm(config: MinMaxNormConfig = {}): Constraint {
  checkOptions('minMaxNorm', config, ['minValue', 'maxValue', 'rate', 'axis'])
  const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = config
  checkInterval('minMaxNorm', 'minValue', minValue, { minimum: 0 })
  checkInterval('minMaxNorm', 'maxValue', maxValue, { minimum: 0 })
  checkInterval('minMaxNorm', 'rate', rate, { minimum: 0, limit: 1 + Number.EPSILON })
  if (maxValue < minValue) {
    const expected = `at least minValue, ${minValue}`
    fail('argument.range', { op: 'minMaxNorm', argument: 'maxValue', expected, got: maxValue })
  }
  const constrain = (weight: Tensor) =>
    rescaled(weight, axis, (norms) =>
      add(multiply(clip(norms, minValue, maxValue), rate), multiply(norms, 1 - rate)),
    )
  return describe(constrain, 'minMaxNorm', { minValue, maxValue, rate, axis })
}

/** Sets negative weights to zero. */
export function nonNeg(config: Readonly<Record<string, never>> = {}): Constraint {
  checkOptions('nonNeg', config, [])
  return describe((weight: Tensor) => maximum(weight, 0), 'nonNeg', {})
}

/**
 * Scales vectors to length 1.
 *
 * @throws argument.unknown
 */
export function unitNorm(config: NormConfig = {}): Constraint {
  checkOptions('unitNorm', config, ['axis'])
  const { axis = 0 } = config
  return describe((weight: Tensor) => divide(weight, add(normsOf(weight, axis), epsilon)), 'unitNorm', {
    axis,
  })
}

/** Keeps the norm of a vector of zeros from dividing by zero. */
const epsilon = 1e-7

/** Vectors scaled to the lengths that are made of theirs. */
function rescaled(
  weight: Tensor,
  axis: number | readonly number[],
  desired: (norms: Tensor) => Tensor,
): Tensor {
  const norms = normsOf(weight, axis)
  return multiply(weight, divide(desired(norms), add(norms, epsilon)))
}

function normsOf(weight: Tensor, axis: number | readonly number[]): Tensor {
  return sqrt(sum(square(weight), { axis, keepdims: true }))
}
