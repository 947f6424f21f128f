import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { checkShape, normalizeAxis, sizeOf } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { ravel } from './axes.js'
import { take } from './gather.js'
import { concatenate } from './join.js'
import { composition } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'
import { split } from './split.js'

composition<{ repeats: readonly number[] }>({
  name: 'tile',
  compose: ([x], { repeats }) => tile(x as Tensor, repeats),
  attributes: { repeats: 'integers' },
  samples: () => [
    sample('a vector', [uniform([5])], { repeats: [3] }),
    sample('both axes', [uniform([2, 3])], { repeats: [2, 3] }),
    sample('further axes', [uniform([3])], { repeats: [2, 1, 2] }),
    sample('fewer than axes', [uniform([2, 3, 2])], { repeats: [2] }),
    sample('the outer axis', [uniform([3, 5])], { repeats: [4, 1] }),
    sample('never', [uniform([2, 3])], { repeats: [0, 2] }),
    sample('large', [uniform([40, 30])], { repeats: [5, 7] }),
    sample('int32', [integers([2, 3], -9, 9)], { repeats: [1, 2] }),
    sample('bool', [booleans([3])], { repeats: [2, 2] }),
  ],
  errors: [
    { label: 'a negative number', run: ({ tile }) => tile([1], -1), code: 'argument.range' },
    { label: 'a fraction', run: ({ tile }) => tile([1], [1.5]), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.tile(a, tuple(repeats))',
})

/**
 * The whole tensor several times along each axis.
 *
 * @param repeats how often along each axis, or for the last one alone; more numbers than axes add axes in front, fewer leave the
 *   first axes as they are
 *
 * @example
 * lw.ops.tile([1, 2], 2)         // [1, 2, 1, 2]
 * lw.ops.tile([1, 2], [2, 1])    // [[1, 2], [1, 2]]
 */
export function tile(x: TensorInput, repeats: number | readonly number[]): Tensor {
  const value = toTensor('tile', x)
  const list = [repeats].flat()
  for (const count of list) checkInteger('tile', 'repeats', count, 0)
  const rank = Math.max(value.rank, list.length)
  const extents = [...Array.from({ length: rank - value.rank }, () => 1), ...value.shape]
  const counts = [...Array.from({ length: rank - list.length }, () => 1), ...list]
  checkShape(
    'tile',
    extents.map((extent, axis) => extent * (counts[axis] as number)),
  )
  return applyComposition(`tile ${counts}`, [value], ([input]) => {
    // From the last axis on, so that the largest copies are of the longest rows.
    const tiled = [...extents]
    return counts.reduceRight(
      (result, count, axis) => {
        if (count === 1) return result
        const inner = sizeOf(tiled.slice(axis))
        const outer = sizeOf(tiled.slice(0, axis))
        tiled[axis] = (tiled[axis] as number) * count
        const copies = broadcastTo(reshape(result, [outer, 1, inner]), [outer, count, inner])
        return reshape(copies, tiled)
      },
      reshape(input as Tensor, extents),
    )
  })
}

composition<{ repeats: readonly number[]; axis: number }>({
  name: 'repeat',
  compose: ([x], { repeats, axis }) => repeat(x as Tensor, repeats, { axis }),
  attributes: { repeats: 'integers', axis: 'integer' },
  samples: () => [
    sample('a vector', [uniform([5])], { repeats: [3], axis: 0 }),
    sample('the middle', [uniform([2, 3, 4])], { repeats: [2], axis: 1 }),
    sample('the last', [uniform([2, 3])], { repeats: [2], axis: -1 }),
    sample('one number for each', [uniform([2, 3])], { repeats: [2, 0, 3], axis: 1 }),
    sample('rows of different numbers', [uniform([3, 2])], { repeats: [1, 3, 2], axis: 0 }),
    sample('never', [uniform([2, 3])], { repeats: [0], axis: 0 }),
    sample('int32', [integers([3], -9, 9)], { repeats: [2], axis: 0 }),
    sample('bool', [booleans([3, 2])], { repeats: [1, 2], axis: 1 }),
  ],
  errors: [
    { label: 'a negative number', run: ({ repeat }) => repeat([1], -1), code: 'argument.range' },
    {
      label: 'other than one number for each',
      run: ({ repeat }) => repeat([1, 2, 3], [1, 2]),
      code: 'argument.range',
    },
    { label: 'an axis out of range', run: ({ repeat }) => repeat([1], 2, { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.repeat_interleave(a, torch.tensor(repeats).expand(a.shape[axis]), axis)',
})

/**
 * Each slice along an axis several times, one after the other.
 *
 * @param repeats how often: one number for all, or one for each slice
 * @param options axis (default: of all elements in a row)
 *
 * @example
 * lw.ops.repeat([1, 2], 2)        // [1, 1, 2, 2]
 * lw.ops.repeat([1, 2], [1, 3])   // [1, 2, 2, 2]
 */
export function repeat(
  x: TensorInput,
  repeats: number | readonly number[],
  options: { readonly axis?: number | null } = {},
): Tensor {
  checkOptions('repeat', options, ['axis'])
  const given = toTensor('repeat', x)
  const value = (options.axis ?? null) === null ? ravel(given) : given
  const along = normalizeAxis('repeat', options.axis ?? 0, value.rank)
  const extent = value.shape[along] as number
  const list = [repeats].flat()
  for (const count of list) checkInteger('repeat', 'repeats', count, 0)
  if (list.length !== 1 && list.length !== extent) {
    const expected = `one number, or ${extent}: one for each slice of axis ${along}`
    fail('argument.range', { op: 'repeat', argument: 'repeats', expected, got: repeats })
  }
  return applyComposition(`repeat ${list} ${along}`, [value], ([input]) => {
    if (list.length > 1) {
      const indices = list.flatMap((count, i) => new Array<number>(count).fill(i))
      return take(input as Tensor, tensor(Int32Array.from(indices)), { axis: along })
    }
    const [outer, inner] = [sizeOf(value.shape.slice(0, along)), sizeOf(value.shape.slice(along + 1))]
    const count = list[0] as number
    const copies = broadcastTo(reshape(input as Tensor, [outer, extent, 1, inner]), [
      outer,
      extent,
      count,
      inner,
    ])
    return reshape(
      copies,
      value.shape.map((other, axis) => (axis === along ? extent * count : other)),
    )
  })
}

composition<{ shift: readonly number[]; axis: readonly number[] }>({
  name: 'roll',
  compose: ([x], { shift, axis }) => roll(x as Tensor, shift, { axis }),
  attributes: { shift: 'integers', axis: 'integers' },
  samples: () => [
    sample('a vector', [uniform([7])], { shift: [2], axis: [0] }),
    sample('back', [uniform([7])], { shift: [-3], axis: [0] }),
    sample('further than the extent', [uniform([3, 5])], { shift: [13], axis: [1] }),
    sample('two axes', [uniform([3, 5])], { shift: [1, -2], axis: [0, -1] }),
    sample('by nothing', [uniform([3, 5])], { shift: [5], axis: [1] }),
    sample('empty', [uniform([0, 5])], { shift: [1], axis: [0] }),
    sample('int32', [integers([4], -9, 9)], { shift: [1], axis: [0] }),
  ],
  errors: [
    { label: 'a fraction', run: ({ roll }) => roll([1, 2], 0.5), code: 'argument.range' },
    {
      label: 'as many shifts as axes',
      run: ({ roll }) => roll([[1, 2]], [1, 2], { axis: 0 }),
      code: 'argument.range',
    },
    { label: 'an axis out of range', run: ({ roll }) => roll([1], 1, { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.roll(a, tuple(shift), tuple(axis))',
})

/**
 * Moves elements along axes; those that leave at the end come in at the front.
 *
 * @param shift by how many places; negative ones move back
 * @param options axis: one, or as many as shifts (default: all elements in a row, in the shape of `x`)
 *
 * @example
 * lw.ops.roll([1, 2, 3, 4], 1)   // [4, 1, 2, 3]
 */
export function roll(
  x: TensorInput,
  shift: number | readonly number[],
  options: { readonly axis?: number | readonly number[] | null } = {},
): Tensor {
  checkOptions('roll', options, ['axis'])
  const value = toTensor('roll', x)
  const { axis = null } = options
  if (axis === null) {
    return reshape(roll(reshape(value, [value.size]), shift, { axis: 0 }), value.shape)
  }
  const axes = [axis].flat().map((one) => normalizeAxis('roll', one, value.rank))
  const shifts = Array.isArray(shift) ? (shift as readonly number[]) : axes.map(() => shift as number)
  if (shifts.length !== axes.length || !shifts.every(Number.isInteger)) {
    const expected = `an integer, or ${axes.length}: one for each axis`
    fail('argument.range', { op: 'roll', argument: 'shift', expected, got: shift })
  }
  return applyComposition(`roll ${shifts} ${axes}`, [value], ([input]) =>
    axes.reduce((result, along, i) => {
      const extent = value.shape[along] as number
      const places = extent === 0 ? 0 : (((shifts[i] as number) % extent) + extent) % extent
      if (places === 0) return result
      return concatenate(split(result, [extent - places], { axis: along }).reverse(), { axis: along })
    }, input as Tensor),
  )
}
