import { SymbolicTensor } from '../graph/trace.js'
import { reshape } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/**
 * What a softmax was applied to, where `probabilities` is the output of one in the present trace: the loss is then computed from the
 * logits in one stable step, and the probabilities need not be computed at all.
 */
export function logitsOf(probabilities: Tensor): Tensor | undefined {
  return argumentOf('softmax', probabilities)
}

/** What an activation was applied to, where `output` is a result of it in the present trace, possibly in another shape with the same rows. */
export function argumentOf(activation: 'softmax' | 'sigmoid', output: Tensor): Tensor | undefined {
  if (!(output instanceof SymbolicTensor) || output.origin.kind !== 'operation') return undefined
  const { op, inputs } = output.origin
  const from = inputs[0] as Tensor
  if (op.name === activation) return from
  if (op.name !== 'reshape' || from.shape.at(-1) !== output.shape.at(-1)) return undefined
  const argument = argumentOf(activation, from)
  return argument && reshape(argument, output.shape)
}
