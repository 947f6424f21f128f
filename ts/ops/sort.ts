import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape, transpose } from './array.js'
import { batchAlike } from './batch.js'
import { cast } from './compare.js'
import { takeAlongAxis } from './gather.js'
import { ascending } from './ordering.js'
import { composition, notDifferentiable, primitive, type Spec } from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

/** The axis to sort along: default the last; null sorts the flattened tensor. */
export interface SortOptions {
  readonly axis?: number | null
}

const argsortOp = primitive<{ count: number; descending: boolean }>({
  name: 'argsort',
  arity: 1,
  batch: batchAlike,
  attributes: { count: 'integer', descending: 'boolean' },
  infer: ([x], { count }) => {
    const { shape, dtype } = x as Spec
    if (dtype !== 'float32' && dtype !== 'int32')
      fail('dtype.mismatch', { op: 'argsort', expected: 'float32 or int32', got: [dtype] })
    if (shape.length === 0)
      fail('shape.mismatch', { op: 'argsort', expected: 'a tensor of rank 1 or more', got: [shape] })
    const columns = shape.at(-1) as number
    checkInteger('argsort', 'count', count, 0)
    if (count > columns) {
      const expected = `at most ${columns}, the number of elements along the axis`
      fail('argument.range', { op: 'argsort', argument: 'count', expected, got: count })
    }
    return { shape: [...shape.slice(0, -1), count], dtype: 'int32' }
  },
  kernel: ({ inputs, output, specs, attributes: { count, descending } }) => {
    const [x] = inputs as [Storage]
    const columns = (specs[0] as Spec).shape.at(-1) as number
    for (let row = 0; row * count < output.length; row++) {
      const at = (place: number) => x[row * columns + place]!
      const order = Array.from({ length: columns }, (_, place) => place)
      order.sort((i, j) => (descending ? ascending(at(j), at(i)) : ascending(at(i), at(j))))
      for (let i = 0; i < count; i++) output[row * count + i] = order[i]!
    }
  },
  vjp: notDifferentiable('its values are indices'),
  samples: () => [
    sample('a list', [uniform([17])], { count: 17, descending: false }),
    sample('rows', [uniform([5, 9])], { count: 9, descending: false }),
    sample('rows, descending', [uniform([5, 9])], { count: 9, descending: true }),
    sample('the first', [uniform([5, 9])], { count: 3, descending: true }),
    sample('ties', [integers([3, 20], 0, 4)], { count: 20, descending: false }),
    sample('ties, descending', [integers([3, 20], 0, 4)], { count: 7, descending: true }),
    sample('int32', [integers([5, 9], -(2 ** 31), 2 ** 31)], { count: 9, descending: false }),
    sample('many rows', [uniform([700, 33])], { count: 33, descending: false }),
    sample('long rows', [uniform([3, 3001])], { count: 3001, descending: false }),
    sample('the first of long rows', [uniform([3, 3001])], { count: 10, descending: true }),
    sample('nothing', [uniform([3, 0])], { count: 0, descending: false }),
    valueSample('special values', [values([NaN, 1, -0, Infinity, 0, -Infinity, NaN, -1])], {
      count: 8,
      descending: false,
    }),
    valueSample('special values, descending', [values([1, NaN, 0, -Infinity, -0, NaN, Infinity])], {
      count: 7,
      descending: true,
    }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ argsort }) => argsort([1], { axis: 1 }), code: 'axis.range' },
    { label: 'uint8', run: ({ argsort, cast }) => argsort(cast([1], 'uint8')), code: 'dtype.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.sort(a, dim=-1, descending=descending, stable=True).indices[..., :count]',
})

/**
 * The places of the elements in ascending order along `axis` (default: the last), as int32. Equal elements keep their order; NaN comes
 * last. float32, int32 or bool.
 *
 * @example
 * lw.ops.argsort([30, 10, 20])   // [1, 2, 0]
 */
export function argsort(x: TensorInput, options: SortOptions = {}): Tensor {
  return alongLast('argsort', x, options, order)
}

composition<{ axis: number }>({
  name: 'sort',
  compose: ([x], { axis }) => sort(x as Tensor, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: 1 }),
    sample('columns', [uniform([7, 5])], { axis: 0 }),
    sample('the middle', [uniform([3, 5, 4])], { axis: 1 }),
    sample('int32', [integers([20], 0, 5)], { axis: 0 }),
    valueSample('special values', [values([NaN, 1, Infinity, -Infinity, NaN, -1])], { axis: 0 }),
  ],
  errors: [{ label: 'an axis out of range', run: ({ sort }) => sort([1], { axis: 1 }), code: 'axis.range' }],
  tolerance: 'exact',
  torch: 'torch.sort(a, dim=axis, stable=True).values',
})

