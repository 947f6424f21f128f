import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis, type Shape, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { add, multiply, subtract } from './binary.js'
import { composition } from './record.js'
import { sum } from './reduce.js'
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
    for (let i = 0; i < n; i++) result = neighbours(result, along, subtract)
    return result
  })
}

composition<{ axis: number }>({
  name: 'trapezoid',
  compose: ([y, x], { axis }) => trapezoid(y as Tensor, { axis, ...(x && { x }) }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: 1 }),
    sample('places', [uniform([5, 7]), uniform([5], -2, 2, 1)], { axis: 0 }),
    sample('places of each', [uniform([5, 7]), uniform([5, 7], -2, 2, 1)], { axis: 1 }),
  ],
  errors: [
    {
      label: 'too few places',
      run: ({ trapezoid }) => trapezoid([1, 2, 3], { x: [0, 1] }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    'torch.trapezoid(a, dim=axis) if "b" not in globals() else torch.trapezoid(a, b if b.dim() == a.dim() else b[:, None], dim=axis)',
})

/**
 * The integral along `axis` (default: the last) of what goes straight from each element to the next, of float32.
 *
 * @param options `x`: where the elements are, a list or a tensor of the shape of `y`; without it they are `dx` apart, default 1
 *
 * @example
 * lw.ops.trapezoid([1, 2, 3])                        // 4
 * lw.ops.trapezoid([1, 2, 3], { x: [4, 6, 8] })      // 8
 */
export function trapezoid(
  y: TensorInput,
  options: { readonly x?: TensorInput; readonly dx?: number; readonly axis?: number } = {},
): Tensor {
  checkOptions('trapezoid', options, ['x', 'dx', 'axis'])
  const { x, dx = 1, axis = -1 } = options
  const value = toTensor('trapezoid', y)
  const along = normalizeAxis('trapezoid', axis, value.rank)
  const places = x === undefined ? [] : [placesAlong(toTensor('trapezoid', x), value.shape, along)]
  return applyComposition(`trapezoid ${dx} ${along}`, [value, ...places], ([heights, at]) => {
    const pairs = neighbours(heights as Tensor, along, add)
    const widths = at ? neighbours(at, along, subtract) : dx
    return multiply(sum(multiply(pairs, widths), { axis: along }), 0.5)
  })
}

/** Places along an axis in a shape that broadcasts to that of the elements. */
function placesAlong(x: Tensor, shape: Shape, axis: number): Tensor {
  if (sameShape(x.shape, shape)) return x
  if (!sameShape(x.shape, [shape[axis] as number])) {
    const expected = 'x of the shape of y, or a list along the axis'
    fail('shape.mismatch', { op: 'trapezoid', expected, got: [shape, x.shape] })
  }
  return reshape(
    x,
    shape.map((extent, i) => (i === axis ? extent : 1)),
  )
}

/** Each element after the first with the one before it, joined. */
function neighbours(x: Tensor, axis: number, join: (after: Tensor, before: Tensor) => Tensor): Tensor {
  const shape = x.shape.map((extent, i) => (i === axis ? Math.max(extent - 1, 0) : extent))
  if (x.shape[axis] === 0) return x
  const start = x.shape.map((_, i) => Number(i === axis))
  const origin = x.shape.map(() => 0)
  const after = shape[axis] === 0 ? origin : start
  return join(slice(x, after, shape), slice(x, origin, shape))
}
