import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { SymbolicTensor } from '../graph/trace.js'
import type { PartialShape } from '../layers/placeholder.js'
import { type Shape, sizeOf } from '../shape.js'
import { createTensor, type NestedArray, storageOf, Tensor, type TypedArray, tensor } from '../tensor.js'

/** Rows of data: a tensor, nested arrays, a typed array of whole samples, or a flat array with its shape. */
export type ArrayData =
  | Tensor
  | NestedArray
  | TypedArray
  | { readonly data: TypedArray | readonly number[]; readonly shape: Shape }

/** Samples and their targets, a row each. */
export interface Samples {
  readonly x: Tensor
  readonly y: Tensor
}

/** Batches that a program or a file gives one by one: of [x, y], or of x for `predict`. */
export type Batches<Batch> = Iterable<Batch> | AsyncIterable<Batch>

/** Whether a value is flat data with its shape. */
export function isShaped(value: unknown): value is { data: TypedArray | readonly number[]; shape: Shape } {
  return typeof value === 'object' && value !== null && 'data' in value && 'shape' in value
}

/** Whether a value is data as it stands, where nested arrays could also be a list of several. */
export function isWhole(value: unknown): boolean {
  return value instanceof Tensor || ArrayBuffer.isView(value) || isShaped(value)
}

/** Whether a value is an iterable of batches. Arrays are data. */
export function isBatches(value: unknown): value is Batches<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Tensor) return false
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

/**
 * Data as a tensor of rank 1 or more.
 *
 * @param sample the shape of one row, where it is known: a bare typed array holds whole rows of it
 */
export function rowsOf(
  op: string,
  argument: string,
  data: ArrayData,
  sample: PartialShape | undefined,
): Tensor {
  const rows = convert(op, argument, data, sample)
  if (rows instanceof SymbolicTensor) fail('trace.read', { method: op })
  if (rows.rank === 0) {
    fail('argument.type', { op, argument, expected: 'data with a row for each sample', got: 'a scalar' })
  }
  return rows
}

function convert(op: string, argument: string, data: ArrayData, sample: PartialShape | undefined): Tensor {
  const { float64 } = executor()
  if (data instanceof Tensor) return data
  if (ArrayBuffer.isView(data)) {
    if (!sample || sample.includes(null)) return createTensor(data, undefined, undefined, float64)
    const extents = sample as Shape
    const size = sizeOf(extents)
    if (size === 0 || data.length % size !== 0) {
      fail('data.rows', { op, argument, sample: extents, got: data.length })
    }
    return createTensor(data, [data.length / size, ...extents], undefined, float64)
  }
  if (isShaped(data)) return createTensor(data.data as TypedArray, data.shape, undefined, float64)
  if (!Array.isArray(data)) {
    const expected = 'a tensor, nested arrays, a typed array or { data, shape }'
    fail('argument.type', { op, argument, expected, got: data })
  }
  return createTensor(data as NestedArray, undefined, undefined, float64)
}

/** Rows `from` up to `to` of a tensor, over the same memory. */
export function sliceRows(data: Tensor, from: number, to: number): Tensor {
  const row = sizeOf(data.shape.slice(1))
  return new Tensor(
    [to - from, ...data.shape.slice(1)],
    data.dtype,
    storageOf(data).subarray(from * row, to * row),
  )
}

/** int32 [n]: 0 … n - 1. */
export function range(n: number): Tensor {
  return tensor(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  )
}
