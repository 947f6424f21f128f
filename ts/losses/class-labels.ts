import { fail } from '../errors.js'
import { cast, reshape } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/** One class number for each row of scores [..., classes]: int32 [rows]. Labels are [...] or [..., 1], of any dtype. */
export function classLabels(op: string, labels: Tensor, scores: Tensor): Tensor {
  const rows = scores.size / (scores.shape.at(-1) ?? 1)
  if (scores.rank < 2 || labels.size !== rows) {
    const expected = 'class numbers [batch] and an output [batch, classes]'
    fail('shape.mismatch', { op, expected, got: [labels.shape, scores.shape] })
  }
  return cast(reshape(labels, [rows]), 'int32')
}
