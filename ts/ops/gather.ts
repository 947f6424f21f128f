import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { broadcastShapes, normalizeAxis, type Shape, sameShape, sizeOf, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape, transpose } from './array.js'
import { batchAlongAxes } from './batch.js'
import { checkIndex, flatPlaces } from './places.js'
import { primitive, type Spec } from './record.js'
import { checkAxis } from './recurrence.js'
import { booleans, integers, sample, uniform } from './samples.js'

const takeOp = primitive({
  name: 'take',
  arity: 2,
  batch: ({ op, inputs, batched: [tableVaries] }) => (tableVaries ? undefined : apply(op, inputs)),
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
    {
      label: 'float indices',
      run: ({ cast, take }) => take([1, 2], cast([0], 'float32')),
      code: 'dtype.mismatch',
    },
    { label: 'fractions', run: ({ take }) => take([1, 2], [0.5]), code: 'argument.type' },
  ],
  tolerance: 'exact',
  torch: 'a[b.long()]',
})

/**
 * The slices of `x` along `axis` (default 0) at int32 `indices`, whose shape stands in the axis's place.
 *
 * @example
 * lw.ops.take([10, 20, 30], [2, 0])   // [30, 10]
 *
 * @throws index.range when the op runs and an index is not in range
 */
export function take(x: TensorInput, indices: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('take', options, ['axis'])
  const { axis = 0 } = options
  const [data, at] = [toTensor('take', x), toTensor('take', indices, 'int32')]
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

const takeAlongAxisOp = primitive<{ axis: number }>({
  name: 'takeAlongAxis',
  arity: 2,
  batch: batchAlongAxes,
  attributes: { axis: 'integer' },
  infer: (inputs, { axis }) => {
    const [data, indices] = inputs as [Spec, Spec]
    checkAxis('takeAlongAxis', axis, data)
    if (indices.dtype !== 'int32') {
      fail('dtype.mismatch', { op: 'takeAlongAxis', expected: 'int32 indices', got: [indices.dtype] })
    }
    if (!sameShape(withExtent(indices.shape, axis, 0), withExtent(data.shape, axis, 0))) {
      const expected = 'data and indices whose shapes differ along the axis alone'
      fail('shape.mismatch', { op: 'takeAlongAxis', expected, got: [data.shape, indices.shape] })
    }
    return { shape: indices.shape, dtype: data.dtype }
  },
  kernel: ({ inputs, output, specs, attributes: { axis } }) => {
    const [data, indices] = inputs as [Storage, Storage]
    const [from, to] = specs.map(({ shape }) => shape) as [Shape, Shape]
    const [extent, inner] = [from[axis]!, stridesOf(from)[axis]!]
    for (let i = 0; i < indices.length; i++) {
      checkIndex('takeAlongAxis', indices[i]!, extent)
      const line = Math.floor(i / (to[axis]! * inner))
      output[i] = data[(line * extent + indices[i]!) * inner + (i % inner)]!
    }
  },
  vjp: ({ inputs, gradient, attributes: { axis } }, { reshape, segmentSum }) => {
    const [data, indices] = inputs as [Tensor, Tensor]
    const places = reshape(flatPlaces(indices, data.shape, axis), [indices.size])
    return [reshape(segmentSum(reshape(gradient, [indices.size]), places, data.size), data.shape), null]
  },
  samples: () => [
    sample('a list', [uniform([17]), integers([9], 0, 17)], { axis: 0 }),
    sample('rows', [uniform([3, 7]), integers([3, 4], 0, 7)], { axis: 1 }),
    sample('columns', [uniform([7, 3]), integers([9, 3], 0, 7)], { axis: 0 }),
    sample('the middle', [uniform([2, 5, 3]), integers([2, 4, 3], 0, 5)], { axis: 1 }),
    sample('many', [uniform([300, 64]), integers([300, 100], 0, 64)], { axis: 1 }),
    sample('no indices', [uniform([3, 2]), integers([3, 0], 0, 2)], { axis: 1 }),
    sample('bool', [booleans([5, 7]), integers([5, 3], 0, 7)], { axis: 1 }),
    sample('int32', [integers([5, 7], -99, 99), integers([2, 7], 0, 5)], { axis: 0 }),
  ],
  errors: [
    {
      label: 'an index out of range',
      run: ({ takeAlongAxis }) => takeAlongAxis([[1, 2]], [[2]], { axis: 1 }),
      code: 'index.range',
    },
    {
      label: 'a negative index',
      run: ({ takeAlongAxis }) => takeAlongAxis([[1, 2]], [[-1]], { axis: 1 }),
      code: 'index.range',
    },
    {
      label: 'another rank',
      run: ({ takeAlongAxis }) => takeAlongAxis([[1, 2]], [0], { axis: 1 }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.take_along_dim(a, b.long(), axis)',
})

/**
 * For each int32 index the element of `x` at that place along `axis` (default: of both flattened), in the line where the index stands.
 * The other axes broadcast to each other.
 *
 * @throws index.range when the op runs and an index is not in range
 *
 * @example
 * lw.ops.takeAlongAxis([[10, 20], [30, 40]], [[1], [0]], { axis: 1 })   // [[20], [30]]
 */
export function takeAlongAxis(
  x: TensorInput,
  indices: TensorInput,
  options: { readonly axis?: number | null } = {},
): Tensor {
  checkOptions('takeAlongAxis', options, ['axis'])
  const { axis = null } = options
  const [data, at] = [toTensor('takeAlongAxis', x), toTensor('takeAlongAxis', indices, 'int32')]
  if (axis === null) {
    return apply(takeAlongAxisOp, [reshape(data, [data.size]), reshape(at, [at.size])], { axis: 0 })
  }
  const along = normalizeAxis('takeAlongAxis', axis, data.rank)
  if (at.rank !== data.rank) {
    fail('shape.mismatch', { op: 'takeAlongAxis', expected: 'equal ranks', got: [data.shape, at.shape] })
  }
  const others = broadcastShapes(
    'takeAlongAxis',
    withExtent(data.shape, along, 1),
    withExtent(at.shape, along, 1),
  )
  const both = [data, at].map((each) =>
    broadcastTo(each, withExtent(others, along, each.shape[along] as number)),
  )
  return apply(takeAlongAxisOp, both, { axis: along })
}

function withExtent(shape: Shape, axis: number, extent: number): number[] {
  return shape.map((other, i) => (i === axis ? extent : other))
}
