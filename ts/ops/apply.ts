import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { runEagerly } from '../executors/eager.js'
import { activeTrace } from '../graph/trace.js'
import { Placeholder } from '../layers/placeholder.js'
import { checkShape } from '../shape.js'
import { createTensor, type NestedArray, storageOf, Tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import type { Attributes, Primitive } from './record.js'

/** What ops accept: tensors, variables (their present value), numbers, booleans and nested arrays. */
export type TensorInput = Tensor | Variable | NestedArray

const noAttributes: Attributes = {}

/**
 * Applies a primitive: records it while a trace is active, else runs it at once.
 * The shape rule comes first in both cases, so bad input raises the same error.
 */
export function apply(op: Primitive, inputs: readonly Tensor[], attributes = noAttributes): Tensor {
  const trace = activeTrace()
  if (!trace) {
    const name = attributes === noAttributes ? op.name : op.name + JSON.stringify(attributes)
    return runEagerly(name, inputs, (symbolic) => apply(op, symbolic, attributes))
  }
  const { shape, dtype } = op.infer(inputs, attributes)
  checkShape(op.name, shape)
  const lifted = inputs.map((input) => trace.lift(input))
  return trace.add(shape, dtype, { kind: 'operation', op, inputs: lifted, attributes })
}

/**
 * Applies a composition of primitives: op by op while a trace is active, else at once as one program.
 *
 * @param name tells it apart from all others, its attributes included
 */
export function applyComposition(
  name: string,
  inputs: readonly Tensor[],
  compose: (inputs: readonly Tensor[]) => Tensor,
): Tensor {
  return activeTrace() ? compose(inputs) : runEagerly(name, inputs, compose)
}

/** An op's argument as a tensor. `dtype` is what plain numbers become; tensors keep theirs. */
export function toTensor(op: string, value: TensorInput, dtype?: Dtype): Tensor {
  if (value instanceof Tensor) return value
  if (value instanceof Variable) return value.read()
  if ((value as unknown) instanceof Placeholder) fail('placeholder.op', { op })
  if (typeof value !== 'number' && typeof value !== 'boolean' && !Array.isArray(value)) {
    fail('argument.type', {
      op,
      argument: 'an input',
      expected: 'a tensor, a variable, a number or nested arrays',
      got: value,
    })
  }
  const { float64 } = executor()
  const converted = createTensor(value, undefined, dtype, float64)
  if (dtype !== undefined && dtype !== 'float32') refuseLoss(op, value, converted)
  return converted
}

/** Raises where plain numbers are not what the integers or booleans beside them can hold: 0.5 would become 0. */
function refuseLoss(op: string, given: NestedArray, converted: Tensor): void {
  const exact = storageOf(createTensor(given, undefined, 'float32', true))
  if (storageOf(converted).every((element, i) => element === exact[i])) return
  const expected = `${converted.dtype}, as the tensor beside them (lw.ops.cast converts that)`
  fail('argument.type', { op, argument: 'plain numbers', expected, got: given })
}
