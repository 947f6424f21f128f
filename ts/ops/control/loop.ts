import { fail } from '../../errors.js'
import { runOnce } from '../../graph/jit.js'
import { assignments } from '../../graph/program.js'
import { activeTrace } from '../../graph/trace.js'
import { checkInteger, checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { leavesOf } from '../../tree.js'
import { type TensorInput, toTensor } from '../apply.js'
import { add } from '../binary.js'
import { less } from '../compare.js'
import { type Alike, requireAlike, restore, type Tensors, tensorsIn, traceFunction } from './body.js'
import { formatSpec } from './record.js'
import { scan } from './scan.js'
import { callWhile, mostIterations } from './while.js'

/**
 * Repeats `body` while `cond` is true. The loop is part of the program, so it may run any number of times without a new trace; outside of traced
 * functions it is traced and run at once.
 *
 * Both functions get the loop variables, as arguments where `loopVars` is an array, else as one; `body` returns them anew, with the same
 * structure, shapes and dtypes. `body` may assign variables and draw random numbers, `cond` may not. It has no gradient: see {@link scan}
 * and {@link foriLoop}.
 *
 * @param cond returns a bool scalar
 * @param loopVars tensors in arrays and objects; numbers are float32 scalars
 * @param options maximumIterations (default and most: 2^32 - 1)
 * @returns the last loop variables
 * @throws control.structure, control.type where `body` or `cond` returns something else; control.assign
 *
 * @example
 * // The square root of 2, by Newton's method.
 * lw.ops.whileLoop(
 *   (x) => lw.ops.greater(lw.ops.absolute(lw.ops.subtract(lw.ops.multiply(x, x), 2)), 1e-5),
 *   (x) => [lw.ops.multiply(0.5, lw.ops.add(x, lw.ops.divide(2, x)))],
 *   [1],
 * )
 */
export function whileLoop<const Vars>(
  cond: (...loopVars: Arguments<Vars>) => TensorInput,
  body: (...loopVars: Arguments<Vars>) => Alike<Vars>,
  loopVars: Vars,
  options: { readonly maximumIterations?: number } = {},
): Tensors<Vars> {
  const op = 'whileLoop'
  for (const [argument, got] of Object.entries({ cond, body })) {
    if (typeof got !== 'function') fail('argument.type', { op, argument, expected: 'a function', got })
  }
  checkOptions(op, options, ['maximumIterations'])
  const { maximumIterations = mostIterations } = options
  checkInteger(op, 'maximumIterations', maximumIterations, 0)
  const limit = Math.min(maximumIterations, mostIterations)
  return runOnce(op, [tensorsIn(op, loopVars)], ([initial]) => {
    const outer = activeTrace()
    const leaves = leavesOf(initial) as Tensor[]
    if (!outer) return fail('trace.leak')
    const among = (parameters: readonly Tensor[]) => {
      const structured = restore(initial, parameters)
      return (Array.isArray(structured) ? structured : [structured]) as Arguments<Vars>
    }
    const condition = traceFunction(outer, op, leaves, (parameters) => cond(...among(parameters)))
    const truth = condition.outputs.length === 1 ? condition.outputs[0] : undefined
    if (truth?.dtype !== 'bool' || truth.rank !== 0) {
      const got = condition.outputs.map(formatSpec).join(', ') || 'nothing'
      fail('control.type', { op, what: 'what cond returns', expected: 'a bool scalar', got })
    }
    if (assignments(condition.trace).length > 0) fail('control.assign', { op })
    const traced = traceFunction(outer, op, leaves, (parameters) => body(...among(parameters)))
    requireAlike(op, 'what body returns', initial, traced.result)
    return restore(initial, callWhile(outer, condition, traced, leaves, limit))
  }) as Tensors<Vars>
}

/** The loop variables as the functions of a loop get them: those in an array one by one. */
export type Arguments<Vars> = Vars extends readonly unknown[]
  ? Tensors<Vars> extends infer List extends unknown[]
    ? List
    : never
  : [Tensors<Vars>]

/**
 * `body(i, state)` for each int32 `i` from `lower` up to but not including `upper`, each with what the one before returned; returns the last.
 * With numbers for bounds it has a gradient; with tensors it is a {@link whileLoop}.
 *
 * @throws control.structure, control.type where `body` returns something other than the state it got
 *
 * @example
 * lw.ops.foriLoop(0, 10, (i, total) => lw.ops.add(total, lw.ops.cast(i, 'float32')), 0).item()   // 45
 */
export function foriLoop<const State>(
  lower: TensorInput,
  upper: TensorInput,
  body: (i: Tensor, state: Tensors<State>) => Alike<State>,
  initVal: State,
): Tensors<State> {
  const op = 'foriLoop'
  if (typeof body !== 'function') {
    fail('argument.type', { op, argument: 'body', expected: 'a function', got: body })
  }
  const [first, last] = [toTensor(op, lower, 'int32'), toTensor(op, upper, 'int32')]
  const start = [first, initVal] as const
  const step = (i: Tensor, state: Tensors<State>) => [add(i, 1), body(i, state)] as const
  if (typeof lower === 'number' && typeof upper === 'number') {
    const f = ([i, state]: readonly unknown[]) => [step(i as Tensor, state as Tensors<State>), null] as const
    return scan(f as never, start, null, { length: Math.max(0, upper - lower) })[0][1] as Tensors<State>
  }
  const inside = (i: Tensor) => less(i, last)
  return (whileLoop(inside as never, step as never, start) as unknown as [Tensor, Tensors<State>])[1]
}
