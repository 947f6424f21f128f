import { fail } from '../errors.js'
import { expandDims, reshape, transpose } from '../ops/index.js'
import { normalizeAxis, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'

/**
 * Two tensors with equal ranks, where one of them has a last axis of extent 1 more than the other: beside a vector that axis is added to it,
 * else it is dropped, as Keras does. Others stay as they are.
 */
export function alignRanks(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.rank === b.rank + 1 && a.shape.at(-1) === 1) {
    return b.rank === 1 ? [a, expandDims(b, -1)] : [reshape(a, a.shape.slice(0, -1)), b]
  }
  if (b.rank === a.rank + 1 && b.shape.at(-1) === 1) {
    return a.rank === 1 ? [expandDims(a, -1), b] : [a, reshape(b, b.shape.slice(0, -1))]
  }
  return [a, b]
}

/** Raises unless targets have the output's shape. */
export function checkSameShape(op: string, yTrue: Tensor, yPred: Tensor): void {
  if (sameShape(yTrue.shape, yPred.shape)) return
  const expected = 'targets of the shape of the output'
  fail('shape.mismatch', { op, expected, got: [yTrue.shape, yPred.shape] })
}

/** A tensor with one of its axes moved to the end. */
export function lastAxis(op: string, x: Tensor, axis: number): Tensor {
  const along = normalizeAxis(op, axis, x.rank)
  if (along === x.rank - 1) return x
  return transpose(x, [...x.shape.map((_, i) => i).filter((i) => i !== along), along])
}
