import { fail } from '../errors.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { expandDims } from './axes.js'
import { minimum } from './binary.js'
import { cast, equal, less } from './compare.js'
import { take, takeAlongAxis } from './gather.js'
import { composition } from './record.js'
import { sum } from './reduce.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'
import { searchsorted } from './searchsorted.js'
import { sort } from './sort.js'

composition({
  name: 'isin',
  compose: ([x, y]) => isin(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('int32', [integers([5, 7], 0, 20), integers([3, 2], 0, 20, 1)]),
    valueSample('floats', [values([1, -0, NaN, 2.5]), values([2.5, 0, NaN])]),
    sample('nothing', [uniform([3]), uniform([0])]),
  ],
  errors: [
    {
      label: 'other dtypes',
      run: ({ cast, isin }) => isin([1], cast([1], 'int32')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.isin(a, b)',
})

/**
 * For each element of the first tensor whether it is one of the second's, as bool. NaN equals nothing. float32 or int32.
 *
 * @param options `invert`: whether it is none of them instead
 *
 * @example
 * lw.ops.isin([1, 2, 3], [3, 1])   // [true, false, true]
 */
export function isin(x1: TensorInput, x2: TensorInput, options: { readonly invert?: boolean } = {}): Tensor {
  checkOptions('isin', options, ['invert'])
  checkBoolean('isin', 'invert', options.invert)
  const { invert = false } = options
  const elements = toTensor('isin', x1)
  const set = toTensor('isin', x2, elements.dtype)
  if (elements.dtype !== set.dtype || (set.dtype !== 'float32' && set.dtype !== 'int32')) {
    const expected = 'two tensors of one dtype, float32 or int32'
    fail('dtype.mismatch', { op: 'isin', expected, got: [elements.dtype, set.dtype] })
  }
  return applyComposition(`isin ${invert}`, [elements, set], ([x, members]) => {
    if (set.size === 0) return cast(broadcastTo(Number(invert), elements.shape), 'bool')
    const sorted = sort(reshape(members as Tensor, [set.size]))
    const places = minimum(searchsorted(sorted, x as Tensor), set.size - 1)
    const found = equal(take(sorted, places), x as Tensor)
    return invert ? equal(found, false) : found
  })
}

composition<{ k: number }>({
  name: 'inTopK',
  compose: ([targets, predictions], { k }) => inTopK(targets as Tensor, predictions as Tensor, k),
  attributes: { k: 'integer' },
  samples: () => [
    sample('rows', [integers([9], 0, 7), uniform([9, 7])], { k: 3 }),
    sample('ties', [integers([9], 0, 7), { ...integers([9, 7], 0, 3), dtype: 'float32' }], { k: 2 }),
  ],
  errors: [
    { label: 'none', run: ({ inTopK }) => inTopK([0], [[1, 2]], 0), code: 'argument.range' },
    {
      label: 'too few targets',
      run: ({ inTopK }) => inTopK([0], [[1], [2]], 1),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch: '(b > b.gather(1, a.long()[:, None])).sum(1) < k',
})

/**
 * For each row of float32 `predictions` [rows, classes] whether that of its int32 target is among the `k` largest, as bool. Ties are in.
 *
 * @throws index.range when the op runs and a target is not a class
 *
 * @example
 * lw.ops.inTopK([1, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], 2)   // [true, false]
 */
export function inTopK(targets: TensorInput, predictions: TensorInput, k: number): Tensor {
  checkInteger('inTopK', 'k', k, 1)
  const [labels, scores] = [toTensor('inTopK', targets, 'int32'), toTensor('inTopK', predictions)]
  if (scores.rank !== 2 || !sameShape(labels.shape, scores.shape.slice(0, 1))) {
    const expected = 'targets [rows] and predictions [rows, classes]'
    fail('shape.mismatch', { op: 'inTopK', expected, got: [labels.shape, scores.shape] })
  }
  const target = takeAlongAxis(scores, expandDims(labels, 1), { axis: 1 })
  return less(sum(cast(less(target, scores), 'int32'), { axis: 1 }), k)
}
