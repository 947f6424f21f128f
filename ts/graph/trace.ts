import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import type { Control } from '../ops/control/record.js'
import type { Attributes, Primitive } from '../ops/record.js'
import type { Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'

/** Where a symbolic tensor's value comes from. */
export type Origin =
  | { readonly kind: 'input' }
  | { readonly kind: 'variable'; readonly variable: Variable }
  | { readonly kind: 'constant'; readonly value: Tensor }
  | {
      readonly kind: 'operation'
      readonly op: Primitive
      readonly inputs: readonly SymbolicTensor[]
      readonly attributes: Attributes
    }
  /** One of the results of an op that runs functions of its own. */
  | { readonly kind: 'call'; readonly call: Call; readonly index: number }
  /** The same value under another name: where differentiation starts, ends (`stop`), or goes another way. */
  | {
      readonly kind: 'alias'
      readonly of: SymbolicTensor
      readonly stop: boolean
      readonly gradient?: Detour
    }

/** A function that was traced to become part of an instruction. Its trace lies within the one that the instruction belongs to. */
export interface Body {
  readonly trace: Trace
  /** What is given anew at each call; values of the traces around come in here too. */
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly SymbolicTensor[]
}

/** The use of an op that runs functions. */
export interface Call {
  readonly op: Control
  readonly inputs: readonly SymbolicTensor[]
  readonly attributes: Attributes
  /** Differentiation may add outputs to them. */
  bodies: readonly Body[]
  readonly outputs: SymbolicTensor[]
}

/** What the gradient of a value is, in place of what its ops say: a gradient, or null for zero, for each input. */
export interface Detour {
  readonly inputs: readonly SymbolicTensor[]
  readonly rule: (gradient: Tensor) => readonly (Tensor | null)[]
}

/** A tensor of a trace: it has a shape and a dtype, and an origin in place of values. */
export class SymbolicTensor extends Tensor {
  constructor(
    readonly trace: Trace,
    /** Ascending in the order of creation, so an origin's inputs always have smaller ids. */
    readonly id: number,
    shape: Shape,
    dtype: Dtype,
    readonly origin: Origin,
  ) {
    super(shape, dtype, undefined)
  }
}

/** The tensors that a tensor is made from. */
export function sourcesOf({ origin }: SymbolicTensor): readonly SymbolicTensor[] {
  if (origin.kind === 'operation') return origin.inputs
  if (origin.kind === 'call') return origin.call.inputs
  if (origin.kind === 'alias') return [origin.of, ...(origin.gradient?.inputs ?? [])]
  return []
}

function formatScalar(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/**
 * The recording of one call of a function: every op that runs meanwhile adds a symbolic tensor. The functions of control-flow ops have
 * traces of their own within it.
 */
export class Trace {
  readonly inputs: SymbolicTensor[] = []
  /** The value that each variable has at this point of the trace. */
  readonly values = new Map<Variable, SymbolicTensor>()
  /** The value that each variable had before the first step of the trace. */
  readonly reads = new Map<Variable, SymbolicTensor>()
  /** For values of the trace around this one that are used here the inputs that stand for them. */
  readonly captures = new Map<SymbolicTensor, SymbolicTensor>()
  #next = 0
  #streams = 0
  readonly #constants = new Map<Tensor | string, SymbolicTensor>()
  /** For each trace that is recorded here again its tensors so far, and what stands for them here. */
  readonly #replays = new Map<Trace, Map<SymbolicTensor, SymbolicTensor>>()

  constructor(private readonly parent?: Trace) {}

  add(shape: Shape, dtype: Dtype, origin: Origin): SymbolicTensor {
    return new SymbolicTensor(this, this.#next++, shape, dtype, origin)
  }

  input(shape: Shape, dtype: Dtype): SymbolicTensor {
    const input = this.add(shape, dtype, { kind: 'input' })
    this.inputs.push(input)
    return input
  }

  /** A tensor as a value of this trace: concrete ones become constants, those of traces around it inputs. */
  lift(value: Tensor): SymbolicTensor {
    if (value instanceof SymbolicTensor) {
      if (value.trace === this) return value
      return this.#replayed(value) ?? this.#capture(value)
    }
    // Arrays stand once, in the outermost trace; scalars where they are used, so that what follows from them is known there.
    if (value.rank > 0 && this.parent) return this.#capture(value)
    // Equal scalars are one constant, so that equal expressions over them are recognised as equal.
    const key = value.rank === 0 ? `${value.dtype} ${formatScalar(value.item())}` : value
    let constant = this.#constants.get(key)
    if (!constant) {
      constant = this.add(value.shape, value.dtype, { kind: 'constant', value })
      this.#constants.set(key, constant)
    }
    return constant
  }

  #capture(value: Tensor): SymbolicTensor {
    const outer = this.parent?.lift(value) ?? fail('trace.leak')
    if (outer.origin.kind === 'constant' && outer.rank === 0) return this.lift(outer.origin.value)
    const input = this.captures.get(outer) ?? this.input(outer.shape, outer.dtype)
    this.captures.set(outer, input)
    return input
  }

  /** Adds the use of an op that runs functions, and returns its results. */
  call(
    op: Control,
    inputs: readonly Tensor[],
    attributes: Attributes,
    bodies: readonly Body[],
    outputs: readonly { readonly shape: Shape; readonly dtype: Dtype }[],
  ): SymbolicTensor[] {
    const lifted = inputs.map((input) => this.lift(input))
    const call: Call = { op, inputs: lifted, attributes, bodies, outputs: [] }
    for (const { shape, dtype } of outputs) this.addOutput(call, shape, dtype)
    return [...call.outputs]
  }

  /** One more result of a call. */
  addOutput(call: Call, shape: Shape, dtype: Dtype): SymbolicTensor {
    const output = this.add(shape, dtype, { kind: 'call', call, index: call.outputs.length })
    call.outputs.push(output)
    return output
  }

  /** Records a function that was traced before once more, with these values as its inputs. */
  replay({ trace, inputs, outputs }: Body, values: readonly SymbolicTensor[]): SymbolicTensor[] {
    this.#replays.set(trace, new Map(inputs.map((input, i) => [input, values[i] as SymbolicTensor])))
    return outputs.map((output) => this.lift(output))
  }

  #recordsAgain(trace: Trace): boolean {
    return [...this.#replays.keys()].some((source) => source === trace || source.#recordsAgain(trace))
  }

  /** What stands here for a tensor of a trace that is recorded again; it is recorded when it is first needed. */
  #replayed(value: SymbolicTensor): SymbolicTensor | undefined {
    for (const [source, known] of this.#replays) {
      if (source !== value.trace && !source.#recordsAgain(value.trace)) continue
      const wanted = source.lift(value)
      const missing = new Set<SymbolicTensor>()
      const pending = [wanted]
      for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
        if (known.has(tensor) || missing.has(tensor)) continue
        missing.add(tensor)
        pending.push(...sourcesOf(tensor))
      }
      for (const tensor of [...missing].sort((a, b) => a.id - b.id)) this.#repeat(tensor, known)
      return known.get(wanted)
    }
    return undefined
  }

  #repeat(tensor: SymbolicTensor, known: Map<SymbolicTensor, SymbolicTensor>): void {
    if (known.has(tensor)) return
    const { origin, shape, dtype } = tensor
    const here = (source: SymbolicTensor) => known.get(source) as SymbolicTensor
    if (origin.kind === 'call') {
      const { op, inputs, attributes, bodies, outputs } = origin.call
      const repeated = this.call(op, inputs.map(here), attributes, bodies, outputs)
      outputs.forEach((output, i) => known.set(output, repeated[i] as SymbolicTensor))
    } else if (origin.kind === 'constant') {
      known.set(tensor, this.lift(origin.value))
    } else if (origin.kind === 'operation') {
      known.set(tensor, this.add(shape, dtype, { ...origin, inputs: origin.inputs.map(here) }))
    } else if (origin.kind === 'alias') {
      const { gradient } = origin
      const detour = gradient && { gradient: { ...gradient, inputs: gradient.inputs.map(here) } }
      known.set(tensor, this.add(shape, dtype, { ...origin, of: here(origin.of), ...detour }))
    } else {
      fail('trace.leak')
    }
  }

  /** The same value under another name. */
  alias(value: Tensor, stop = false): SymbolicTensor {
    const of = this.lift(value)
    return this.add(of.shape, of.dtype, { kind: 'alias', of, stop })
  }

  /** The same value, through which gradients flow to the given inputs by a rule. */
  withGradient(value: Tensor, inputs: readonly Tensor[], rule: Detour['rule']): SymbolicTensor {
    const of = this.lift(value)
    const gradient = { inputs: inputs.map((input) => this.lift(input)), rule }
    return this.add(of.shape, of.dtype, { kind: 'alias', of, stop: true, gradient })
  }

  read(variable: Variable): SymbolicTensor {
    let value = this.values.get(variable)
    if (!value) {
      value = this.parent
        ? this.input(variable.shape, variable.dtype)
        : this.add(variable.shape, variable.dtype, { kind: 'variable', variable })
      this.reads.set(variable, value)
      this.values.set(variable, value)
    }
    return value
  }

  assign(variable: Variable, value: Tensor): void {
    this.read(variable)
    this.values.set(variable, this.lift(value))
  }

  /** Ids of random ops in the order of the trace: each draws from a stream of its own. */
  nextStream(): number {
    return this.parent ? this.parent.nextStream() : this.#streams++
  }
}

/** Raises if what a traced function returned is a promise, whose own failure would then be nobody's. */
export function refusePromise(op: string, result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => {})
  fail('trace.async', { op })
}

let active: Trace | undefined

/** The trace that ops record into now, if any. */
export function activeTrace(): Trace | undefined {
  return active
}

/** Runs a function with its ops recorded into `trace`. */
export function recordInto<R>(trace: Trace | undefined, body: () => R): R {
  const former = active
  active = trace
  try {
    return body()
  } finally {
    active = former
  }
}
