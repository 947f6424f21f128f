import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { transpose } from './array.js'
import { expandDims } from './axes.js'
import { cast, equal } from './compare.js'
import { composition, primitive, type Spec } from './record.js'
import { array, integers, sample, uniform, valueSample, values } from './samples.js'

/** For each row its maximum and the sum of exp(x - maximum). */
function forEachRow(
  x: Storage,
  columns: number,
  visit: (start: number, maximum: number, total: number) => void,
): void {
  for (let start = 0; start < x.length; start += columns) {
    let maximum = -Infinity
    for (let j = 0; j < columns; j++) maximum = Math.max(maximum, x[start + j] as number)
    let total = 0
    for (let j = 0; j < columns; j++) total += Math.exp((x[start + j] as number) - maximum)
    visit(start, maximum, total)
  }
}

const softmaxOp = primitive({
  name: 'softmax',
  arity: 1,
  attributes: {},
  infer: ([x]) => {
    const { shape, dtype } = x as Spec
    if (dtype !== 'float32') fail('dtype.mismatch', { op: 'softmax', expected: 'float32', got: [dtype] })
    if (shape.length === 0)
      fail('shape.mismatch', { op: 'softmax', expected: 'a tensor of rank 1 or more', got: [shape] })
    return { shape, dtype }
  },
  kernel: ({ inputs, output, specs: [spec] }) => {
    const [x] = inputs as [Storage]
    const columns = (spec as Spec).shape.at(-1) as number
    forEachRow(x, columns, (start, maximum, total) => {
      for (let j = start; j < start + columns; j++) output[j] = Math.exp((x[j] as number) - maximum) / total
    })
  },
  vjp: ({ output, gradient }, { multiply, subtract, sum }) => [
    multiply(output, subtract(gradient, sum(multiply(gradient, output), { axis: -1, keepdims: true }))),
  ],
  samples: () => [
    ...[1, 2, 7, 10, 16, 17, 33, 100, 1000].map((columns) =>
      sample(`rows of ${columns}`, [uniform([5, columns], -4, 4)]),
    ),
    sample('many rows', [uniform([5003, 17], -4, 4)]),
    sample('rank 1', [uniform([9])]),
    sample('rank 3', [uniform([2, 3, 5])]),
    sample('large logits', [array([3, 4], 'float32', (i) => 1000 + i)]),
    valueSample('special values', [
      {
        ...values([NaN, 1, 2, -Infinity, 0, 1, Infinity, 1, 2, -Infinity, -Infinity, -Infinity]),
        shape: [4, 3],
      },
    ]),
    sample('nothing', [uniform([0, 3])]),
  ],
  errors: [
    { label: 'a scalar', run: ({ softmax }) => softmax(1), code: 'axis.range' },
    { label: 'int32', run: ({ softmax }) => softmax(tensor(new Int32Array([1, 2]))), code: 'dtype.mismatch' },
  ],
  // One rounding for x - maximum, of up to 20 here, dominates: exp turns it into as many ulps.
  tolerance: { relative: 4e-6 },
  magnitude: ({ inputs, output, specs: [spec] }) => {
    const [x] = inputs as [Storage]
    const columns = (spec as Spec).shape.at(-1) as number
    forEachRow(x, columns, (start, maximum, total) => {
      for (let j = start; j < start + columns; j++) output[j] = Math.exp((x[j] as number) - maximum) / total
    })
  },
  torch: 'torch.softmax(a, dim=-1)',
})

/** exp(x) divided by its sum along `axis` (default: the last), computed so that large values do not overflow. float32. */
export function softmax(x: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('softmax', options, ['axis'])
  const { axis = -1 } = options
  const value = toTensor('softmax', x)
  const along = normalizeAxis('softmax', axis, value.rank)
  if (along === value.rank - 1) return apply(softmaxOp, [value])
  const swap = value.shape.map((_, i) => (i === along ? value.rank - 1 : i === value.rank - 1 ? along : i))
  return transpose(apply(softmaxOp, [transpose(value, swap)]), swap)
}

