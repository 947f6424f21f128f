import { fail } from '../errors.js'
import { argmax, equal, oneHot, reshape, where } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/** The k largest elements of each row, where of equal ones the first counts; the others become -∞. */
export function onlyTopK(op: string, x: Tensor, k: number): Tensor {
  const classes = x.shape.at(-1) ?? 0
  if (x.rank < 2 || k > classes) {
    fail('shape.mismatch', {
      op,
      expected: `an output [batch, classes] of ${k} classes or more`,
      got: [x.shape],
    })
  }
  const rows = reshape(x, [x.size / classes, classes])
  let rest = rows
  for (let i = 0; i < k; i++) {
    const largest = oneHot(argmax(rest, { axis: 1 }), classes)
    rest = where(equal(largest, 1), -Infinity, rest)
  }
  return reshape(where(equal(rest, -Infinity), rows, -Infinity), x.shape)
}
