import {
  greater,
  leakyRelu,
  maximum,
  minimum,
  multiply,
  relu as plainRelu,
  subtract,
  where,
} from '../ops/index.js'
import { checkNumber } from '../ops/pointwise.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'

export interface ReluOptions {
  /** The slope below the threshold; default 0. */
  readonly negativeSlope?: number
  /** What the result is at most; default null, no limit. */
  readonly maxValue?: number | null
  /** Up to here the result is 0, or falls with the slope; default 0. */
  readonly threshold?: number
}

/**
 * The rectified linear unit: x where it is above the threshold, at most `maxValue`, else negativeSlope · (x - threshold).
 *
 * @throws argument.unknown, argument.range
 *
 * @example
 * lw.activations.relu(lw.tensor([-10, -5, 0, 5, 10]), { negativeSlope: 0.5 })   // [-5, -2.5, 0, 5, 10]
 */
export function relu(x: Tensor, options: ReluOptions = {}): Tensor {
  checkOptions('relu', options, ['negativeSlope', 'maxValue', 'threshold'])
  const { negativeSlope = 0, maxValue = null, threshold = 0 } = options
  checkNumber('relu', 'negativeSlope', negativeSlope)
  checkNumber('relu', 'threshold', threshold)
  if (maxValue !== null) checkNumber('relu', 'maxValue', maxValue)
  if (maxValue === null && threshold === 0) {
    return negativeSlope === 0 ? plainRelu(x) : leakyRelu(x, { negativeSlope })
  }
  const rectified = threshold === 0 ? plainRelu(x) : where(greater(x, threshold), x, 0)
  const limited = maxValue === null ? rectified : minimum(maximum(rectified, 0), maxValue)
  return negativeSlope === 0
    ? limited
    : subtract(limited, multiply(plainRelu(subtract(threshold, x)), negativeSlope))
}
