import { fail } from '../errors.js'
import { SymbolicTensor } from '../graph/trace.js'
import { checkInteger, checkOptions } from '../options.js'
import { sameShape } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { expandDims } from './axes.js'
import { concatenate } from './join.js'
import { known, largest } from './known.js'
import { oneHot } from './one-hot.js'
import { checkIndex, countingAlong } from './places.js'
import { composition } from './record.js'
import { max } from './reduce.js'
import { integers, sample, uniform } from './samples.js'
import { scatter } from './scatter.js'
import { segmentSum } from './segments.js'

/** What each number counts as, and how many counts there are. */
export interface BincountOptions {
  /** One for each number, of float32 or int32; default: ones. */
  readonly weights?: TensorInput | null
  /** The fewest counts; in a traced function, which does not know the largest number, exactly so many. Default 0. */
  readonly minlength?: number
}

composition<{ minlength: number }>({
  name: 'bincount',
  compose: ([x, weights], { minlength }) => bincount(x as Tensor, { weights: weights ?? null, minlength }),
  attributes: { minlength: 'integer' },
  samples: () => [
    sample('a list', [integers([20], 0, 5)], { minlength: 7 }),
    sample('weights', [integers([20], 0, 5), uniform([20])], { minlength: 5 }),
    sample('int32 weights', [integers([20], 0, 5), integers([20], -9, 9)], { minlength: 5 }),
  ],
  errors: [
    { label: 'a negative number', run: ({ bincount }) => bincount([1, -1]), code: 'index.range' },
    { label: 'fractions', run: ({ bincount }) => bincount([0.5]), code: 'argument.type' },
    {
      label: 'too few weights',
      run: ({ bincount }) => bincount([1, 1], { weights: [1] }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    'torch.bincount(a, minlength=minlength) if "b" not in globals() else torch.zeros(minlength, dtype=b.dtype).index_add(0, a.long(), b)',
})

/**
 * How often each number from 0 on occurs among int32 numbers, as int32; with weights, the sum of its weights. Of a matrix each row is
 * counted for itself.
 *
 * A traced function knows no values, so its result has exactly `minlength` counts, and larger numbers are an error when it runs.
 *
 * @example
 * lw.ops.bincount([1, 1, 3])                                // [0, 2, 0, 1]
 * lw.ops.bincount([0, 1, 1], { weights: [0.5, 1, 2] })      // [0.5, 3]
 */
export function bincount(x: TensorInput, options: BincountOptions = {}): Tensor {
  checkOptions('bincount', options, ['weights', 'minlength'])
  const { weights = null, minlength = 0 } = options
  checkInteger('bincount', 'minlength', minlength, 0)
  const numbers = toTensor('bincount', x, 'int32')
  if (numbers.dtype !== 'int32')
    fail('dtype.mismatch', { op: 'bincount', expected: 'int32', got: [numbers.dtype] })
  if (numbers.rank !== 1 && numbers.rank !== 2)
    fail('shape.mismatch', { op: 'bincount', expected: 'a list or a matrix', got: [numbers.shape] })
  const each =
    weights === null ? broadcastTo(tensor(1, [], 'int32'), numbers.shape) : toTensor('bincount', weights)
  if (!sameShape(each.shape, numbers.shape)) {
    const expected = 'a weight for each number'
    fail('shape.mismatch', { op: 'bincount', expected, got: [numbers.shape, each.shape] })
  }
  const length = lengthFor(numbers, minlength)
  if (numbers.rank === 1) return segmentSum(each, numbers, length)
  const [rows, columns] = numbers.shape as [number, number]
  const row = broadcastTo(countingAlong(0, rows, 2), [rows, columns])
  const indices = concatenate([expandDims(row, -1), expandDims(numbers, -1)], { axis: -1 })
  return scatter(indices, each, [rows, length])
}

function lengthFor(numbers: Tensor, minlength: number): number {
  if (numbers instanceof SymbolicTensor && minlength > 0) return minlength
  const elements = known('bincount', numbers, 'give minlength, which is then the number of counts')
  for (const number of elements) checkIndex('bincount', number, 2 ** 31 - 1)
  return Math.max(minlength, largest(elements) + 1)
}

composition<{ numClasses: number }>({
  name: 'multiHot',
  compose: ([x], { numClasses }) => multiHot(x as Tensor, numClasses),
  attributes: { numClasses: 'integer' },
  samples: () => [
    sample('a list', [integers([3], 0, 7)], { numClasses: 7 }),
    sample('rows', [integers([5, 3], 0, 7)], { numClasses: 7 }),
  ],
  errors: [{ label: 'no classes', run: ({ multiHot }) => multiHot([0], 0), code: 'argument.range' }],
  tolerance: 'exact',
  torch: 'torch.nn.functional.one_hot(a.long(), numClasses).amax(dim=-2)',
})

/**
 * For each row of int32 labels [..., labels] a float32 row [..., numClasses] with 1 at each of its labels. Labels outside the classes are
 * ignored, so that rows can be filled up with -1.
 *
 * @example
 * lw.ops.multiHot([[0, 2], [1, -1]], 3)   // [[1, 0, 1], [0, 1, 0]]
 */
export function multiHot(x: TensorInput, numClasses: number): Tensor {
  checkInteger('multiHot', 'numClasses', numClasses, 1)
  const labels = toTensor('multiHot', x, 'int32')
  if (labels.dtype !== 'int32')
    fail('dtype.mismatch', { op: 'multiHot', expected: 'int32', got: [labels.dtype] })
  const rows = labels.rank === 0 ? reshape(labels, [1]) : labels
  return max(oneHot(rows, numClasses), { axis: rows.rank - 1 })
}
