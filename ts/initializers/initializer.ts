import { type Described, describe } from '../described.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { multiply, oneHot } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { filled, tensor } from '../tensor.js'

/** Makes a weight's first value: float32 of the given shape. */
export interface Initializer extends Partial<Described> {
  (shape: Shape): Tensor
}

/** Raises unless `value` is a finite number. */
export function checkFinite(op: string, argument: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    fail('argument.range', { op, argument, expected: 'a finite number', got: value })
  }
}

/**
 * All elements of one value.
 *
 * @param config value (default 0)
 * @throws argument.range, argument.unknown
 */
export function constant(config: { readonly value?: number } = {}): Initializer & Described {
  checkOptions('constant', config, ['value'])
  const { value = 0 } = config
  checkFinite('constant', 'value', value)
  return describe((shape: Shape) => filled(shape, value, executor().float64), 'constant', config)
}

/** All zeros. The default of biases. */
export function zeros(config: Readonly<Record<string, never>> = {}): Initializer & Described {
  checkOptions('zeros', config, [])
  return describe((shape: Shape) => filled(shape, 0, executor().float64), 'zeros', {})
}

/** All ones. */
export function ones(config: Readonly<Record<string, never>> = {}): Initializer & Described {
  checkOptions('ones', config, [])
  return describe((shape: Shape) => filled(shape, 1, executor().float64), 'ones', {})
}

/**
 * A matrix with `gain` on its diagonal and zeros elsewhere.
 *
 * @param config gain (default 1)
 * @throws argument.range, argument.unknown; shape.mismatch for anything but a matrix
 */
export function identity(config: { readonly gain?: number } = {}): Initializer & Described {
  checkOptions('identity', config, ['gain'])
  const { gain = 1 } = config
  checkFinite('identity', 'gain', gain)
  const initializer = (shape: Shape) => {
    const [rows, columns] = shape
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      return fail('shape.mismatch', { op: 'identity', expected: 'a matrix', got: [shape] })
    }
    const diagonal = tensor(Int32Array.from({ length: rows }, (_, i) => i))
    return multiply(oneHot(diagonal, Math.max(1, columns)), gain)
  }
  return describe(initializer, 'identity', config)
}
