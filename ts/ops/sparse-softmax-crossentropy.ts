import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { type Tensor, tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { primitive, type Spec } from './record.js'
import { forEachRow } from './rows.js'
import { array, integers, sample, uniform, valueSample, values } from './samples.js'

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