/**
 * The elements in ascending order along `axis` (default: the last); NaN comes last. float32, int32 or bool.
 *
 * @example
 * lw.ops.sort([30, 10, 20])   // [10, 20, 30]
 */
export function sort(x: TensorInput, options: SortOptions = {}): Tensor {
  return alongLast('sort', x, options, (rows) => takeAlongAxis(rows, order(rows), { axis: -1 }))
}

composition<{ kth: number; axis: number }>({
  name: 'argpartition',
  compose: ([x], { kth, axis }) => argpartition(x as Tensor, kth, { axis }),
  attributes: { kth: 'integer', axis: 'integer' },
  samples: () => [sample('rows', [uniform([5, 7])], { kth: 3, axis: 1 })],
  errors: [
    {
      label: 'a place out of range',
      run: ({ argpartition }) => argpartition([1, 2], 2),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.sort(a, dim=axis, stable=True).indices',
})

/**
 * The places of the elements along `axis` (default: the last) so that the `kth` smallest is where sorting puts it, smaller ones before it
 * and larger ones after it, as int32. These come sorted themselves, as {@link argsort} gives them.
 *
 * @example
 * lw.ops.argpartition([7, 1, 5], 1)   // [1, 2, 0]
 */
export function argpartition(x: TensorInput, kth: number, options: SortOptions = {}): Tensor {
  checkOptions('argpartition', options, ['axis'])
  const value = toTensor('argpartition', x)
  const { axis = -1 } = options
  const count =
    axis === null ? value.size : (value.shape[normalizeAxis('argpartition', axis, value.rank)] as number)
  if (!Number.isInteger(kth) || kth < -count || kth >= count) {
    const expected = `an integer from ${-count} to ${count - 1}`
    fail('argument.range', { op: 'argpartition', argument: 'kth', expected, got: kth })
  }
  return argsort(value, { axis })
}

composition<{ k: number }>({
  name: 'topK',
  compose: ([x], { k }) => topK(x as Tensor, k).values,
  attributes: { k: 'integer' },
  samples: () => [
    sample('a list', [uniform([17])], { k: 5 }),
    sample('rows', [uniform([2, 3, 7])], { k: 3 }),
    sample('all', [integers([5, 7], -9, 9)], { k: 7 }),
  ],
  errors: [
    { label: 'more than there are', run: ({ topK }) => topK([1, 2], 3), code: 'argument.range' },
    { label: 'a scalar', run: ({ topK }) => topK(1, 1), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.topk(a, k, dim=-1).values',
})

/**
 * The `k` largest elements along the last axis, the largest first, and where they are, as int32. Of equal ones the first come first; NaN
 * counts as the largest.
 *
 * @param options `sorted`: false allows any order of the k; they are sorted all the same
 *
 * @example
 * lw.ops.topK([10, 40, 20], 2)   // { values: [40, 20], indices: [1, 2] }
 */
export function topK(
  x: TensorInput,
  k: number,
  options: { readonly sorted?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  checkOptions('topK', options, ['sorted'])
  checkBoolean('topK', 'sorted', options.sorted)
  const given = toTensor('topK', x)
  const columns = given.shape.at(-1)
  if (columns === undefined)
    fail('shape.mismatch', { op: 'topK', expected: 'a tensor of rank 1 or more', got: [given.shape] })
  if (!Number.isInteger(k) || k < 0 || k > columns) {
    const expected = `an integer from 0 to ${columns}, the number of elements along the last axis`
    fail('argument.range', { op: 'topK', argument: 'k', expected, got: k })
  }
  const indices = order(given, k, true)
  return { values: takeAlongAxis(given, indices, { axis: -1 }), indices }
}

/** The places of the first elements of each row in order; bools count as the integers 0 and 1. */
function order(rows: Tensor, count = rows.shape.at(-1) as number, descending = false): Tensor {
  const numbers = rows.dtype === 'bool' ? cast(rows, 'int32') : rows
  return apply(argsortOp, [numbers], { count, descending })
}

/** Does something along an axis that is done along the last. */
function alongLast(
  op: string,
  x: TensorInput,
  options: SortOptions,
  along: (rows: Tensor) => Tensor,
): Tensor {
  checkOptions(op, options, ['axis'])
  const { axis = -1 } = options
  const given = toTensor(op, x)
  const at = axis === null ? null : normalizeAxis(op, axis, given.rank)
  return applyComposition(`${op} ${at}`, [given], ([input]) => {
    const value = input as Tensor
    if (at === null) return along(reshape(value, [value.size]))
    if (at === value.rank - 1) return along(value)
    const swap = value.shape.map((_, i) => (i === at ? value.rank - 1 : i === value.rank - 1 ? at : i))
    return transpose(along(transpose(value, swap)), swap)
  })
}
