import { fail } from '../errors.js'
import * as ops from '../ops/index.js'
import { Tensor } from '../tensor.js'
import { mapTree } from '../tree.js'
import { Variable } from '../variable.js'
import { runOnce } from './jit.js'
import { activeTrace, refusePromise, type SymbolicTensor, type Trace } from './trace.js'

/** The gradients of a tree of tensors and variables: a tensor in the place of each. */
export type Gradients<T> = T extends Tensor | Variable
  ? Tensor
  : { -readonly [K in keyof T]: Gradients<T[K]> }

/**
 * A function that returns the value of `f` and its gradient with respect to the first argument: a float32 tensor, a variable, or
 * arrays and objects of them. `f` must return a float32 scalar. Reverse mode; the result can be differentiated again.
 *
 * Where the first argument holds variables, every read of them inside `f` counts, also through layers.
 *
 * @throws grad.output, grad.input
 *
 * @example
 * const f = lw.valueAndGrad((x: lw.Tensor) => lw.ops.sum(lw.ops.square(x)))
 * const [value, gradient] = f(lw.tensor([1, 2, 3]))   // 14, [2, 4, 6]
 */
export function valueAndGrad<T, Rest extends unknown[]>(
  f: (x: T, ...rest: Rest) => Tensor,
): (x: T, ...rest: Rest) => [Tensor, Gradients<T>] {
  const untyped = f as (...args: readonly unknown[]) => Tensor
  return (...args) => runOnce('valueAndGrad', args, (symbolic) => differentiate(untyped, symbolic)) as never
}

/**
 * A function that returns the gradient of `f` with respect to its first argument; see {@link valueAndGrad}.
 *
 * @example
 * const slope = lw.grad((x: lw.Tensor) => lw.ops.multiply(x, lw.ops.multiply(x, x)))
 * slope(lw.tensor(2)).item()                                    // 12
 * lw.grad((x: lw.Tensor) => slope(x))(lw.tensor(2)).item()      // 12, the second derivative
 */
export function grad<T, Rest extends unknown[]>(
  f: (x: T, ...rest: Rest) => Tensor,
): (x: T, ...rest: Rest) => Gradients<T> {
  const both = valueAndGrad(f)
  return (...args) => both(...args)[1] as never
}

/** Runs `f` on aliases of the first argument's leaves and goes back from its result to them. */
function differentiate(
  f: (...args: readonly unknown[]) => Tensor,
  [x, ...rest]: readonly unknown[],
): [Tensor, unknown] {
  const trace = activeTrace() as Trace
  const leaves: SymbolicTensor[] = []
  const marked = new Map<Variable, SymbolicTensor>()
  const argument = mapTree(x, (leaf) => {
    const value = leaf instanceof Variable ? trace.read(leaf) : leaf
    if (!(value instanceof Tensor) || value.dtype !== 'float32') {
      return fail('grad.input', { op: 'valueAndGrad', got: value instanceof Tensor ? value.dtype : value })
    }
    if (!(leaf instanceof Variable)) {
      leaves.push(trace.alias(value))
      return leaves.at(-1)
    }
    const alias = marked.get(leaf) ?? trace.alias(value)
    marked.set(leaf, alias)
    trace.values.set(leaf, alias)
    leaves.push(alias)
    return leaf
  })
  const result = f(argument, ...rest)
  refusePromise('valueAndGrad', result)
  if (!(result instanceof Tensor)) fail('trace.output', { op: 'valueAndGrad', got: result })
  if (result.dtype !== 'float32' || result.rank !== 0) {
    fail('grad.output', { op: 'valueAndGrad', shape: result.shape, dtype: result.dtype })
  }
  const gradients = backpropagate([[trace.lift(result), ops.broadcastTo(1, [])]], leaves).map(
    (gradient, i) => gradient ?? ops.broadcastTo(0, (leaves[i] as Tensor).shape),
  )
  let next = 0
  return [result, mapTree(x, () => gradients[next++])]
}

