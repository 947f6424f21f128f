import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { checkShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { add, maximum, minimum } from './binary.js'
import { turned } from './ordering.js'
import { checkIndex, countingAlong } from './places.js'
import { composition, notDifferentiable, primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform, values } from './samples.js'
import { segmentMax, segmentSum } from './segments.js'

/** The places in a flattened tensor that indices [count, axes] of its first axes mean; it checks each of their parts. */
const scatterPlacesOp = primitive<{ shape: Shape }>({
  name: 'scatterPlaces',
  arity: 1,
  attributes: { shape: 'integers' },
  infer: ([indices], { shape }) => {
    const { shape: extents, dtype } = indices as Spec
    checkShape('scatterPlaces', shape)
    if (dtype !== 'int32') fail('dtype.mismatch', { op: 'scatterPlaces', expected: 'int32', got: [dtype] })
    if (extents.length !== 2 || extents[1] !== shape.length) {
      const expected = `indices [count, ${shape.length}]`
      fail('shape.mismatch', { op: 'scatterPlaces', expected, got: [extents] })
    }
    return { shape: [extents[0] as number], dtype }
  },
  kernel: ({ inputs: [indices], output, attributes: { shape } }) => {
    for (let i = 0; i < output.length; i++) {
      let place = 0
      shape.forEach((extent, k) => {
        const part = (indices as Storage)[i * shape.length + k]!
        checkIndex('scatterPlaces', part, extent)
        place = place * extent + part
      })
      output[i] = place
    }
  },
  vjp: notDifferentiable('its values are indices'),
  samples: () => [
    sample('of two axes', [integers([9, 2], 0, 4)], { shape: [4, 5] }),
    sample('of one', [integers([9, 1], 0, 4)], { shape: [4] }),
    sample('of none', [integers([3, 0], 0, 1)], { shape: [] }),
    sample('many', [integers([20_001, 3], 0, 4)], { shape: [5, 4, 6] }),
    sample('none', [integers([0, 2], 0, 4)], { shape: [4, 5] }),
  ],
  errors: [],
  tolerance: 'exact',
  torch: null,
})

const scatterUpdateOp = primitive({
  name: 'scatterUpdate',
  arity: 3,
  attributes: {},
  infer: (inputs) => {
    const [data, indices, updates] = inputs as [Spec, Spec, Spec]
    if (indices.dtype !== 'int32' || updates.dtype !== data.dtype) {
      const expected = 'int32 indices, and updates of the dtype of the inputs'
      fail('dtype.mismatch', { op: 'scatterUpdate', expected, got: inputs.map(({ dtype }) => dtype) })
    }
    const fits =
      data.shape.length > 0 &&
      indices.shape.length === 1 &&
      sameShape(updates.shape, [...indices.shape, ...data.shape.slice(1)])
    if (!fits) {
      const expected = 'inputs [rows, …], indices [count] and updates [count, …]'
      fail('shape.mismatch', { op: 'scatterUpdate', expected, got: inputs.map(({ shape }) => shape) })
    }
    return { shape: data.shape, dtype: data.dtype }
  },
  kernel: ({ inputs, output, specs }) => {
    const [data, indices, updates] = inputs as [Storage, Storage, Storage]
    const { shape } = specs[0] as Spec
    const row = sizeOf(shape.slice(1))
    output.set(data)
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!
      checkIndex('scatterUpdate', index, shape[0]!)
      for (let j = 0; j < row; j++) output[index * row + j] = updates[i * row + j]!
    }
  },
  vjp: ({ inputs, gradient }, { broadcastTo, equal, reshape, take, where }) => {
    const [data, indices, updates] = inputs as [Tensor, Tensor, Tensor]
    const kept = scatterRows(gradient, indices, broadcastTo(0, updates.shape))
    // Of several updates of one row only the last has a part in the result.
    const [rows, count] = [data.shape[0] as number, indices.size]
    const numbers = countingAlong(0, count, 1)
    const none = broadcastTo(tensor(0, [], 'int32'), [rows])
    const last = equal(take(scatterRows(none, indices, numbers), indices), numbers)
    const each = reshape(last, [count, ...data.shape.slice(1).map(() => 1)])
    return [kept, null, where(each, take(gradient, indices), 0)]
  },
  samples: () => [
    sample('rows', [uniform([17, 5]), values([3, 16, 0, 7], 'int32'), uniform([4, 5], -2, 2, 1)]),
    sample('scalars', [uniform([17]), values([3, 16, 0, 7], 'int32'), uniform([4], -2, 2, 1)]),
    {
      ...sample('rows twice', [uniform([4, 3]), values([2, 1, 2, 2, 0], 'int32'), uniform([5, 3], -2, 2, 1)]),
      unknownToTorch: true,
    },
    sample('many rows', [uniform([300, 64]), integers([1000], 0, 300), uniform([1000, 64], -2, 2, 1)]),
    sample('no updates', [uniform([3, 2]), integers([0], 0, 3), uniform([0, 2])]),
    sample('bool', [booleans([17, 3]), values([3, 16, 0], 'int32'), booleans([3, 3], 1)]),
    sample('int32', [integers([17], -9, 9), values([3, 16], 'int32'), integers([2], -9, 9, 1)]),
  ],
  errors: [
    {
      label: 'an index out of range',
      run: ({ scatterUpdate }) => scatterUpdate([1, 2], [[2]], [5]),
      code: 'index.range',
    },
    {
      label: 'a negative index',
      run: ({ scatterUpdate }) => scatterUpdate([1, 2], [[-1]], [5]),
      code: 'index.range',
    },
    {
      label: 'indices without an axis for their parts',
      run: ({ scatterUpdate }) => scatterUpdate([1, 2], 0, [5]),
      code: 'shape.mismatch',
    },
    {
      label: 'too few updates',
      run: ({ scatterUpdate }) => scatterUpdate([1, 2], [[0], [1]], [5]),
      code: 'shape.mismatch',
    },
    {
      label: 'a reduction that there is not',
      run: ({ scatterUpdate }) => scatterUpdate([1, 2], [[0]], [5], { reduction: 'mean' as 'add' }),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: 'a.index_put((b.long(),), c)',
})

function scatterRows(data: Tensor, indices: Tensor, updates: Tensor): Tensor {
  return apply(scatterUpdateOp, [data, indices, updates])
}

composition<{ shape: Shape }>({
  name: 'scatter',
  compose: ([indices, updates], { shape }) => scatter(indices as Tensor, updates as Tensor, shape),
  attributes: { shape: 'integers' },
  samples: () => [
    sample('elements', [integers([9, 2], 0, 3), uniform([9])], { shape: [3, 4] }),
    sample('rows', [integers([9, 1], 0, 3), uniform([9, 4])], { shape: [3, 4] }),
    sample('a grid of indices', [integers([2, 3, 1], 0, 5), uniform([2, 3, 4])], { shape: [5, 4] }),
    sample('int32', [integers([9, 2], 0, 3), integers([9], -9, 9)], { shape: [3, 4] }),
  ],
  errors: [
    {
      label: 'an index out of range',
      run: ({ scatter }) => scatter([[0, 4]], [1], [3, 4]),
      code: 'index.range',
    },
    {
      label: 'values of another shape',
      run: ({ scatter }) => scatter([[0]], [1], [3, 4]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.zeros(shape, dtype=b.dtype).index_put(tuple(a.long().unbind(-1)), b, accumulate=True)',
})

/**
 * Zeros of `shape` to which `values` are added where `indices` say, in order: int32 [..., k] for the first k axes of `shape`, and
 * values [..., the other axes], of float32 or int32.
 *
 * @throws index.range when the op runs and an index is not in range
 *
 * @example
 * lw.ops.scatter([[0, 1], [1, 0], [0, 1]], [1, 2, 3], [2, 2])   // [[0, 4], [2, 0]]
 */
export function scatter(indices: TensorInput, updates: TensorInput, shape: Shape): Tensor {
  checkShape('scatter', shape)
  const given = toTensor('scatter', updates)
  const { places, rows, count, row } = placesOf('scatter', indices, given, shape)
  return reshape(segmentSum(reshape(given, [count, ...row]), places, rows), shape)
}

/** What becomes of a row that has several updates or a value before; default: the last update replaces it. */
export interface ScatterUpdateOptions {
  readonly reduction?: 'add' | 'max' | 'min' | null
}

/**
 * `inputs` with `updates` in the places that `indices` say: int32 [..., k] for the first k axes of `inputs`, and updates [..., the other
 * axes]. Of several for one place the last one wins, and it alone has a gradient.
 *
 * @param options `reduction`: 'add', 'max' or 'min' combine what is there with the updates instead
 * @throws index.range when the op runs and an index is not in range
 *
 * @example
 * lw.ops.scatterUpdate([1, 2, 3], [[0], [2]], [9, 8])   // [9, 2, 8]
 */
export function scatterUpdate(
  inputs: TensorInput,
  indices: TensorInput,
  updates: TensorInput,
  options: ScatterUpdateOptions = {},
): Tensor {
  checkOptions('scatterUpdate', options, ['reduction'])
  const { reduction = null } = options
  const data = toTensor('scatterUpdate', inputs)
  const given = toTensor('scatterUpdate', updates, data.dtype)
  const { places, rows, count, row } = placesOf('scatterUpdate', indices, given, data.shape)
  const [flat, each] = [reshape(data, [rows, ...row]), reshape(given, [count, ...row])]
  return reshape(combine(flat, places, each, reduction), data.shape)
}

function combine(data: Tensor, places: Tensor, updates: Tensor, reduction: string | null): Tensor {
  const rows = data.shape[0] as number
  switch (reduction) {
    case null:
      return scatterRows(data, places, updates)
    case 'add':
      return add(data, segmentSum(updates, places, rows))
    case 'max':
      return maximum(data, segmentMax(updates, places, rows))
    case 'min':
      return minimum(data, turned(segmentMax(turned(updates), places, rows)))
    default:
      return fail('argument.range', {
        op: 'scatterUpdate',
        argument: 'reduction',
        expected: "'add', 'max', 'min' or null",
        got: reduction,
      })
  }
}

/** Indices of the first axes of a shape as the places of rows, of which there are `rows`, of shape `row`. */
function placesOf(op: string, indices: TensorInput, updates: Tensor, shape: Shape) {
  const at = toTensor(op, indices, 'int32')
  const parts = at.shape.at(-1) ?? 0
  const row = shape.slice(parts)
  const batch = at.shape.slice(0, -1)
  if (at.rank === 0 || parts > shape.length || !sameShape(updates.shape, [...batch, ...row])) {
    const expected = `indices [..., k] of the first k axes of ${shape.length}, and updates [..., the other axes]`
    fail('shape.mismatch', { op, expected, got: [at.shape, updates.shape] })
  }
  if (at.dtype !== 'int32') fail('dtype.mismatch', { op, expected: 'int32 indices', got: [at.dtype] })
  const [count, rows] = [sizeOf(batch), sizeOf(shape.slice(0, parts))]
  const places =
    parts === 1
      ? reshape(at, [count])
      : apply(scatterPlacesOp, [reshape(at, [count, parts])], { shape: shape.slice(0, parts) })
  return { places, rows, count, row }
}
