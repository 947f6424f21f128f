import { executor } from '../executors/choice.js'
import { checkBoolean, checkOptions } from '../options.js'
import { stridesOf } from '../shape.js'
import { createTensor, Tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { known } from './known.js'
import { ascending } from './ordering.js'

/** What is asked for beside the distinct elements; default: nothing. */
export interface UniqueOptions {
  /** Where each of them is first. */
  readonly returnIndex?: boolean
  /** For each element of the tensor which of them it is. */
  readonly returnInverse?: boolean
  /** How often each of them occurs. */
  readonly returnCounts?: boolean
}

/** The distinct elements, and as int32 what was asked for. */
export interface Unique {
  readonly values: Tensor
  readonly index?: Tensor
  readonly inverse?: Tensor
  readonly counts?: Tensor
}

const uniqueOptions = ['returnIndex', 'returnInverse', 'returnCounts'] as const

/**
 * The distinct elements of the flattened tensor, ascending. NaN comes last, and all NaN are one. Its shape depends on values, so it runs at
 * once and cannot be traced.
 *
 * @throws trace.shape inside lw.jit, lw.grad or a layer
 *
 * @example
 * lw.ops.unique([3, 1, 3, 2])                                 // [1, 2, 3]
 * lw.ops.unique([3, 1, 3], { returnCounts: true })            // { values: [1, 3], counts: [1, 2] }
 */
export function unique(x: TensorInput, options?: Record<string, never>): Tensor
export function unique(x: TensorInput, options: UniqueOptions): Unique
export function unique(x: TensorInput, options: UniqueOptions = {}): Tensor | Unique {
  checkOptions('unique', options, uniqueOptions)
  for (const option of uniqueOptions) checkBoolean('unique', option, options[option])
  const value = toTensor('unique', x)
  const elements = known('unique', value, 'sort it with lw.ops.sort, or count numbers with lw.ops.bincount')
  const order = Int32Array.from(elements, (_, i) => i)
  order.sort((i, j) => ascending(elements[i]!, elements[j]!) || i - j)
  const starts = order.filter((at, i) => i === 0 || ascending(elements[order[i - 1]!]!, elements[at]!) < 0)
  const inverse = new Int32Array(elements.length)
  const counts = new Int32Array(starts.length)
  let distinct = -1
  order.forEach((at) => {
    if (starts[distinct + 1] === at) distinct++
    inverse[at] = distinct
    counts[distinct]!++
  })
  const values = createTensor(
    Float64Array.from(starts, (at) => elements[at]!),
    [starts.length],
    value.dtype,
    executor().float64,
  )
  if (!uniqueOptions.some((option) => options[option])) return values
  return {
    values,
    ...(options.returnIndex && { index: new Tensor([starts.length], 'int32', starts) }),
    ...(options.returnInverse && { inverse: new Tensor([...value.shape], 'int32', inverse) }),
    ...(options.returnCounts && { counts: new Tensor([starts.length], 'int32', counts) }),
  }
}

/**
 * Where the elements are that are not zero, in the order of the elements: for each axis an int32 list of their indices along it. Its shape
 * depends on values, so it runs at once and cannot be traced.
 *
 * @throws trace.shape inside lw.jit, lw.grad or a layer
 *
 * @example
 * lw.ops.nonzero([[0, 5], [7, 0]])   // [[0, 1], [1, 0]]: at [0, 1] and [1, 0]
 */
export function nonzero(x: TensorInput): Tensor[] {
  const value = toTensor('nonzero', x)
  const elements = known(
    'nonzero',
    value,
    'choose by a mask with lw.ops.where, or take a fixed number with lw.ops.topK',
  )
  const places = Int32Array.from(elements.keys()).filter((at) => elements[at] !== 0)
  const strides = stridesOf(value.shape)
  return value.shape.map((extent, axis) => {
    const along = places.map((at) => Math.floor(at / (strides[axis] as number)) % extent)
    return new Tensor([places.length], 'int32', along)
  })
}
