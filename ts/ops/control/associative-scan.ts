import { fail } from '../../errors.js'
import { runOnce } from '../../graph/jit.js'
import { checkBoolean, checkInteger, checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { leavesOf, mapTree } from '../../tree.js'
import { reshape } from '../array.js'
import { concatenate, stack } from '../join.js'
import { flip, slice } from '../slice.js'
import { type Alike, requireAlike, restore, type Tensors, tensorsIn } from './body.js'

/**
 * Along an axis the results of combining the first one, two, three, … entries by an associative function, of which many are combined at once:
 * the depth is logarithmic, by G. Blelloch, Prefix Sums and Their Applications, 1990. {@link scan} takes functions that are not associative.
 *
 * @param f combines two trees like `elems`, whose entries along `axis` stand side by side; returns one like them
 * @param elems tensors in arrays and objects with equal extents along `axis`
 * @param options reverse: from the last entry on (default false); axis (default 0)
 * @throws shape.mismatch, axis.range; control.structure, control.type where `f` returns something else
 *
 * @example
 * lw.ops.associativeScan(lw.ops.maximum, lw.tensor([1, 3, 2, 5]))   // [1, 3, 3, 5]
 */
export function associativeScan<T>(
  f: (a: Tensors<T>, b: Tensors<T>) => Alike<T>,
  elems: T,
  options: { readonly reverse?: boolean; readonly axis?: number } = {},
): Tensors<T> {
  const op = 'associativeScan'
  if (typeof f !== 'function') fail('argument.type', { op, argument: 'f', expected: 'a function', got: f })
  checkOptions(op, options, ['reverse', 'axis'])
  const { reverse = false, axis = 0 } = options
  checkBoolean(op, 'reverse', reverse)
  checkInteger(op, 'axis', axis, 0)
  const given = tensorsIn(op, elems)
  const lengths = (leavesOf(given) as Tensor[]).map(({ shape }) => shape[axis])
  if (lengths.length === 0 || lengths.some((length) => length === undefined || length !== lengths[0])) {
    const got = (leavesOf(given) as Tensor[]).map(({ shape }) => shape)
    fail('shape.mismatch', { op, expected: `tensors with equal extents along axis ${axis}`, got })
  }
  return runOnce(op, [given], ([tree]) => {
    const combine = (a: readonly Tensor[], b: readonly Tensor[]): Tensor[] => {
      const [left, right] = [restore(tree, a), restore(tree, b)]
      const result = tensorsIn(op, f(left as Tensors<T>, right as Tensors<T>))
      requireAlike(op, 'what f returns', left, result)
      return leavesOf(result) as Tensor[]
    }
    const turned = (x: Tensor) => (reverse ? flip(x, { axis }) : x)
    const inOrder = (leavesOf(tree) as Tensor[]).map(turned)
    return mapTree(restore(tree, prefixes(combine, inOrder, axis)), (x) => turned(x as Tensor))
  }) as Tensors<T>
}

/** Combines neighbours, finds the prefixes of those half as many, and from them those between. */
function prefixes(
  combine: (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tensor[],
  xs: readonly Tensor[],
  axis: number,
): readonly Tensor[] {
  const length = (xs[0] as Tensor).shape[axis] as number
  if (length < 2) return xs
  const every = (list: readonly Tensor[], start: number, count: number, step: number) =>
    list.map((x) => {
      const starts = x.shape.map((_, i) => (i === axis ? start : 0))
      const shape = x.shape.map((extent, i) => (i === axis ? count : extent))
      return slice(x, starts, shape, { strides: x.shape.map((_, i) => (i === axis ? step : 1)) })
    })
  const half = length >> 1
  const odd = prefixes(combine, combine(every(xs, 0, half, 2), every(xs, 1, half, 2)), axis)
  const rest = (length - 1) >> 1
  const between = rest > 0 ? combine(every(odd, 0, rest, 1), every(xs, 2, rest, 2)) : undefined
  const first = every(xs, 0, 1, 1)
  const even = first.map((x, i) => (between ? concatenate([x, between[i] as Tensor], { axis }) : x))
  // One more where there are fewer, so that both interleave.
  const paired = odd.map((x, i) =>
    rest === half ? concatenate([x, every(even, rest, 1, 1)[i] as Tensor], { axis }) : x,
  )
  const both = even.map((x, i) => {
    const pairs = stack([x, paired[i] as Tensor], { axis: axis + 1 })
    return reshape(
      pairs,
      x.shape.map((extent, k) => (k === axis ? 2 * extent : extent)),
    )
  })
  return every(both, 0, length, 1)
}