const crossentropyOp = primitive({
  name: 'sparseSoftmaxCrossentropy',
  arity: 2,
  attributes: {},
  infer: (inputs) => {
    const [logits, labels] = inputs as [Spec, Spec]
    if (logits.dtype !== 'float32' || labels.dtype !== 'int32') {
      fail('dtype.mismatch', {
        op: 'sparseSoftmaxCrossentropy',
        expected: 'float32 logits and int32 labels',
        got: [logits.dtype, labels.dtype],
      })
    }
    if (logits.shape.length !== 2 || labels.shape.length !== 1 || logits.shape[0] !== labels.shape[0]) {
      fail('shape.mismatch', {
        op: 'sparseSoftmaxCrossentropy',
        expected: 'logits [rows, classes] and labels [rows]',
        got: [logits.shape, labels.shape],
      })
    }
    return { shape: labels.shape, dtype: 'float32' }
  },
  kernel: ({ inputs, output, specs: [spec] }) => {
    const [logits, labels] = inputs as [Storage, Storage]
    const classes = (spec as Spec).shape[1] as number
    forEachRow(logits, classes, (start, maximum, total) => {
      const label = labels[start / classes] as number
      const known = label >= 0 && label < classes
      output[start / classes] = known ? maximum - (logits[start + label] as number) + Math.log(total) : NaN
    })
  },
  magnitude: ({ inputs, output, specs: [spec] }) => {
    const [logits, labels] = inputs as [Storage, Storage]
    const classes = (spec as Spec).shape[1] as number
    forEachRow(logits, classes, (start, maximum, total) => {
      const label = labels[start / classes] as number
      output[start / classes] = 1 + Math.abs(maximum - (logits[start + label] ?? 0)) + Math.log(total)
    })
  },
  vjp: ({ inputs, gradient }, { expandDims, multiply, oneHot, softmax, subtract }) => {
    const [logits, labels] = inputs as [Tensor, Tensor]
    const difference = subtract(softmax(logits), oneHot(labels, logits.shape[1] as number))
    return [multiply(difference, expandDims(gradient, -1)), null]
  },
  samples: () => [
    ...[1, 2, 10, 17, 1000].map((classes) =>
      sample(`${classes} classes`, [uniform([7, classes], -4, 4), integers([7], 0, classes)]),
    ),
    sample('many rows', [uniform([8009, 10], -4, 4), integers([8009], 0, 10)]),
    sample('large logits', [array([3, 4], 'float32', (i) => 1000 * (i % 5)), integers([3], 0, 4)]),
    {
      ...valueSample('labels out of range', [uniform([3, 4]), values([-1, 4, 2], 'int32')]),
      unknownToTorch: true,
    },
    valueSample('special values', [
      { ...values([NaN, 1, -Infinity, 0]), shape: [2, 2] },
      values([1, 1], 'int32'),
    ]),
  ],
  errors: [
    {
      label: 'float labels',
      run: ({ sparseSoftmaxCrossentropy }) => sparseSoftmaxCrossentropy([[1, 2]], [0]),
      code: 'dtype.mismatch',
    },
    {
      label: 'another number of labels',
      run: ({ sparseSoftmaxCrossentropy }) =>
        sparseSoftmaxCrossentropy([[1, 2]], tensor(new Int32Array([0, 1]))),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: "torch.nn.functional.cross_entropy(a, b.long(), reduction='none')",
})

/**
 * For each row of `logits` [rows, classes] the negative logarithm of softmax(row) at its int32 label, computed in one pass without
 * overflow: float32 [rows]. A label outside the classes gives NaN.
 */
export function sparseSoftmaxCrossentropy(logits: TensorInput, labels: TensorInput): Tensor {
  const op = 'sparseSoftmaxCrossentropy'
  return apply(crossentropyOp, [toTensor(op, logits), toTensor(op, labels)])
}

composition<{ numClasses: number }>({
  name: 'oneHot',
  compose: ([x], { numClasses }) => oneHot(x as Tensor, numClasses),
  attributes: { numClasses: 'integer' },
  samples: () => [sample('labels', [integers([9], 0, 5)], { numClasses: 5 })],
  errors: [{ label: 'float labels', run: ({ oneHot }) => oneHot([0.5], 2), code: 'dtype.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.nn.functional.one_hot(a.long(), numClasses)',
})

/** For each int32 label a float32 row of `numClasses` with 1 at the label; labels outside give rows of zeros. */
export function oneHot(x: TensorInput, numClasses: number): Tensor {
  const labels = toTensor('oneHot', x)
  if (labels.dtype !== 'int32')
    fail('dtype.mismatch', { op: 'oneHot', expected: 'int32', got: [labels.dtype] })
  checkInteger('oneHot', 'numClasses', numClasses, 1)
  const classes = tensor(Int32Array.from({ length: numClasses }, (_, i) => i))
  return cast(equal(expandDims(labels, -1), classes), 'float32')
}
