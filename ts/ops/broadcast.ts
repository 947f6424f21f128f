import type { Dtype } from '../dtype.js'
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

function dtypeOf(value: TensorInput): Dtype | undefined {
  return typeof value === 'object' && value !== null && 'dtype' in value ? value.dtype : undefined
}
