import { fail } from '../errors.js'
import { type Shape, sizeOf } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { add, multiply } from './binary.js'

/** 0, 1, 2, … along one axis, of extent 1 along all others: int32. */
export function countingAlong(axis: number, count: number, rank: number, step = 1): Tensor {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? count : 1))
  return tensor(
    Int32Array.from({ length: count }, (_, i) => i * step),
    shape,
  )
}

/**
 * The places in a flattened tensor of `shape` that int32 `indices` along an axis mean. Their shape is the tensor's but for the extent
 * along that axis.
 */
export function flatPlaces(indices: Tensor, shape: Shape, axis: number): Tensor {
  const [extent, inner] = [shape[axis] as number, sizeOf(shape.slice(axis + 1))]
  let places = inner === 1 ? indices : multiply(indices, inner)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    const count = shape[i] as number
    if (i !== axis && count > 1) places = add(places, countingAlong(i, count, shape.length, step))
    step *= i === axis ? extent : count
  }
  return places
}

/** Raises unless an index is one of `size` places. */
export function checkIndex(op: string, index: number, size: number): void {
  if (index < 0 || index >= size) fail('index.range', { op, index, size })
}
