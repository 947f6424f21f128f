import { type Described, describe } from '../described.js'
import { fail } from '../errors.js'
import {
  absolute,
  add,
  divide,
  matmul,
  maximum,
  multiply,
  oneHot,
  sqrt,
  square,
  subtract,
  sum,
  transpose,
} from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { type Tensor, tensor } from '../tensor.js'

/** A penalty on a weight or on a layer's output: a function that gives a float32 scalar, which training adds to the loss. */
export interface Regularizer extends Partial<Described> {
  (x: Tensor): Tensor
}

/**
 * l1 · Σ|x|, which drives weights to zero.
 *
 * @param config l1 (default 0.01)
 * @throws argument.range, argument.unknown
 */
export function l1(config: { readonly l1?: number } = {}): Regularizer {
  checkOptions('l1', config, ['l1'])
  const { l1 = 0.01 } = config
  checkInterval('l1', 'l1', l1, { minimum: 0 })
  return describe((x: Tensor) => multiply(sum(absolute(x)), l1), 'l1', { l1 })
}

/**
 * l2 · Σx², which keeps weights small.
 *
 * @param config l2 (default 0.01)
 * @throws argument.range, argument.unknown
 */
export function l2(config: { readonly l2?: number } = {}): Regularizer {
  checkOptions('l2', config, ['l2'])
  const { l2 = 0.01 } = config
  checkInterval('l2', 'l2', l2, { minimum: 0 })
  return describe((x: Tensor) => multiply(sum(square(x)), l2), 'l2', { l2 })
}

/**
 * l1 · Σ|x| + l2 · Σx².
 *
 * @param config l1 and l2 (default 0)
 * @throws argument.range, argument.unknown
 */
export function l1l2(config: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  checkOptions('l1l2', config, ['l1', 'l2'])
  const { l1 = 0, l2 = 0 } = config
  checkInterval('l1l2', 'l1', l1, { minimum: 0 })
  checkInterval('l1l2', 'l2', l2, { minimum: 0 })
  const penalty = (x: Tensor) => add(multiply(sum(absolute(x)), l1), multiply(sum(square(x)), l2))
  return describe(penalty, 'l1l2', { l1, l2 })
}

/**
 * factor times the mean |cosine| of the angle between each two rows of a matrix (or columns), which drives them to be orthogonal.
 *
 * @param config factor (default 0.01); mode, 'rows' (default) or 'columns'
 * @throws argument.range, argument.unknown; shape.mismatch when it is applied to anything but a matrix
 */
export function orthogonalRegularizer(
  config: { readonly factor?: number; readonly mode?: 'rows' | 'columns' } = {},
): Regularizer {
  checkOptions('orthogonalRegularizer', config, ['factor', 'mode'])
  const { factor = 0.01, mode = 'rows' } = config
  checkInterval('orthogonalRegularizer', 'factor', factor, { minimum: 0 })
  if (mode !== 'rows' && mode !== 'columns') {
    const expected = "'rows' or 'columns'"
    fail('argument.range', { op: 'orthogonalRegularizer', argument: 'mode', expected, got: mode })
  }
  const penalty = (x: Tensor): Tensor => {
    if (x.rank !== 2) {
      fail('shape.mismatch', { op: 'orthogonalRegularizer', expected: 'a matrix', got: [x.shape] })
    }
    const given = mode === 'rows' ? x : transpose(x)
    const count = given.shape[0] as number
    // Bounded before the root, whose slope at 0 is infinite.
    const norms = sqrt(maximum(sum(square(given), { axis: 1, keepdims: true }), 1e-14))
    const vectors = divide(given, norms)
    const identity = oneHot(tensor(Int32Array.from({ length: count }, (_, i) => i)), count)
    const cosines = multiply(matmul(vectors, transpose(vectors)), subtract(1, identity))
    return multiply(sum(absolute(cosines)), factor / (count * (count - 1)))
  }
  return describe(penalty, 'orthogonalRegularizer', { factor, mode })
}
