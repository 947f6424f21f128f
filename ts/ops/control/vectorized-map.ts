import { fail } from '../../errors.js'
import { runOnce } from '../../graph/jit.js'
import { assignments } from '../../graph/program.js'
import { activeTrace, type SymbolicTensor, sourcesOf, type Trace } from '../../graph/trace.js'
import type { Tensor } from '../../tensor.js'
import { leavesOf } from '../../tree.js'
import * as ops from '../index.js'
import { restore, type Tensors, type Traced, tensorsIn, traceFunction, traceWithin } from './body.js'
import { map } from './scan.js'
import { callScan } from './scan-op.js'

/**
 * `f` of each slice along the first axis of `elements`, stacked, as {@link map}, but for all slices at once: `f` is traced for one slice, and each of
 * its ops is then applied to all. Ops that have no form for that run slice by slice within the program.
 *
 * @param f assigns no variables and draws no random numbers from a generator
 * @param elements tensors in arrays and objects with equal first extents
 * @throws shape.mismatch where these differ; vectorize.effect
 *
 * @example
 * const distance = (a: lw.Tensor) => lw.ops.sqrt(lw.ops.sum(lw.ops.square(a)))
 * lw.ops.vectorizedMap(distance, lw.tensor([[3, 4], [6, 8]]))   // [5, 10]
 */
export function vectorizedMap<X, const Y>(f: (x: Tensors<X>) => Y, elements: X): Tensors<Y> {
  const op = 'vectorizedMap'
  if (typeof f !== 'function') fail('argument.type', { op, argument: 'f', expected: 'a function', got: f })
  const given = tensorsIn(op, elements)
  const size = sizeOfAll(op, leavesOf(given) as Tensor[])
  return runOnce(op, [given], ([stacks]) => {
    const outer = activeTrace()
    if (!outer) return fail('trace.leak')
    const inputs = (leavesOf(stacks) as Tensor[]).map((stack) => outer.lift(stack))
    const slices = inputs.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
    const traced = traceFunction(outer, op, slices, (parameters) =>
      f(restore(stacks, parameters) as Tensors<X>),
    )
    if (assignments(traced.trace).length > 0) fail('vectorize.effect', { op })
    // A gradient of one's own is a function of one slice.
    const detours = madeFrom(traced.outputs).some(({ origin }) => origin.kind === 'alias' && origin.gradient)
    if (detours) return map(f, stacks as X)
    return restore(traced.result, new Batching(outer, traced, inputs, size).outputs())
  }) as Tensors<Y>
}

function sizeOfAll(op: string, elements: readonly Tensor[]): number {
  const size = elements[0]?.shape[0]
  if (size === undefined || elements.some(({ shape }) => shape[0] !== size)) {
    const expected = 'elements with equal first extents'
    return fail('shape.mismatch', { op, expected, got: elements.map(({ shape }) => shape) })
  }
  return size
}

/** What some tensors are made from, themselves included, in the order of the trace. */
function madeFrom(tensors: readonly SymbolicTensor[]): SymbolicTensor[] {
  const found = new Set<SymbolicTensor>()
  const pending = [...tensors]
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (found.has(tensor)) continue
    found.add(tensor)
    pending.push(...sourcesOf(tensor))
  }
  return [...found].sort((a, b) => a.id - b.id)
}

/** A value for all slices: with a leading axis where it is not the same for all. */
interface Value {
  readonly tensor: SymbolicTensor
  readonly batched: boolean
}

/** The recording of a function of one slice as one of all slices. */
class Batching {
  readonly #values = new Map<SymbolicTensor, Value>()

  constructor(
    private readonly outer: Trace,
    private readonly traced: Traced,
    stacks: readonly SymbolicTensor[],
    private readonly size: number,
  ) {
    const { trace, parameters } = traced
    parameters.forEach((parameter, i) => {
      this.#values.set(parameter, { tensor: stacks[i] as SymbolicTensor, batched: true })
    })
    for (const [tensor, input] of trace.captures) this.#values.set(input, { tensor, batched: false })
    for (const [variable, input] of trace.reads) {
      this.#values.set(input, { tensor: outer.read(variable), batched: false })
    }
  }

  outputs(): Tensor[] {
    for (const tensor of madeFrom(this.traced.outputs)) if (!this.#values.has(tensor)) this.#record(tensor)
    return this.traced.outputs.map((output) => {
      const { tensor, batched } = this.#values.get(output) as Value
      return batched ? tensor : ops.broadcastTo(tensor, [this.size, ...tensor.shape])
    })
  }

  #record(tensor: SymbolicTensor): void {
    const { origin, shape, dtype } = tensor
    const sources = sourcesOf(tensor).map((source) => this.#values.get(source) as Value)
    const inputs = sources.map((value) => value.tensor)
    const batched = sources.some((value) => value.batched)
    if (origin.kind === 'constant') {
      this.#values.set(tensor, { tensor: this.outer.lift(origin.value), batched })
    } else if (origin.kind === 'alias') {
      this.#values.set(tensor, { tensor: this.outer.alias(inputs[0] as Tensor, origin.stop), batched })
    } else if (origin.kind === 'operation') {
      const { op, attributes } = origin
      const once = (trace: Trace, given: readonly SymbolicTensor[]) => [
        trace.add(shape, dtype, { ...origin, inputs: given }),
      ]
      const args = { op, inputs, attributes, size: this.size, batched: sources.map((value) => value.batched) }
      const made = batched ? op.batch?.(args, ops) : once(this.outer, inputs)[0]
      this.#values.set(tensor, {
        tensor: made ? this.outer.lift(made) : (this.#inTurn(sources, once)[0] as SymbolicTensor),
        batched,
      })
    } else if (origin.kind === 'call') {
      const { op, attributes, bodies, outputs } = origin.call
      const once = (trace: Trace, given: readonly SymbolicTensor[]) =>
        trace.call(op, given, attributes, bodies, outputs)
      const made = batched ? this.#inTurn(sources, once) : once(this.outer, inputs)
      outputs.forEach((output, i) => {
        this.#values.set(output, { tensor: made[i] as SymbolicTensor, batched })
      })
    }
  }

  /** What has no form for all slices at once, slice by slice. */
  #inTurn(
    sources: readonly Value[],
    once: (trace: Trace, inputs: readonly SymbolicTensor[]) => readonly SymbolicTensor[],
  ): SymbolicTensor[] {
    const stacks = sources.filter(({ batched }) => batched).map(({ tensor }) => tensor)
    const slices = stacks.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
    const body = traceWithin(this.outer, slices, (parameters, trace) => {
      const rest = [...parameters]
      const given = sources.map(({ tensor, batched }) =>
        batched ? (rest.shift() as SymbolicTensor) : trace.lift(tensor),
      )
      return once(trace, given)
    })
    const { ys } = callScan(this.outer, body, [], stacks, { length: this.size, reverse: false })
    return ys.map((y) => this.outer.lift(y))
  }
}
