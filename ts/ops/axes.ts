import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { maximumRank, normalizeAxes, normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { reshape, transpose } from './array.js'
import { composition } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'

composition<{ axis: readonly number[] }>({
  name: 'expandDims',
  compose: ([x], { axis }) => expandDims(x as Tensor, axis),
  attributes: { axis: 'integers' },
  samples: () => [
    sample('at the end', [uniform([2, 3])], { axis: [-1] }),
    sample('in front', [uniform([2, 3])], { axis: [0] }),
    sample('several', [uniform([2, 3])], { axis: [0, 2, -1] }),
    sample('none', [uniform([2, 3])], { axis: [] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ expandDims }) => expandDims([1], 3), code: 'axis.range' },
    { label: 'an axis twice', run: ({ expandDims }) => expandDims([1], [0, -3]), code: 'axis.repeated' },
    {
      label: 'too many axes',
      run: ({ expandDims }) => expandDims([1], [0, 1, 2, 3, 4, 5, 6, 7]),
      code: 'shape.invalid',
    },
  ],
  tolerance: 'exact',
  torch:
    'a.reshape([1 if i in [x % (a.ndim + len(axis)) for x in axis] else a.shape[i - sum(1 for x in axis ' +
    'if x % (a.ndim + len(axis)) < i)] for i in range(a.ndim + len(axis))])',
})

/**
 * New axes of extent 1.
 *
 * @param axis where they stand in the result: one or several; -1 appends one
 *
 * @example
 * lw.ops.expandDims([1, 2, 3], 0)         // [[1, 2, 3]], of shape [1, 3]
 * lw.ops.expandDims([1, 2, 3], [0, -1])   // of shape [1, 3, 1]
 */
export function expandDims(x: TensorInput, axis: number | readonly number[]): Tensor {
  const value = toTensor('expandDims', x)
  const list = [axis].flat()
  const rank = value.rank + list.length
  if (rank > maximumRank) fail('shape.invalid', { op: 'expandDims', got: list })
  const added = normalizeAxes('expandDims', list, rank)
  const extents = [...value.shape]
  return reshape(
    value,
    Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (extents.shift() as number))),
  )
}

composition<{ axis: readonly number[] }>({
  name: 'squeeze',
  compose: ([x], { axis }) => squeeze(x as Tensor, { axis }),
  attributes: { axis: 'integers' },
  samples: () => [
    sample('the last', [uniform([2, 3, 1])], { axis: [-1] }),
    sample('several', [uniform([1, 2, 1, 3, 1])], { axis: [0, 2] }),
    sample('to a scalar', [uniform([1, 1])], { axis: [0, 1] }),
    sample('bool', [booleans([3, 1])], { axis: [1] }),
  ],
  errors: [
    {
      label: 'an axis of other extent',
      run: ({ squeeze }) => squeeze([1, 2], { axis: 0 }),
      code: 'shape.mismatch',
    },
    { label: 'an axis out of range', run: ({ squeeze }) => squeeze([1], { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.squeeze(a, tuple(axis))',
})

/**
 * Removes axes of extent 1.
 *
 * @param options axis: one or several (default: all whose extent is 1)
 * @throws shape.mismatch where an axis that is named has another extent
 */
export function squeeze(
  x: TensorInput,
  options: { readonly axis?: number | readonly number[] | null } = {},
): Tensor {
  checkOptions('squeeze', options, ['axis'])
  const value = toTensor('squeeze', x)
  const ones = value.shape.flatMap((extent, i) => (extent === 1 ? [i] : []))
  const { axis } = options
  const removed = axis === undefined || axis === null ? ones : normalizeAxes('squeeze', axis, value.rank)
  if (!removed.every((i) => ones.includes(i))) {
    const expected = `extent 1 along axis ${removed.join(', ')}`
    fail('shape.mismatch', { op: 'squeeze', expected, got: [value.shape] })
  }
  return reshape(
    value,
    value.shape.filter((_, i) => !removed.includes(i)),
  )
}

composition({
  name: 'ravel',
  compose: ([x]) => ravel(x as Tensor),
  attributes: {},
  samples: () => [
    sample('[2, 3, 4]', [uniform([2, 3, 4])]),
    sample('a scalar', [uniform([])]),
    sample('int32', [integers([2, 3], -9, 9)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.ravel(a)',
})

/** All elements in row-major order, as a vector. */
export function ravel(x: TensorInput): Tensor {
  const value = toTensor('ravel', x)
  return reshape(value, [value.size])
}

composition<{ source: readonly number[]; destination: readonly number[] }>({
  name: 'moveaxis',
  compose: ([x], { source, destination }) => moveaxis(x as Tensor, source, destination),
  attributes: { source: 'integers', destination: 'integers' },
  samples: () => [
    sample('the first to the end', [uniform([2, 3, 4])], { source: [0], destination: [-1] }),
    sample('the last to the front', [uniform([2, 3, 4, 5])], { source: [3], destination: [0] }),
    sample('several', [uniform([2, 3, 4, 5])], { source: [0, -1], destination: [2, 0] }),
    sample('none', [uniform([2, 3])], { source: [], destination: [] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ moveaxis }) => moveaxis([1], 1, 0), code: 'axis.range' },
    {
      label: 'an axis twice',
      run: ({ moveaxis }) => moveaxis([[1]], [0, 1], [0, -2]),
      code: 'axis.repeated',
    },
    {
      label: 'as many sources as destinations',
      run: ({ moveaxis }) => moveaxis([[1]], [0, 1], 0),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.movedim(a, tuple(source), tuple(destination))',
})

/**
 * Moves axes to other places; the others stay in order.
 *
 * @param source one axis or several
 * @param destination where each of them stands in the result
 */
export function moveaxis(
  x: TensorInput,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const value = toTensor('moveaxis', x)
  const [from, to] = [source, destination].map((axes) => {
    const list = [axes].flat().map((axis) => normalizeAxis('moveaxis', axis, value.rank))
    if (new Set(list).size !== list.length) fail('axis.repeated', { op: 'moveaxis', axes: list })
    return list
  }) as [number[], number[]]
  if (from.length !== to.length) {
    const expected = `as many axes as source, which has ${from.length}`
    fail('argument.range', { op: 'moveaxis', argument: 'destination', expected, got: destination })
  }
  const rest = value.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis))
  const order = value.shape.map((_, i) => {
    const moved = to.indexOf(i)
    return moved === -1 ? (rest.shift() as number) : (from[moved] as number)
  })
  return transpose(value, order)
}

composition<{ axis1: number; axis2: number }>({
  name: 'swapaxes',
  compose: ([x], { axis1, axis2 }) => swapaxes(x as Tensor, axis1, axis2),
  attributes: { axis1: 'integer', axis2: 'integer' },
  samples: () => [
    sample('the last two', [uniform([2, 3, 4])], { axis1: -1, axis2: -2 }),
    sample('the first and the last', [uniform([2, 3, 4, 5])], { axis1: 0, axis2: 3 }),
    sample('one with itself', [uniform([2, 3])], { axis1: 1, axis2: -1 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ swapaxes }) => swapaxes([[1]], 0, 2), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.swapaxes(a, axis1, axis2)',
})

/** Two axes change places. */
export function swapaxes(x: TensorInput, axis1: number, axis2: number): Tensor {
  const value = toTensor('swapaxes', x)
  const [a, b] = [axis1, axis2].map((axis) => normalizeAxis('swapaxes', axis, value.rank))
  return transpose(
    value,
    value.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis) as number),
  )
}
