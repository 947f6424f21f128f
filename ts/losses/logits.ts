import { fail } from '../errors.js'
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

/**
 * Raises where a loss of probabilities gets what a dense layer without an activation computes, in the present trace: whoever wrote the model forgot
 * the activation, or meant logits.
 */
export function refuseLinear(loss: string, activation: 'softmax' | 'sigmoid', output: Tensor): void {
  if (isLinear(output)) fail('loss.logits', { op: loss, activation })
}

/** Whether a tensor is the product of something and a weight, plus perhaps another weight. */
function isLinear(tensor: Tensor | undefined): boolean {
  if (!(tensor instanceof SymbolicTensor) || tensor.origin.kind !== 'operation') return false
  const { op, inputs } = tensor.origin
  const [a, b] = inputs
  if (op.name === 'reshape') return isLinear(a)
  if (op.name === 'add') return (isLinear(a) && isWeight(b)) || (isLinear(b) && isWeight(a))
  return op.name === 'matmul' && isWeight(b)
}

/** Whether a tensor is the value of a variable, broadcast or not. */
function isWeight(tensor: Tensor | undefined): boolean {
  if (!(tensor instanceof SymbolicTensor)) return false
  const { origin } = tensor
  if (origin.kind === 'alias') return isWeight(origin.of)
  if (origin.kind === 'operation') return origin.op.name === 'broadcastTo' && isWeight(origin.inputs[0])
  return origin.kind === 'variable'
}
