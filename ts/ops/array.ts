import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { activeTrace } from '../graph/trace.js'
import { checkShape, normalizeAxis, type Shape, sameShape, sizeOf, stridesOf, walkRows } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { applyBatched, batchWithEntries } from './batch.js'
import { primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'

const reshapeOp = primitive<{ shape: Shape }>({
  name: 'reshape',
  arity: 1,
  batch: batchWithEntries((size) => ({ shape: size })),
  attributes: { shape: 'integers' },
  infer: ([x], { shape }) => {
    checkShape('reshape', shape)
    const from = x as Spec
    if (sizeOf(shape) !== sizeOf(from.shape)) {
      fail('shape.mismatch', {
        op: 'reshape',
        expected: `shapes of one size, from ${sizeOf(from.shape)} elements`,
        got: [from.shape, shape],
      })
    }
    return { shape, dtype: from.dtype }
  },
  kernel: ({ inputs: [x], output }) => output.set(x as Storage),
  vjp: ({ inputs: [x], gradient }, { reshape }) => [reshape(gradient, (x as Tensor).shape)],
  samples: () => [
    sample('[2, 3, 4] to [4, 6]', [uniform([2, 3, 4])], { shape: [4, 6] }),
    sample('to a scalar', [uniform([1, 1])], { shape: [] }),
    sample('empty', [uniform([0, 3])], { shape: [3, 0, 2] }),
    sample('int32', [integers([6], 0, 9)], { shape: [2, 3] }),
  ],
  errors: [
    { label: 'another size', run: ({ reshape }) => reshape([1, 2, 3], [2, 2]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.reshape(a, shape)',
})

/** The same elements in another shape; one extent may be -1 and follows from the others. */
export function reshape(x: TensorInput, shape: Shape): Tensor {
  const value = toTensor('reshape', x)
  if (!Array.isArray(shape)) fail('shape.invalid', { op: 'reshape', got: shape })
  const known = shape.filter((extent) => extent !== -1)
  const inferred = known.length === shape.length - 1 ? value.size / sizeOf(known) : -1
  if (inferred !== -1 && !Number.isInteger(inferred)) {
    const expected = `an extent for -1 that makes ${value.size} elements`
    fail('shape.mismatch', { op: 'reshape', expected, got: [value.shape, shape] })
  }
  const target = shape.map((extent) => (extent === -1 ? inferred : extent))
  return sameShape(target, value.shape) ? value : apply(reshapeOp, [value], { shape: target })
}

const transposeOp = primitive<{ axes: readonly number[] }>({
  name: 'transpose',
  arity: 1,
  batch: (args, ops) =>
    applyBatched(args, { axes: [0, ...args.attributes.axes.map((axis) => axis + 1)] }, ops),
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => {
    const { shape, dtype } = x as Spec
    if (axes.length !== shape.length) {
      fail('argument.range', {
        op: 'transpose',
        argument: 'axes',
        expected: `a permutation of ${shape.length} axes`,
        got: axes,
      })
    }
    const normalized = axes.map((axis) => normalizeAxis('transpose', axis, shape.length))
    if (new Set(normalized).size !== axes.length) fail('axis.repeated', { op: 'transpose', axes: normalized })
    return { shape: normalized.map((axis) => shape[axis] as number), dtype }
  },
  kernel: ({ inputs: [x], output, specs: [from], outputSpec, attributes: { axes } }) => {
    const strides = stridesOf((from as Spec).shape)
    gather(
      x as Storage,
      output,
      outputSpec.shape,
      axes.map((axis) => strides[axis] as number),
    )
  },
  vjp: ({ gradient, attributes: { axes } }, { transpose }) => [
    transpose(
      gradient,
      axes.map((_, axis) => axes.indexOf(axis)),
    ),
  ],
  samples: () => [
    sample('a matrix', [uniform([5, 7])], { axes: [1, 0] }),
    sample('a large matrix', [uniform([257, 390])], { axes: [1, 0] }),
    sample('[2, 3, 4, 5]', [uniform([2, 3, 4, 5])], { axes: [2, 0, 3, 1] }),
    sample('the identity', [uniform([3, 4])], { axes: [0, 1] }),
    sample('empty', [uniform([0, 3])], { axes: [1, 0] }),
    sample('bool', [booleans([17, 3])], { axes: [1, 0] }),
  ],
  errors: [
    { label: 'too few axes', run: ({ transpose }) => transpose([[1, 2]], [0]), code: 'argument.range' },
    { label: 'an axis twice', run: ({ transpose }) => transpose([[1, 2]], [0, 0]), code: 'axis.repeated' },
    {
      label: 'an axis out of range',
      run: ({ transpose }) => transpose([[1, 2]], [0, 2]),
      code: 'axis.range',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.permute(a, axes)',
})

/** The axes in another order; by default reversed. */
export function transpose(x: TensorInput, axes?: readonly number[]): Tensor {
  const value = toTensor('transpose', x)
  if (axes !== undefined && !Array.isArray(axes)) {
    const expected = `a permutation of ${value.rank} axes`
    fail('argument.range', { op: 'transpose', argument: 'axes', expected, got: axes })
  }
  const order = axes ?? value.shape.map((_, axis) => value.rank - 1 - axis)
  return apply(transposeOp, [value], {
    axes: order.map((axis) => normalizeAxis('transpose', axis, value.rank)),
  })
}

const broadcastToOp = primitive<{ shape: Shape }>({
  name: 'broadcastTo',
  arity: 1,
  batch: ({ inputs: [x], size, attributes: { shape } }, { broadcastTo, reshape }) => {
    const { shape: extents } = x as Tensor
    const missing = shape.map(() => 1).slice(extents.length - 1)
    return broadcastTo(reshape(x as Tensor, [size, ...missing, ...extents.slice(1)]), [size, ...shape])
  },
  attributes: { shape: 'integers' },
  infer: ([x], { shape }) => {
    checkShape('broadcastTo', shape)
    const from = x as Spec
    const missing = shape.length - from.shape.length
    const fits =
      missing >= 0 && from.shape.every((extent, axis) => extent === 1 || extent === shape[axis + missing])
    if (!fits) fail('shape.broadcast', { op: 'broadcastTo', a: from.shape, b: shape })
    return { shape, dtype: from.dtype }
  },
  kernel: ({ inputs: [x], output, specs: [from], outputSpec: { shape } }) => {
    const { shape: extents } = from as Spec
    const strides = stridesOf(extents)
    const missing = shape.length - extents.length
    gather(
      x as Storage,
      output,
      shape,
      shape.map((_, axis) =>
        (extents[axis - missing] ?? 1) === 1 ? 0 : (strides[axis - missing] as number),
      ),
    )
  },
  vjp: ({ inputs: [x], gradient, attributes: { shape } }, { reshape, sum }) => {
    const { shape: extents } = x as Tensor
    const missing = shape.length - extents.length
    const axis = shape.flatMap((extent, i) =>
      i < missing || (extents[i - missing] === 1 && extent !== 1) ? [i] : [],
    )
    return [reshape(sum(gradient, { axis }), extents)]
  },
  samples: () => [
    sample('a scalar', [uniform([])], { shape: [3, 5] }),
    sample('a row', [uniform([7])], { shape: [5, 7] }),
    sample('a column', [uniform([5, 1])], { shape: [5, 7] }),
    sample('both sides', [uniform([1, 5, 1])], { shape: [3, 5, 7] }),
    sample('the middle', [uniform([3, 1, 7])], { shape: [2, 3, 5, 7] }),
    sample('nothing', [uniform([1, 3])], { shape: [0, 3] }),
    sample('a large row', [uniform([300])], { shape: [400, 300] }),
    sample('a large column', [uniform([400, 1])], { shape: [400, 300] }),
    sample('the same', [uniform([4])], { shape: [4] }),
    sample('bool', [booleans([1, 17])], { shape: [9, 17] }),
  ],
  errors: [
    {
      label: 'extents that differ',
      run: ({ broadcastTo }) => broadcastTo([1, 2], [3]),
      code: 'shape.broadcast',
    },
    { label: 'fewer axes', run: ({ broadcastTo }) => broadcastTo([[1]], [1]), code: 'shape.broadcast' },
    { label: 'a negative extent', run: ({ broadcastTo }) => broadcastTo([1], [-2]), code: 'shape.invalid' },
  ],
  tolerance: 'exact',
  torch: 'torch.broadcast_to(a, shape)',
})

/** A tensor repeated to a larger shape by NumPy's rules. */
export function broadcastTo(x: TensorInput, shape: Shape): Tensor {
  const value = toTensor('broadcastTo', x)
  checkShape('broadcastTo', shape)
  return sameShape(value.shape, shape) ? value : apply(broadcastToOp, [value], { shape: [...shape] })
}

/** The same values, through which no gradient flows. */
export function stopGradient(x: TensorInput): Tensor {
  const value = toTensor('stopGradient', x)
  const trace = activeTrace()
  return trace ? trace.alias(value, true) : value
}

/** Fills `to` in row-major order with the elements of `from` at the given strides. */
function gather(from: Storage, to: Storage, shape: Shape, strides: readonly number[]): void {
  walkRows(shape, strides, (row, count, place, stride) => {
    if (stride === 0) to.fill(from[place]!, row, row + count)
    else for (let i = 0; i < count; i++) to[row + i] = from[place + i * stride]!
  })
}
