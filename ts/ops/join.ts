import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxis, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput } from './apply.js'
import { expandDims } from './axes.js'
import { batchAlongAxes } from './batch.js'
import { toTensors } from './broadcast.js'
import { composition, primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'

const concatenateOp = primitive<{ axis: number }>({
  name: 'concatenate',
  arity: 'variadic',
  batch: batchAlongAxes,
  attributes: { axis: 'integer' },
  infer: (inputs, { axis }) => {
    const { shape, dtype } = inputs[0] as Spec
    if (shape.length === 0) {
      fail('shape.mismatch', { op: 'concatenate', expected: 'tensors of rank 1 or more', got: [shape] })
    }
    const along = normalizeAxis('concatenate', axis, shape.length)
    for (const other of inputs) {
      if (other.dtype !== dtype) {
        const got = inputs.map((input) => input.dtype)
        fail('dtype.mismatch', { op: 'concatenate', expected: 'tensors of one dtype', got })
      }
      const alike = (extent: number, i: number) => i === along || extent === shape[i]
      if (other.shape.length !== shape.length || !other.shape.every(alike)) {
        fail('shape.mismatch', {
          op: 'concatenate',
          expected: `shapes that are equal but for axis ${along}`,
          got: inputs.map((input) => input.shape),
        })
      }
    }
    const extent = inputs.reduce((sum, input) => sum + (input.shape[along] as number), 0)
    return { shape: shape.map((other, i) => (i === along ? extent : other)), dtype }
  },
  kernel: ({ inputs, specs, output, outputSpec, attributes: { axis } }) => {
    const rows = sizeOf(outputSpec.shape.slice(0, axis))
    const widths = specs.map(({ shape }) => sizeOf(shape.slice(axis)))
    let to = 0
    for (let row = 0; row < rows; row++) {
      inputs.forEach((input: Storage, k) => {
        const width = widths[k]!
        for (let i = 0; i < width; i++) output[to++] = input[row * width + i]!
      })
    }
  },
  vjp: ({ inputs, gradient, attributes: { axis } }, { slice }) => {
    let from = 0
    return inputs.map(({ shape }) => {
      const start = shape.map((_, i) => (i === axis ? from : 0))
      from += shape[axis] as number
      return slice(gradient, start, shape)
    })
  },
  samples: () => [
    sample('rows', [uniform([2, 3]), uniform([5, 3], -2, 2, 1), uniform([1, 3], -2, 2, 2)], { axis: 0 }),
    sample('columns', [uniform([5, 1]), uniform([5, 7], -2, 2, 1)], { axis: 1 }),
    sample(
      'the middle, one of them empty',
      [uniform([2, 3, 4]), uniform([2, 0, 4]), uniform([2, 2, 4], -2, 2, 2)],
      { axis: 1 },
    ),
    sample('one', [uniform([2, 3])], { axis: 1 }),
    sample('empty', [uniform([0, 3]), uniform([0, 2])], { axis: 1 }),
    sample(
      'seventeen',
      Array.from({ length: 17 }, (_, k) => uniform([3, 1 + (k % 3)], -2, 2, k)),
      { axis: 1 },
    ),
    sample('large', [uniform([300, 70]), uniform([300, 257], -2, 2, 1)], { axis: 1 }),
    sample('int32', [integers([4], -9, 9), integers([3], -9, 9, 1)], { axis: 0 }),
    sample('bool', [booleans([3, 5]), booleans([3, 2], 1)], { axis: 1 }),
    sample(
      'uint8',
      [
        { ...integers([3, 5], 0, 256), dtype: 'uint8' },
        { ...integers([3, 1], 0, 256), dtype: 'uint8' },
      ],
      {
        axis: 1,
      },
    ),
  ],
  errors: [
    { label: 'nothing', run: ({ concatenate }) => concatenate([]), code: 'argument.type' },
    { label: 'scalars', run: ({ concatenate }) => concatenate([1, 2]), code: 'shape.mismatch' },
    {
      label: 'other extents',
      run: ({ concatenate }) => concatenate([[[1, 2]], [[1, 2, 3]]]),
      code: 'shape.mismatch',
    },
    {
      label: 'other ranks',
      run: ({ concatenate }) => concatenate([[1], [[1]]]),
      code: 'shape.mismatch',
    },
    {
      label: 'other dtypes',
      run: ({ cast, concatenate }) => concatenate([cast([1], 'int32'), cast([1], 'float32')]),
      code: 'dtype.mismatch',
    },
    {
      label: 'an axis out of range',
      run: ({ concatenate }) => concatenate([[1], [2]], { axis: 1 }),
      code: 'axis.range',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.cat(inputs, axis)',
})

/**
 * Tensors one after the other along an existing axis: equal in dtype and in all other extents.
 *
 * @param xs at least one; plain numbers take the dtype of the tensors beside them
 * @param options axis (default 0)
 * @throws shape.mismatch, dtype.mismatch, axis.range
 *
 * @example
 * lw.ops.concatenate([[[1, 2]], [[3, 4]]])   // [[1, 2], [3, 4]]
 */
export function concatenate(xs: readonly TensorInput[], options: { readonly axis?: number } = {}): Tensor {
  checkOptions('concatenate', options, ['axis'])
  const tensors = toTensors('concatenate', xs)
  const { rank } = tensors[0] as Tensor
  const { axis = 0 } = options
  return apply(concatenateOp, tensors, {
    axis: rank === 0 ? 0 : normalizeAxis('concatenate', axis, rank),
  })
}

composition<{ axis: number }>({
  name: 'stack',
  compose: (inputs, { axis }) => stack(inputs, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('vectors', [uniform([5]), uniform([5], -2, 2, 1), uniform([5], -2, 2, 2)], { axis: 0 }),
    sample('in the middle', [uniform([2, 3]), uniform([2, 3], -2, 2, 1)], { axis: 1 }),
    sample('at the end', [uniform([2, 3]), uniform([2, 3], -2, 2, 1)], { axis: -1 }),
    sample('scalars', [uniform([]), uniform([], -2, 2, 1)], { axis: 0 }),
    sample('int32', [integers([4], -9, 9), integers([4], -9, 9, 1)], { axis: 1 }),
  ],
  errors: [
    { label: 'nothing', run: ({ stack }) => stack([]), code: 'argument.type' },
    { label: 'other shapes', run: ({ stack }) => stack([[1], [1, 2]]), code: 'shape.mismatch' },
    { label: 'an axis out of range', run: ({ stack }) => stack([[1], [2]], { axis: 2 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.stack(inputs, axis)',
})

/**
 * Tensors of one shape and dtype, one after the other along a new axis.
 *
 * @param xs at least one
 * @param options axis: where the new axis stands in the result (default 0)
 * @throws shape.mismatch, dtype.mismatch, axis.range
 *
 * @example
 * lw.ops.stack([[1, 2], [3, 4]], { axis: 1 })   // [[1, 3], [2, 4]]
 */
export function stack(xs: readonly TensorInput[], options: { readonly axis?: number } = {}): Tensor {
  checkOptions('stack', options, ['axis'])
  const tensors = toTensors('stack', xs)
  const { axis = 0 } = options
  const { shape } = tensors[0] as Tensor
  const along = normalizeAxis('stack', axis, shape.length + 1)
  if (tensors.some((tensor) => String(tensor.shape) !== String(shape))) {
    const got = tensors.map((tensor) => tensor.shape)
    fail('shape.mismatch', { op: 'stack', expected: 'tensors of one shape', got })
  }
  return applyComposition(`stack ${along}`, tensors, (inputs) =>
    concatenate(
      inputs.map((input) => expandDims(input, along)),
      { axis: along },
    ),
  )
}
