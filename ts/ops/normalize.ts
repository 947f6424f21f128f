import { fail } from '../errors.js'
import { checkInteger, checkOptions, checkPositive } from '../options.js'
import { normalizeAxes } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { divide, maximum } from './binary.js'
import { epsilon as keepsFinite } from './epsilon.js'
import { norm } from './norm.js'
import { composition } from './record.js'
import { sample, uniform } from './samples.js'
import { mean, var as variance } from './statistics.js'

composition<{ axis: number; order: number }>({
  name: 'normalize',
  compose: ([x], options) => normalize(x as Tensor, options),
  attributes: { axis: 'integer', order: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: -1, order: 2 }),
    sample('columns of order 1', [uniform([5, 7])], { axis: 0, order: 1 }),
    sample('order 3', [uniform([2, 3, 5])], { axis: 1, order: 3 }),
  ],
  errors: [
    { label: 'order 0', run: ({ normalize }) => normalize([1, 2], { order: 0 }), code: 'argument.range' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.nn.functional.normalize(a, p=order, dim=axis, eps=1e-7)',
})

/**
 * x divided by its norm along an axis.
 *
 * @param options axis (default: the last), order of the norm (default 2), epsilon: what the norm is at least (default 1e-7)
 *
 * @example
 * lw.ops.normalize([3, 4])   // [0.6, 0.8]
 */
export function normalize(
  x: TensorInput,
  options: { readonly axis?: number; readonly order?: number; readonly epsilon?: number } = {},
): Tensor {
  checkOptions('normalize', options, ['axis', 'order', 'epsilon'])
  const { axis = -1, order = 2, epsilon = keepsFinite } = options
  checkInteger('normalize', 'order', order, 1)
  checkPositive('normalize', 'epsilon', epsilon)
  return applyComposition(`normalize ${axis} ${order} ${epsilon}`, [toTensor('normalize', x)], ([value]) =>
    divide(value as Tensor, maximum(norm(value as Tensor, { ord: order, axis, keepdims: true }), epsilon)),
  )
}

composition<{ axes: readonly number[]; variance: boolean }>({
  name: 'moments',
  compose: ([x], options) => moments(x as Tensor, options.axes)[options.variance ? 1 : 0],
  attributes: { axes: 'integers', variance: 'boolean' },
  samples: () => [
    sample('mean', [uniform([3, 5, 7])], { axes: [0, 2], variance: false }),
    sample('variance', [uniform([3, 5, 7])], { axes: [0, 2], variance: true }),
  ],
  errors: [
    { label: 'int32', run: ({ cast, moments }) => moments(cast([1], 'int32'), 0), code: 'dtype.mismatch' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.var(a, dim=axes, unbiased=False) if variance else torch.mean(a, dim=axes)',
})

/** The mean and the variance of a float32 tensor over axes: `[mean, variance]`. */
export function moments(
  x: TensorInput,
  axes: number | readonly number[],
  options: { readonly keepdims?: boolean } = {},
): [Tensor, Tensor] {
  checkOptions('moments', options, ['keepdims'])
  const value = toTensor('moments', x)
  if (value.dtype !== 'float32')
    fail('dtype.mismatch', { op: 'moments', expected: 'float32', got: [value.dtype] })
  const over = { ...options, axis: normalizeAxes('moments', axes, value.rank) }
  return [mean(value, over), variance(value, over)]
}
