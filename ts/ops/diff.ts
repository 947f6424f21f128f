import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { subtract } from './binary.js'
import { composition } from './record.js'
import { integers, sample, uniform } from './samples.js'
import { slice } from './slice.js'

composition<{ n: number; axis: number }>({
  name: 'diff',
  compose: ([x], { n, axis }) => diff(x as Tensor, n, { axis }),
  attributes: { n: 'integer', axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { n: 1, axis: 1 }),
    sample('columns, twice', [uniform([7, 5])], { n: 2, axis: 0 }),
    sample('int32', [integers([9], -9, 9)], { n: 1, axis: 0 }),
    sample('more often than there are elements', [uniform([3])], { n: 4, axis: 0 }),
  ],
  errors: [
    { label: 'a negative order', run: ({ diff }) => diff([1, 2], -1), code: 'argument.range' },
    { label: 'an axis out of range', run: ({ diff }) => diff([1, 2], 1, { axis: 1 }), code: 'axis.range' },
    { label: 'a scalar', run: ({ diff }) => diff(1), code: 'axis.range' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.diff(a, n, dim=axis)',
})

/**
 * The differences of neighbours along `axis` (default: the last), taken `n` times. float32 or int32.
 *
 * @example
 * lw.ops.diff([1, 4, 9])   // [3, 5]
 */
export function diff(x: TensorInput, n = 1, options: { readonly axis?: number } = {}): Tensor {
  checkInteger('diff', 'n', n, 0)
  checkOptions('diff', options, ['axis'])
  const { axis = -1 } = options
  const value = toTensor('diff', x)
  const along = normalizeAxis('diff', axis, value.rank)
  if (value.dtype !== 'float32' && value.dtype !== 'int32')
    fail('dtype.mismatch', { op: 'diff', expected: 'float32 or int32', got: [value.dtype] })
  return applyComposition(`diff ${n} ${along}`, [value], ([input]) => {
    let result = input as Tensor
    for (let i = 0; i < n; i++) result = differences(result, along)
    return result
  })
}

function differences(x: Tensor, axis: number): Tensor {
  const shape = x.shape.map((extent, i) => (i === axis ? Math.max(extent - 1, 0) : extent))
  if (x.shape[axis] === 0) return x
  const start = x.shape.map((_, i) => Number(i === axis))
  const origin = x.shape.map(() => 0)
  const after = shape[axis] === 0 ? origin : start
  return subtract(slice(x, after, shape), slice(x, origin, shape))
}
