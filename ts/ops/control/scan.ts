import { fail } from '../../errors.js'
import { runOnce } from '../../graph/jit.js'
import { activeTrace, refusePromise } from '../../graph/trace.js'
import { checkBoolean, checkInteger, checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { leavesOf } from '../../tree.js'
import { requireAlike, restore, type Tensors, tensorsIn, traceFunction } from './body.js'
import { callScan } from './scan-op.js'
import { grouped, inTurn, joined, part, type Step, ungrouped } from './unroll.js'

export interface ScanOptions {
  /** The number of iterations; needed where there are no `xs`. */
  readonly length?: number
  /** From the last slice to the first; results are stacked where their slices were. Default false. */
  readonly reverse?: boolean
  /** How many iterations are recorded one after the other in each round of the loop; true for all, without a loop. Default 1. */
  readonly unroll?: number | boolean
}

/**
 * Runs `f(carry, x)` for each slice `x` along the first axis of `xs`; it returns `[carry, y]`: the carry for the next slice, and what is stacked.
 * The loop is part of the program, whatever its length; outside of traced functions it is traced and run at once.
 *
 * The carry keeps its structure, shapes and dtypes. `f` may assign variables and draw random numbers, new ones in each iteration. It has a
 * gradient, for which the carries of all iterations are kept and `f` is computed once more in each.
 *
 * @param f returns `[carry, y]`; `y` may be null
 * @param init the first carry: tensors in arrays and objects; numbers are float32 scalars
 * @param xs tensors in arrays and objects with equal first extents, or null
 * @param options length, reverse, unroll
 * @returns `[carry, ys]`: the last carry, and the stacked `y`
 * @throws shape.mismatch where `xs` have different lengths; control.structure, control.type where `f` returns another carry
 *
 * @example
 * const [total, sums] = lw.ops.scan(
 *   (sum, x) => { const next = lw.ops.add(sum, x); return [next, next] },
 *   0,
 *   lw.tensor([1, 2, 3]),
 * )   // 6 and [1, 3, 6]
 */
export function scan<const Carry, X, const Y>(
  f: (carry: Tensors<Carry>, x: Tensors<X>) => readonly [carry: unknown, y: Y],
  init: Carry,
  xs: X,
  options: ScanOptions = {},
): [Tensors<Carry>, Tensors<Y>] {
  const op = 'scan'
  if (typeof f !== 'function') fail('argument.type', { op, argument: 'f', expected: 'a function', got: f })
  checkOptions(op, options, ['length', 'reverse', 'unroll'])
  const { unroll = 1 } = options
  if (typeof unroll !== 'boolean') checkInteger(op, 'unroll', unroll, 1)
  checkBoolean(op, 'reverse', options.reverse)
  const sequences = xs === null || xs === undefined ? null : tensorsIn(op, xs)
  const length = lengthOf(op, sequences === null ? [] : (leavesOf(sequences) as Tensor[]), options.length)
  const reverse = options.reverse ?? false
  let hasY = false
  const [last, ys] = runOnce(op, [tensorsIn(op, init), sequences ?? []], ([start, stacks]) => {
    const step: Step = (carry, x) => {
      const returned: unknown = f(carry as Tensors<Carry>, (sequences === null ? null : x) as Tensors<X>)
      refusePromise(op, returned)
      if (!Array.isArray(returned) || returned.length !== 2) {
        const expected = 'an array [carry, y]'
        fail('argument.type', { op, argument: 'what f returns', expected, got: returned })
      }
      const [next, y] = [tensorsIn(op, returned[0]), returned[1] ?? undefined]
      requireAlike(op, 'the carry that f returns', start, next)
      hasY = y !== undefined
      return [next, tensorsIn(op, y)]
    }
    const chunk = unroll === true ? length : Math.min(Number(unroll) || 1, length)
    if (chunk <= 1) return loop(step, start, stacks, length, reverse)
    const whole = length - (length % chunk)
    if (whole === chunk && whole === length) return inTurn(step, start, stacks, length, reverse)
    const several: Step = (carry, group) => inTurn(step, carry, group, chunk, reverse)
    const most = (carry: unknown) => {
      const groups = grouped(part(stacks, 0, whole), chunk)
      const [next, ys] = loop(several, carry, groups, whole / chunk, reverse)
      return [next, ungrouped(ys)] as const
    }
    if (whole === length) return most(start)
    const rest = (carry: unknown) =>
      inTurn(step, carry, part(stacks, whole, length - whole), length - whole, reverse)
    const [first, second] = reverse ? [rest, most] : [most, rest]
    const [between, before] = first(start)
    const [last, after] = second(between)
    return [last, reverse ? joined(after, before) : joined(before, after)]
  }) as [Tensors<Carry>, Tensors<Y>]
  return [last, hasY ? ys : (null as never)]
}

/**
 * `f` of each slice along the first axis of `xs`, stacked.
 *
 * @param xs tensors in arrays and objects with equal first extents
 * @throws what scan throws
 *
 * @example
 * lw.ops.map((row) => lw.ops.divide(row, lw.ops.max(row)), lw.tensor([[1, 2], [3, 4]]))
 */
export function map<X, Y>(f: (x: Tensors<X>) => Y, xs: X): Tensors<Y> {
  if (typeof f !== 'function') {
    fail('argument.type', { op: 'map', argument: 'f', expected: 'a function', got: f })
  }
  return scan((_, x: Tensors<X>) => [[], f(x)], [], xs)[1]
}

/** A scan whose step is traced once. */
function loop(
  step: Step,
  start: unknown,
  stacks: unknown,
  length: number,
  reverse: boolean,
): readonly [carry: unknown, ys: unknown] {
  const outer = activeTrace()
  if (!outer) return fail('trace.leak')
  const [initial, inputs] = [leavesOf(start) as Tensor[], leavesOf(stacks) as Tensor[]]
  const slices = inputs.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
  const body = traceFunction(outer, 'scan', [...initial, ...slices], (parameters) =>
    step(
      restore(start, parameters.slice(0, initial.length)),
      restore(stacks, parameters.slice(initial.length)),
    ),
  )
  const { carries, ys } = callScan(outer, body, initial, inputs, { length, reverse })
  return [restore(start, carries), restore((body.result as [unknown, unknown])[1], ys)]
}

/** The number of slices that all have. */
function lengthOf(op: string, xs: readonly Tensor[], length: number | undefined): number {
  if (length !== undefined) checkInteger(op, 'length', length, 0)
  const lengths = xs.map(({ shape }) => shape[0])
  const known = length ?? lengths[0]
  if (lengths.some((other) => other === undefined || other !== known)) {
    const expected = `xs with equal first extents${length === undefined ? '' : `, ${length} by the option length`}`
    fail('shape.mismatch', { op, expected, got: xs.map(({ shape }) => shape) })
  }
  if (known === undefined) {
    const expected = 'a number of iterations, since there are no xs'
    return fail('argument.type', { op, argument: 'length', expected, got: null })
  }
  return known
}
