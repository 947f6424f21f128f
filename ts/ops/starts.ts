import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { type Shape, stridesOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import { toTensor } from './apply.js'
import { stack } from './join.js'
import type { Spec } from './record.js'

/** Where a slice begins: a number for each axis, or an int32 tensor of them, which is known only when the op runs. */
export type StartIndices = readonly (number | Tensor | Variable)[] | Tensor | Variable

/** Starts as numbers where all are known, else as a tensor. */
export function startOf(op: string, startIndices: StartIndices): readonly number[] | Tensor {
  if (startIndices instanceof Tensor || startIndices instanceof Variable) return toTensor(op, startIndices)
  if (!Array.isArray(startIndices)) {
    const expected = 'a list of integers or an int32 tensor'
    fail('argument.type', { op, argument: 'startIndices', expected, got: startIndices })
  }
  const list: readonly (number | Tensor | Variable)[] = startIndices
  return list.every((index) => typeof index === 'number') ? [...list] : stack(list)
}

/** Raises unless a tensor holds one int32 start for each axis. */
export function checkStart(op: string, { shape, dtype }: Spec, extents: Shape): void {
  if (dtype !== 'int32') fail('dtype.mismatch', { op, expected: 'int32 start indices', got: [dtype] })
  if (shape.length !== 1 || shape[0] !== extents.length) {
    const expected = `start indices [${extents.length}], one for each axis`
    fail('shape.mismatch', { op, expected, got: [shape] })
  }
}

/** The place of a slice's first element, whose start is known only now. */
export function placeOfStart(op: string, start: Storage, extents: Shape, shape: Shape): number {
  const strides = stridesOf(extents)
  let place = 0
  extents.forEach((extent, axis) => {
    const [index, size] = [start[axis]!, extent - shape[axis]! + 1]
    if (index < 0 || index >= size) fail('index.range', { op, index, size })
    place += index * strides[axis]!
  })
  return place
}
