import { fail } from '../errors.js'
import { broadcastShapes, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { product } from './matrix-product.js'

/**
 * The matrix product over the last two axes of float32 tensors; leading axes are batches and broadcast. A vector on the left is a row,
 * on the right a column, and its axis is dropped from the result.
 */
export function matmul(x: TensorInput, y: TensorInput): Tensor {
  const [left, right] = [toTensor('matmul', x), toTensor('matmul', y)]
  if (left.rank === 0 || right.rank === 0) {
    fail('shape.mismatch', {
      op: 'matmul',
      expected: 'tensors of rank 1 or more',
      got: [left.shape, right.shape],
    })
  }
  return applyComposition('matmul', [left, right], (inputs) =>
    multiplyTensors(...(inputs as [Tensor, Tensor])),
  )
}

/** Vectors become matrices of one row or one column for the product. */
function multiplyTensors(left: Tensor, right: Tensor): Tensor {
  const a = left.rank === 1 ? reshape(left, [1, left.size]) : left
  const b = right.rank === 1 ? reshape(right, [right.size, 1]) : right
  const result = multiplyBatches(a, b)
  const shape = result.shape.filter(
    (_, axis) =>
      !(left.rank === 1 && axis === result.rank - 2) && !(right.rank === 1 && axis === result.rank - 1),
  )
  return reshape(result, shape)
}

function multiplyBatches(a: Tensor, b: Tensor): Tensor {
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (a.rank > 2 && sizeOf(b.shape.slice(0, -2)) === 1) {
    // One product of all rows is faster than a batch of small ones.
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), ...a.shape.slice(-1)])
    const flat = product(rows, reshape(b, b.shape.slice(-2)), false, false)
    return reshape(flat, [...batch, ...a.shape.slice(-2, -1), ...b.shape.slice(-1)])
  }
  return product(
    broadcastTo(a, [...batch, ...a.shape.slice(-2)]),
    broadcastTo(b, [...batch, ...b.shape.slice(-2)]),
    false,
    false,
  )
}