/**
 * The gradients with respect to some tensors of what was made from them, given the gradient of the loss with respect to each of those results;
 * undefined where nothing depends on a tensor.
 */
export function backpropagate(
  results: readonly (readonly [result: SymbolicTensor, gradient: Tensor])[],
  wrt: readonly SymbolicTensor[],
): (Tensor | undefined)[] {
  const sources = new Set(wrt)
  const outputs = results.map(([result]) => result)
  const onPath = dependents(outputs, sources)
  const gradients = new Map<SymbolicTensor, Tensor>()
  const accumulate = (tensor: SymbolicTensor, gradient: Tensor) => {
    const sum = gradients.get(tensor)
    gradients.set(tensor, sum ? ops.add(sum, gradient) : gradient)
  }
  const distribute = (inputs: readonly SymbolicTensor[], parts: readonly (Tensor | null)[]) => {
    parts.forEach((part, i) => {
      const input = inputs[i] as SymbolicTensor
      if (part && onPath.has(input)) accumulate(input, part)
    })
  }
  for (const [result, gradient] of results) accumulate(result, gradient)
  for (const tensor of [...onPath].sort((a, b) => b.id - a.id)) {
    const gradient = gradients.get(tensor)
    const { origin } = tensor
    if (sources.has(tensor)) continue
    if (origin.kind === 'call') {
      // All readers of its outputs come after the first of them.
      const { op, inputs, outputs } = origin.call
      const parts = outputs.map((output) => (onPath.has(output) ? gradients.get(output) : undefined))
      if (outputs.find((output) => onPath.has(output)) !== tensor || !parts.some(Boolean)) continue
      if (typeof op.vjp !== 'function') fail('grad.undefined', { op: op.name, reason: op.vjp.reason })
      const wanted = inputs.map((input) => onPath.has(input))
      distribute(inputs, op.vjp(origin.call, parts, wanted))
    }
    if (!gradient) continue
    if (origin.kind === 'alias') {
      if (origin.gradient) distribute(origin.gradient.inputs, origin.gradient.rule(gradient))
      else accumulate(origin.of, gradient)
    }
    if (origin.kind !== 'operation') continue
    const { op, inputs, attributes } = origin
    if (typeof op.vjp !== 'function') fail('grad.undefined', { op: op.name, reason: op.vjp.reason })
    distribute(inputs, op.vjp({ inputs, output: tensor, gradient, attributes }, ops))
  }
  return wrt.map((tensor) => gradients.get(tensor))
}

/** The float32 tensors between some inputs and some outputs: those that the inputs' gradients flow through. */
function dependents(
  outputs: readonly SymbolicTensor[],
  wrt: ReadonlySet<SymbolicTensor>,
): Set<SymbolicTensor> {
  const known = new Map<SymbolicTensor, boolean>()
  const sources = ({ origin }: SymbolicTensor): readonly SymbolicTensor[] => {
    if (origin.kind === 'operation') return origin.inputs
    if (origin.kind === 'call') return origin.call.inputs
    if (origin.kind !== 'alias') return []
    return origin.gradient?.inputs ?? (origin.stop ? [] : [origin.of])
  }
  // An explicit stack, because graphs are deeper than the call stack.
  const stack = [...outputs]
  while (stack.length > 0) {
    const tensor = stack.at(-1) as SymbolicTensor
    if (known.has(tensor)) {
      stack.pop()
    } else if (wrt.has(tensor) || tensor.dtype !== 'float32') {
      known.set(tensor, wrt.has(tensor))
    } else {
      const pending = sources(tensor).filter((source) => !known.has(source))
      if (pending.length > 0) stack.push(...pending)
      else
        known.set(
          tensor,
          sources(tensor).some((source) => known.get(source)),
        )
    }
  }
  return new Set([...known].filter(([, depends]) => depends).map(([tensor]) => tensor))
}
