import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { cast } from './compare.js'
import { ascending } from './ordering.js'
import { composition, notDifferentiable, primitive, type Spec } from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

const searchsortedOp = primitive<{ right: boolean }>({
  name: 'searchsorted',
  arity: 2,
  attributes: { right: 'boolean' },
  infer: (inputs) => {
    const [sorted, x] = inputs as [Spec, Spec]
    if ((sorted.dtype !== 'float32' && sorted.dtype !== 'int32') || x.dtype !== sorted.dtype) {
      const expected = 'a sorted list and values of one dtype, float32 or int32'
      fail('dtype.mismatch', { op: 'searchsorted', expected, got: [sorted.dtype, x.dtype] })
    }
    if (sorted.shape.length !== 1)
      fail('shape.mismatch', { op: 'searchsorted', expected: 'a sorted list', got: [sorted.shape] })
    return { shape: x.shape, dtype: 'int32' }
  },
  kernel: ({ inputs, output, attributes: { right } }) => {
    const [sorted, x] = inputs as [Storage, Storage]
    for (let i = 0; i < output.length; i++) {
      let [low, high] = [0, sorted.length]
      while (low < high) {
        const middle = (low + high) >> 1
        const order = ascending(sorted[middle]!, x[i]!)
        if (order < 0 || (right && order === 0)) low = middle + 1
        else high = middle
      }
      output[i] = low
    }
  },
  vjp: notDifferentiable('its values are indices'),
  samples: () => {
    const list = values([-1.5, -1, -1, -0.25, 0.5, 0.5, 0.5, 1.75])
    return [false, true].flatMap((right) => [
      sample(`right: ${right}`, [list, uniform([5, 7])], { right }),
      sample(`ties, right: ${right}`, [list, values([-1, 0.5, 1.75, -9, 9])], { right }),
      sample(`int32, right: ${right}`, [values([-3, 0, 0, 5], 'int32'), integers([30], -5, 8)], { right }),
      sample(`an empty list, right: ${right}`, [values([]), uniform([3])], { right }),
      sample(`many, right: ${right}`, [list, uniform([9001])], { right }),
      {
        ...valueSample(
          `special values, right: ${right}`,
          [values([-Infinity, 0, Infinity, NaN]), values([NaN, -Infinity, Infinity, -0, 1])],
          { right },
        ),
        unknownToTorch: true,
      },
    ])
  },
  errors: [
    {
      label: 'a side that there is not',
      run: ({ searchsorted }) => searchsorted([1, 2], [1], { side: 'middle' as 'left' }),
      code: 'argument.range',
    },
    { label: 'a matrix', run: ({ searchsorted }) => searchsorted([[1, 2]], [1]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.searchsorted(a, b, right=right)',
})

/**
 * For each value where it belongs in an ascending list, as int32: before elements that are equal to it (`side` 'left', the default) or
 * after them ('right'). NaN belongs at the end.
 *
 * @example
 * lw.ops.searchsorted([1, 2, 4], [3, 2])   // [2, 1]
 */
export function searchsorted(
  sortedSequence: TensorInput,
  x: TensorInput,
  options: { readonly side?: 'left' | 'right' } = {},
): Tensor {
  checkOptions('searchsorted', options, ['side'])
  const { side = 'left' } = options
  if (side !== 'left' && side !== 'right') {
    const expected = "'left' or 'right'"
    fail('argument.range', { op: 'searchsorted', argument: 'side', expected, got: side })
  }
  const sorted = toTensor('searchsorted', sortedSequence)
  return apply(searchsortedOp, [sorted, toTensor('searchsorted', x, sorted.dtype)], {
    right: side === 'right',
  })
}

composition({
  name: 'digitize',
  compose: ([x, bins]) => digitize(x as Tensor, bins as Tensor),
  attributes: {},
  samples: () => [
    sample('floats', [uniform([5, 7]), values([-1, 0, 0.5, 1])]),
    sample('int32', [integers([20], -3, 4), values([-1, 0.5, 2])]),
  ],
  errors: [{ label: 'a matrix', run: ({ digitize }) => digitize([1], [[1]]), code: 'shape.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.bucketize(a.double(), b, right=True)',
})

/**
 * For each element the number of ascending `bins` that are not greater, as int32: the bin that it is in.
 *
 * @example
 * lw.ops.digitize([0.2, 6.4, 3], [0, 1, 2.5, 4, 10])   // [1, 4, 3]
 */
export function digitize(x: TensorInput, bins: TensorInput): Tensor {
  const [value, edges] = [toTensor('digitize', x), toTensor('digitize', bins)]
  if (edges.rank !== 1)
    fail('shape.mismatch', { op: 'digitize', expected: 'a list of bins', got: [edges.shape] })
  return searchsorted(cast(edges, 'float32'), cast(value, 'float32'), { side: 'right' })
}
