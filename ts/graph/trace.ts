import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
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
  /** The same value under another name: where differentiation starts, ends (`stop`), or goes another way. */
  | {
      readonly kind: 'alias'
      readonly of: SymbolicTensor
      readonly stop: boolean
      readonly gradient?: Detour
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

function formatScalar(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The recording of one call of a function: every op that runs meanwhile adds a symbolic tensor. */
export class Trace {
  readonly inputs: SymbolicTensor[] = []
  /** The value that each variable has at this point of the trace. */
  readonly values = new Map<Variable, SymbolicTensor>()
  /** The value that each variable had before the first step of the trace. */
  readonly reads = new Map<Variable, SymbolicTensor>()
  #next = 0
  #streams = 0
  readonly #constants = new Map<Tensor | string, SymbolicTensor>()

  add(shape: Shape, dtype: Dtype, origin: Origin): SymbolicTensor {
    return new SymbolicTensor(this, this.#next++, shape, dtype, origin)
  }

  input(shape: Shape, dtype: Dtype): SymbolicTensor {
    const input = this.add(shape, dtype, { kind: 'input' })
    this.inputs.push(input)
    return input
  }

  /** A tensor as a value of this trace: concrete ones become constants. */
  lift(value: Tensor): SymbolicTensor {
    if (value instanceof SymbolicTensor) {
      if (value.trace !== this) fail('trace.leak')
      return value
    }
    // Equal scalars are one constant, so that equal expressions over them are recognised as equal.
    const key = value.rank === 0 ? `${value.dtype} ${formatScalar(value.item())}` : value
    let constant = this.#constants.get(key)
    if (!constant) {
      constant = this.add(value.shape, value.dtype, { kind: 'constant', value })
      this.#constants.set(key, constant)
    }
    return constant
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
      value = this.add(variable.shape, variable.dtype, { kind: 'variable', variable })
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
    return this.#streams++
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
