import { fail } from '../../errors.js'
import { activeTrace, SymbolicTensor } from '../../graph/trace.js'
import type { Tensor } from '../../tensor.js'
import { type TensorInput, toTensor } from '../apply.js'
import { cast } from '../compare.js'
import { type Alike, requireAlike, restore, type Tensors, tensorsIn, traceFunction } from './body.js'
import { callSwitch } from './switch.js'

/**
 * The result of `trueFn()` where `pred` is true, else that of `falseFn()`. Inside traced functions both are traced, and only one of them
 * computes when the program runs; otherwise only one is called.
 *
 * The functions take no arguments and use what they see. They may return nothing, assign variables and draw random numbers. Gradients flow through the
 * function that was chosen.
 *
 * @param pred a bool scalar
 * @returns tensors in the structure that both functions return
 * @throws dtype.mismatch, shape.mismatch for `pred`; control.structure, control.type when the functions return different things
 *
 * @example
 * const shrink = lw.jit((x: lw.Tensor) =>
 *   lw.ops.cond(lw.ops.greater(lw.ops.sum(x), 10), () => lw.ops.multiply(x, 0.1), () => x))
 */
export function cond<const T>(
  pred: TensorInput,
  trueFn: () => T,
  falseFn: () => NoInfer<Alike<T>>,
): Tensors<T> {
  const condition = toTensor('cond', pred)
  if (condition.rank !== 0) {
    fail('shape.mismatch', { op: 'cond', expected: 'a scalar condition', got: [condition.shape] })
  }
  if (condition.dtype !== 'bool') {
    fail('dtype.mismatch', { op: 'cond', expected: 'a bool condition', got: [condition.dtype] })
  }
  const branches = [falseFn, trueFn]
  checkFunctions('cond', branches)
  const index = condition instanceof SymbolicTensor ? cast(condition, 'int32') : condition
  return choose('cond', index, branches) as Tensors<T>
}

/**
 * The result of one of several functions, which get the operands: of that whose number `index` holds, or the nearest one where there is none.
 * As {@link cond} otherwise.
 *
 * @param index an int32 scalar
 * @throws argument.range without branches; what cond throws
 *
 * @example
 * const activate = lw.jit((kind: lw.Tensor, x: lw.Tensor) =>
 *   lw.ops.switch(kind, [lw.ops.relu, lw.ops.tanh, lw.ops.sigmoid], x))
 */
function switchTo<Operands extends readonly unknown[], T>(
  index: TensorInput,
  branches: readonly ((...operands: Operands) => T)[],
  ...operands: Operands
): Tensors<T> {
  const number = toTensor('switch', index, 'int32')
  if (number.rank !== 0) {
    fail('shape.mismatch', { op: 'switch', expected: 'a scalar index', got: [number.shape] })
  }
  if (number.dtype !== 'int32') {
    fail('dtype.mismatch', { op: 'switch', expected: 'an int32 index', got: [number.dtype] })
  }
  if (!Array.isArray(branches) || branches.length === 0) {
    const expected = 'an array of at least one function'
    fail('argument.range', { op: 'switch', argument: 'branches', expected, got: branches })
  }
  checkFunctions('switch', branches)
  const given = operands.map((operand) => tensorsIn('switch', operand)) as unknown as Operands
  const functions = branches.map((branch) => () => branch(...given))
  return choose('switch', number, functions) as Tensors<T>
}

export { switchTo as switch }

function choose(op: string, index: Tensor, branches: readonly (() => unknown)[]): unknown {
  const outer = activeTrace()
  if (!outer || !(index instanceof SymbolicTensor)) {
    const number = Math.min(Math.max(index.item(), 0), branches.length - 1)
    return tensorsIn(op, branches[number]?.())
  }
  const functions = branches.map((branch) => traceFunction(outer, op, [], branch))
  const [first, ...others] = functions.map(({ result }) => result)
  for (const other of others) requireAlike(op, 'what each function returns', first, other)
  const results = callSwitch(outer, index, functions)
  return restore(first, results)
}

function checkFunctions(op: string, functions: readonly unknown[]): void {
  const wrong = functions.find((f) => typeof f !== 'function')
  if (wrong !== undefined || functions.includes(undefined)) {
    fail('argument.type', { op, argument: 'each branch', expected: 'a function', got: wrong })
  }
}
