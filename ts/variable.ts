import type { Constraint } from './constraints/constraints.js'
import type { Dtype } from './dtype.js'
import { fail } from './errors.js'
import { executor } from './executors/choice.js'
import type { Executor, VariableStorage } from './executors/executor.js'
import { formatElements, isNested } from './format.js'
import { activeTrace } from './graph/trace.js'
import { checkOptions } from './options.js'
import type { Regularizer } from './regularizers/regularizers.js'
import { formatShape, type Shape, sameShape } from './shape.js'
import { createTensor, type NestedArray, Tensor, type TypedArray } from './tensor.js'

/**
 * A named value that programs can change: a weight, an optimizer's moment, a metric's sum. It lives on the executor that was
 * current when it was made. Ops read its present value; inside a trace, reads follow the assignments before them.
 *
 * @example
 * const count = lw.variable(0)
 * const tick = lw.jit(() => { count.assign(lw.ops.add(count, 1)) })
 * tick(); tick()
 * count.read().item()   // 2
 */
export class Variable {
  readonly shape: Shape
  readonly dtype: Dtype
  readonly executor: Executor
  readonly storage: VariableStorage
  /** What training adds to the loss for it. */
  regularizer: Regularizer | undefined
  /** What optimizers apply to it after each step. */
  constraint: Constraint | undefined
  #closed = false

  constructor(
    initial: Tensor,
    readonly name: string,
    /** Whether optimizers update it. */
    readonly trainable: boolean,
  ) {
    this.shape = initial.shape
    this.dtype = initial.dtype
    this.executor = executor()
    this.storage = this.executor.createVariable(initial)
  }

  /** The present value. */
  read(): Tensor {
    return activeTrace()?.read(this) ?? new Tensor(this.shape, this.dtype, this.storage.read())
  }

  /** Sets the value, which must have the variable's shape and dtype (numbers are converted). */
  assign(value: Tensor | Variable | NestedArray | TypedArray): void {
    const given = value instanceof Variable ? value.read() : value
    const next =
      given instanceof Tensor ? given : createTensor(given, undefined, this.dtype, this.executor.float64)
    if (!sameShape(next.shape, this.shape)) {
      fail('shape.mismatch', {
        op: `assign to variable '${this.name}'`,
        expected: `shape [${this.shape.join(', ')}]`,
        got: [next.shape],
      })
    }
    if (next.dtype !== this.dtype) {
      fail('dtype.mismatch', {
        op: `assign to variable '${this.name}'`,
        expected: this.dtype,
        got: [next.dtype],
      })
    }
    const trace = activeTrace()
    if (trace) trace.assign(this, next)
    else this.storage.write(next)
  }

  /** Frees the memory now; otherwise it goes with the object. */
  close(): void {
    this.#closed = true
    this.storage.close()
  }

  /** Whether its memory was freed. */
  get closed(): boolean {
    return this.#closed
  }

  /** JavaScript's operators see the present value, as those of tensors do. */
  [Symbol.toPrimitive](hint: string): string | number {
    return hint === 'string' ? this.toString() : this.read()[Symbol.toPrimitive](hint)
  }

  toString(): string {
    return this.#format(false)
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: { depth?: number | null }): string {
    return this.#format(isNested(depth, options))
  }

  #format(nested: boolean): string {
    if (this.#closed) return `Variable '${this.name}' (closed)`
    const { name, shape, dtype } = this
    const header = `Variable '${name}' ${dtype} ${formatShape(shape)}`
    if (activeTrace()) return `${header} (symbolic)`
    return `${header}\n${formatElements(shape, dtype, this.storage.read(), { nested })}`
  }
}

/**
 * A variable with an initial value.
 *
 * @param value its shape and dtype are the variable's
 * @param options name (default 'variable') and trainable (default true)
 * @throws argument.type, argument.unknown
 */
export function variable(
  value: Tensor | NestedArray,
  options: { readonly name?: string; readonly trainable?: boolean } = {},
): Variable {
  checkOptions('variable', options, ['name', 'trainable'])
  const { name = 'variable', trainable = true } = options
  const initial =
    value instanceof Tensor ? value : createTensor(value, undefined, undefined, executor().float64)
  return new Variable(initial, name, trainable)
}
