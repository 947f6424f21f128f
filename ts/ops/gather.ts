import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis, sameShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { transpose } from './array.js'
import { type KernelArguments, overMagnitudes, primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'

const takeOp = primitive({
  name: 'take',
  arity: 2,
  attributes: {},
  infer: (inputs) => {
    const [data, indices] = inputs as [Spec, Spec]
    if (indices.dtype !== 'int32')
      fail('dtype.mismatch', { op: 'take', expected: 'int32 indices', got: [indices.dtype] })
    if (data.shape.length === 0)
      fail('shape.mismatch', { op: 'take', expected: 'data of rank 1 or more', got: [data.shape] })
    return { shape: [...indices.shape, ...data.shape.slice(1)], dtype: data.dtype }
  },
  kernel: ({ inputs, output, specs }) => {
    const [data, indices] = inputs as [Storage, Storage]
    const { shape } = specs[0] as Spec
    const row = sizeOf(shape.slice(1))
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!
      checkIndex('take', index, shape[0]!)
      for (let j = 0; j < row; j++) output[i * row + j] = data[index * row + j]!
    }
  },
  vjp: ({ inputs, gradient }, ops) => {
    const [data, indices] = inputs as [Tensor, Tensor]
    const rows = ops.reshape(gradient, [indices.size, ...data.shape.slice(1)])
    return [ops.segmentSum(rows, ops.reshape(indices, [indices.size]), data.shape[0] as number), null]
  },
  samples: () => [
    sample('rows', [uniform([17, 5]), integers([9], 0, 17)]),
    sample('scalars', [uniform([17]), integers([9], 0, 17)]),
    sample('a grid of indices', [uniform([6, 3, 2]), integers([2, 4], 0, 6)]),
    sample('many rows', [uniform([300, 64]), integers([1000], 0, 300)]),
    sample('no indices', [uniform([3, 2]), integers([0], 0, 3)]),
    sample('bool', [booleans([5, 7]), integers([9], 0, 5)]),
    sample('int32', [integers([5, 7], -99, 99), integers([9], 0, 5)]),
    sample('uint8', [{ ...integers([5, 3], 0, 256), dtype: 'uint8' }, integers([9], 0, 5)]),
  ],
  errors: [
    {
      label: 'an index out of range',
      run: ({ cast, take }) => take([1, 2], cast([2], 'int32')),
      code: 'index.range',
    },
    {
      label: 'a negative index',
      run: ({ cast, take }) => take([1, 2], cast([-1], 'int32')),
      code: 'index.range',
    },
    { label: 'float indices', run: ({ take }) => take([1, 2], [0]), code: 'dtype.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'a[b.long()]',
})

/**
 * The slices of `x` along `axis` (default 0) at int32 `indices`, whose shape stands in the axis's place.
 *
 * @throws index.range when the op runs and an index is not in range
 */
export function take(x: TensorInput, indices: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('take', options, ['axis'])
  const { axis = 0 } = options
  const [data, at] = [toTensor('take', x), toTensor('take', indices)]
  const along = normalizeAxis('take', axis, data.rank)
  if (along === 0) return apply(takeOp, [data, at])
  const front = [along, ...data.shape.map((_, i) => i).filter((i) => i !== along)]
  const taken = apply(takeOp, [transpose(data, front), at])
  const order = [
    ...Array.from({ length: along }, (_, i) => at.rank + i),
    ...Array.from({ length: at.rank }, (_, i) => i),
    ...Array.from({ length: data.rank - 1 - along }, (_, i) => at.rank + along + i),
  ]
  return transpose(taken, order)
}

const segmentSumOp = primitive<{ segments: number }>({
  name: 'segmentSum',
  arity: 2,
  attributes: { segments: 'integer' },
  infer: (inputs, { segments }) => {
    const [data, ids] = inputs as [Spec, Spec]
    if (data.dtype !== 'float32' || ids.dtype !== 'int32') {
      fail('dtype.mismatch', {
        op: 'segmentSum',
        expected: 'float32 data and int32 ids',
        got: [data.dtype, ids.dtype],
      })
    }
    if (data.shape.length === 0 || !sameShape(ids.shape, data.shape.slice(0, 1))) {
      fail('shape.mismatch', {
        op: 'segmentSum',
        expected: 'data [rows, …] and ids [rows]',
        got: [data.shape, ids.shape],
      })
    }
    checkInteger('segmentSum', 'segments', segments, 0)
    return { shape: [segments, ...data.shape.slice(1)], dtype: 'float32' }
  },
  kernel: addSegments,
  magnitude: overMagnitudes(addSegments),
  vjp: ({ inputs: [, ids], gradient }, { take }) => [take(gradient, ids as Tensor), null],
  samples: () => [
    sample('rows', [uniform([17, 5]), integers([17], 0, 4)], { segments: 4 }),
    sample('scalars', [uniform([100]), integers([100], 0, 7)], { segments: 9 }),
    sample('many rows', [uniform([1000, 64]), integers([1000], 0, 300)], { segments: 300 }),
    sample('no rows', [uniform([0, 2]), integers([0], 0, 3)], { segments: 3 }),
  ],
  errors: [
    {
      label: 'an id out of range',
      run: ({ cast, segmentSum }) => segmentSum([1, 2], cast([0, 5], 'int32'), 2),
      code: 'index.range',
    },
    {
      label: 'too few ids',
      run: ({ cast, segmentSum }) => segmentSum([1, 2], cast([0], 'int32'), 2),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.zeros((segments, *a.shape[1:]), dtype=a.dtype).index_add(0, b.long(), a)',
})

/** The sums of the rows of float32 `data` that share an int32 id: [segments, …]. Rows are added in order. */
export function segmentSum(data: TensorInput, ids: TensorInput, segments: number): Tensor {
  return apply(segmentSumOp, [toTensor('segmentSum', data), toTensor('segmentSum', ids)], { segments })
}

function addSegments({ inputs, specs, output, attributes }: KernelArguments<{ segments: number }>): void {
  const [data, ids] = inputs as [Storage, Storage]
  const row = sizeOf((specs[0] as Spec).shape.slice(1))
  const sums = new Float64Array(output.length)
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    checkIndex('segmentSum', id, attributes.segments)
    for (let j = 0; j < row; j++) sums[id * row + j]! += data[i * row + j]!
  }
  output.set(sums)
}

function checkIndex(op: string, index: number, size: number): void {
  if (index < 0 || index >= size) fail('index.range', { op, index, size })
}
