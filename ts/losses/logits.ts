import { SymbolicTensor } from '../graph/trace.js'
import type { Tensor } from '../tensor.js'

/**
 * What a softmax was applied to, where `probabilities` is the output of one in the present trace: the loss is then computed from the
 * logits in one stable step, and the probabilities need not be computed at all.
 */
export function logitsOf(probabilities: Tensor): Tensor | undefined {
  if (!(probabilities instanceof SymbolicTensor)) return undefined
  const { origin } = probabilities
  return origin.kind === 'operation' && origin.op.name === 'softmax' ? origin.inputs[0] : undefined
}
