import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { composition } from './record.js'
import { sample, uniform } from './samples.js'
import { slice } from './slice.js'

composition<{ indices: readonly number[]; axis: number; piece: number }>({
  name: 'split',
  compose: ([x], { indices, axis, piece }) => split(x as Tensor, indices, { axis })[piece] as Tensor,
  attributes: { indices: 'integers', axis: 'integer', piece: 'integer' },
  samples: () => [
    sample('the first', [uniform([9])], { indices: [2, 7], axis: 0, piece: 0 }),
    sample('the middle', [uniform([3, 9, 2])], { indices: [2, 7], axis: 1, piece: 1 }),
    sample('the last', [uniform([3, 9])], { indices: [2, 7], axis: -1, piece: 2 }),
    sample('an empty one', [uniform([3, 9])], { indices: [2, 2], axis: 1, piece: 1 }),
    sample('past the end', [uniform([5])], { indices: [4, 8], axis: 0, piece: 1 }),
  ],
  errors: [
    { label: 'unequal sections', run: ({ split }) => split([1, 2, 3], 2), code: 'argument.range' },
    { label: 'no sections', run: ({ split }) => split([1, 2, 3], 0), code: 'argument.range' },
    { label: 'descending indices', run: ({ split }) => split([1, 2, 3], [2, 1]), code: 'argument.range' },
    { label: 'an axis out of range', run: ({ split }) => split([1, 2], 2, { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.tensor_split(a, tuple(indices), axis)[piece].clone()',
})

/**
 * The parts of a tensor along an axis.
 *
 * @param indicesOrSections a number of equal parts, or the ascending indices at which the tensor is cut
 * @param options axis (default 0)
 *
 * @example
 * lw.ops.split([1, 2, 3, 4], 2)        // [1, 2] and [3, 4]
 * lw.ops.split([1, 2, 3, 4], [1, 3])   // [1], [2, 3] and [4]
 */
export function split(
  x: TensorInput,
  indicesOrSections: number | readonly number[],
  options: { readonly axis?: number } = {},
): Tensor[] {
  checkOptions('split', options, ['axis'])
  const value = toTensor('split', x)
  const along = normalizeAxis('split', options.axis ?? 0, value.rank)
  const extent = value.shape[along] as number
  const cuts = cutsOf(indicesOrSections, extent).map((cut) => Math.min(cut, extent))
  return [...cuts, extent].map((end, piece) => {
    const from = cuts[piece - 1] ?? 0
    return slice(
      value,
      value.shape.map((_, axis) => (axis === along ? from : 0)),
      value.shape.map((other, axis) => (axis === along ? end - from : other)),
    )
  })
}

function cutsOf(indicesOrSections: number | readonly number[], extent: number): readonly number[] {
  const op = 'split'
  const got = indicesOrSections
  if (Array.isArray(got)) {
    const list: readonly number[] = got
    if (!list.every((cut, i) => Number.isInteger(cut) && cut >= (list[i - 1] ?? 0))) {
      fail('argument.range', { op, argument: 'indices', expected: 'ascending integers from 0 on', got })
    }
    return list
  }
  const sections = got as number
  checkInteger(op, 'sections', sections, 1)
  if (extent % sections !== 0) {
    fail('argument.range', { op, argument: 'sections', expected: `a divisor of ${extent}`, got })
  }
  return Array.from({ length: sections - 1 }, (_, i) => ((i + 1) * extent) / sections)
}

composition<{ axis: number; piece: number }>({
  name: 'unstack',
  compose: ([x], { axis, piece }) => unstack(x as Tensor, { axis })[piece] as Tensor,
  attributes: { axis: 'integer', piece: 'integer' },
  samples: () => [
    sample('a vector', [uniform([4])], { axis: 0, piece: 3 }),
    sample('the middle', [uniform([2, 3, 4])], { axis: 1, piece: 1 }),
    sample('the last', [uniform([2, 3])], { axis: -1, piece: 0 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ unstack }) => unstack([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'another number', run: ({ unstack }) => unstack([1, 2], { num: 3 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.unbind(a, axis)[piece].clone()',
})

/**
 * The slices of a tensor along an axis, without that axis: as many as its extent.
 *
 * @param options axis (default 0), and num, which must be that extent if it is given
 */
export function unstack(
  x: TensorInput,
  options: { readonly num?: number | null; readonly axis?: number } = {},
): Tensor[] {
  checkOptions('unstack', options, ['num', 'axis'])
  const value = toTensor('unstack', x)
  const along = normalizeAxis('unstack', options.axis ?? 0, value.rank)
  const extent = value.shape[along] as number
  if ((options.num ?? extent) !== extent) {
    const expected = `${extent}, the extent of axis ${along}`
    fail('argument.range', { op: 'unstack', argument: 'num', expected, got: options.num })
  }
  if (extent === 0) return []
  const rest = value.shape.filter((_, axis) => axis !== along)
  return split(value, extent, { axis: along }).map((part) => reshape(part, rest))
}
