import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import { broadcastShapes } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo } from './array.js'
import type { Primitive } from './record.js'

/**
 * Broadcasts arguments to one shape by NumPy's rules and applies a primitive, whose inputs have equal shapes. Plain numbers take the
 * dtype of the first argument that has one; `leading` arguments, such as a condition, have a dtype of their own.
 */
export function applyBroadcasting(op: Primitive, args: readonly TensorInput[], leading = 0): Tensor {
  let dtype: Dtype | undefined
  for (let i = leading; dtype === undefined && i < args.length; i++) dtype = dtypeOf(args[i] as TensorInput)
  const tensors = args.map((arg, i) => toTensor(op.name, arg, i < leading ? undefined : dtype))
  return applyComposition(op.name, tensors, (inputs) => {
    const shape = inputs.map((input) => input.shape).reduce((a, b) => broadcastShapes(op.name, a, b))
    return apply(
      op,
      inputs.map((input) => broadcastTo(input, shape)),
    )
  })
}

/** A list of arguments as tensors; plain numbers take the dtype of the first that has one. */
export function toTensors(op: string, xs: readonly TensorInput[]): Tensor[] {
  if (!Array.isArray(xs) || xs.length === 0) {
    fail('argument.type', { op, argument: 'the first argument', expected: 'a list of tensors', got: xs })
  }
  const list: readonly TensorInput[] = xs
  const dtype = list.map(dtypeOf).find((known) => known !== undefined)
  return list.map((x) => toTensor(op, x, dtype))
}

function dtypeOf(value: TensorInput): Dtype | undefined {
  return typeof value === 'object' && value !== null && 'dtype' in value ? value.dtype : undefined
}
