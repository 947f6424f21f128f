import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { sameShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { known, largest } from './known.js'
import { turned } from './ordering.js'
import { checkIndex } from './places.js'
import {
  composition,
  type ErrorSample,
  type KernelArguments,
  overMagnitudes,
  type Primitive,
  primitive,
  type Sample,
  type Spec,
} from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

/** How many segments there are, and what is known of the ids. */
export interface SegmentOptions {
  /** Default: one more than the largest id, which a traced function does not know. */
  readonly numSegments?: number
  /** A promise that the ids ascend; the result is the same without it. */
  readonly sorted?: boolean
}

type Segments = { segments: number }

function inferSegments(op: string, inputs: readonly Spec[], segments: number): Spec {
  const [data, ids] = inputs as [Spec, Spec]
  if ((data.dtype !== 'float32' && data.dtype !== 'int32') || ids.dtype !== 'int32') {
    const expected = 'float32 or int32 data and int32 ids'
    fail('dtype.mismatch', { op, expected, got: [data.dtype, ids.dtype] })
  }
  if (data.shape.length === 0 || !sameShape(ids.shape, data.shape.slice(0, 1))) {
    const expected = 'data [rows, …] and ids [rows]'
    fail('shape.mismatch', { op, expected, got: [data.shape, ids.shape] })
  }
  checkInteger(op, 'numSegments', segments, 0)
  return { shape: [segments, ...data.shape.slice(1)], dtype: data.dtype }
}

/** A reference kernel that combines rows in order; `start` is what a segment without rows has. */
function combining(
  op: string,
  start: number,
  join: (total: number, x: number, isInteger: boolean) => number,
) {
  return ({ inputs, specs, output, attributes }: KernelArguments<Segments>): void => {
    const [data, ids] = inputs as [Storage, Storage]
    const { shape, dtype } = specs[0] as Spec
    const row = sizeOf(shape.slice(1))
    const isInteger = dtype === 'int32'
    const first = isInteger && start === -Infinity ? -(2 ** 31) : start
    const totals = new Float64Array(output.length).fill(first)
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      checkIndex(op, id, attributes.segments)
      for (let j = 0; j < row; j++) {
        totals[id * row + j] = join(totals[id * row + j]!, data[i * row + j]!, isInteger)
      }
    }
    output.set(totals)
  }
}

const addSegments = combining('segmentSum', 0, (total, x, isInteger) =>
  isInteger ? (total + x) | 0 : total + x,
)

const commonSamples = (): readonly Sample[] => [
  sample('rows', [uniform([17, 5]), integers([17], 0, 4)], { segments: 4 }),
  sample('scalars', [uniform([100]), integers([100], 0, 7)], { segments: 7 }),
  sample('many rows', [uniform([1000, 64]), integers([1000], 0, 300)], { segments: 300 }),
  sample('no rows', [uniform([0, 2]), integers([0], 0, 3)], { segments: 3 }),
  sample('int32', [integers([20, 3], -(2 ** 31), 2 ** 31), integers([20], 0, 5)], { segments: 6 }),
]

function commonErrors(name: 'segmentSum' | 'segmentMax'): readonly ErrorSample[] {
  return [
    { label: 'an id out of range', run: (ops) => ops[name]([1, 2], [0, 5], 2), code: 'index.range' },
    { label: 'a negative id', run: (ops) => ops[name]([1, 2], [0, -1]), code: 'index.range' },
    { label: 'too few ids', run: (ops) => ops[name]([1, 2], [0], 2), code: 'shape.mismatch' },
    { label: 'no number', run: (ops) => ops[name]([1, 2], [0, 1], -1), code: 'argument.range' },
  ]
}

const segmentSumOp = primitive<Segments>({
  name: 'segmentSum',
  arity: 2,
  attributes: { segments: 'integer' },
  infer: (inputs, { segments }) => inferSegments('segmentSum', inputs, segments),
  kernel: addSegments,
  magnitude: overMagnitudes(addSegments),
  vjp: ({ inputs: [, ids], gradient }, { take }) => [take(gradient, ids as Tensor), null],
  samples: () => [
    ...commonSamples(),
    sample('segments without rows', [uniform([100]), integers([100], 0, 7)], { segments: 9 }),
  ],
  errors: commonErrors('segmentSum'),
  tolerance: { relative: 1e-6 },
  torch: 'torch.zeros((segments, *a.shape[1:]), dtype=a.dtype).index_add(0, b.long(), a)',
})

/**
 * The sums of the rows of `data` that share an int32 id: [numSegments, …], of float32 or int32, which wraps. Rows are added in order; a
 * segment without rows is zero.
 *
 * @param options the number of segments, or an object that holds it
 * @throws index.range when the op runs and an id is not in range
 *
 * @example
 * lw.ops.segmentSum([1, 2, 3], [0, 0, 2], 3)   // [3, 0, 3]
 */
export function segmentSum(
  data: TensorInput,
  segmentIds: TensorInput,
  options: number | SegmentOptions = {},
): Tensor {
  return applySegments(segmentSumOp, data, segmentIds, options)
}

const segmentMaxOp = primitive<Segments>({
  name: 'segmentMax',
  arity: 2,
  attributes: { segments: 'integer' },
  infer: (inputs, { segments }) => inferSegments('segmentMax', inputs, segments),
  kernel: combining('segmentMax', -Infinity, (total, x) => Math.max(total, x)),
  // Tied maxima share the gradient evenly, as those of max do.
  vjp: (
    { inputs, output, gradient, attributes: { segments } },
    { cast, divide, equal, maximum, multiply, segmentSum, take },
  ) => {
    const [data, ids] = inputs as [Tensor, Tensor]
    const mask = cast(equal(data, take(output, ids)), 'float32')
    const shares = divide(gradient, maximum(segmentSum(mask, ids, segments), 1))
    return [multiply(mask, take(shares, ids)), null]
  },
  samples: () => [
    ...commonSamples(),
    valueSample('segments without rows', [uniform([100]), integers([100], 0, 7)], { segments: 9 }),
    valueSample('special values', [values([NaN, -Infinity, 1, Infinity]), values([0, 1, 0, 2], 'int32')], {
      segments: 4,
    }),
  ],
  errors: commonErrors('segmentMax'),
  tolerance: 'exact',
  torch:
    "torch.full((segments, *a.shape[1:]), -2**31 if a.dtype == torch.int32 else -torch.inf, dtype=a.dtype).index_reduce(0, b.long(), a, 'amax')",
})

/**
 * The maxima of the rows of `data` that share an int32 id: [numSegments, …], of float32 or int32. A segment without rows is -Infinity, of
 * int32 the least integer. Tied maxima share the gradient evenly.
 *
 * @param options the number of segments, or an object that holds it
 * @throws index.range when the op runs and an id is not in range
 *
 * @example
 * lw.ops.segmentMax([1, 2, 3], [0, 0, 1], 2)   // [2, 3]
 */
export function segmentMax(
  data: TensorInput,
  segmentIds: TensorInput,
  options: number | SegmentOptions = {},
): Tensor {
  return applySegments(segmentMaxOp, data, segmentIds, options)
}

composition<Segments>({
  name: 'segmentMin',
  compose: ([data, ids], { segments }) => segmentMin(data as Tensor, ids as Tensor, segments),
  attributes: { segments: 'integer' },
  samples: () => [
    sample('rows', [uniform([17, 5]), integers([17], 0, 4)], { segments: 4 }),
    sample('int32', [integers([20, 3], -(2 ** 31), 2 ** 31), integers([20], 0, 5)], { segments: 6 }),
  ],
  errors: [
    { label: 'too few ids', run: ({ segmentMin }) => segmentMin([1, 2], [0], 2), code: 'shape.mismatch' },
    {
      label: 'uint8',
      run: ({ cast, segmentMin }) => segmentMin(cast([1], 'uint8'), [0]),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: 'exact',
  torch:
    "torch.full((segments, *a.shape[1:]), 2**31 - 1 if a.dtype == torch.int32 else torch.inf, dtype=a.dtype).index_reduce(0, b.long(), a, 'amin')",
})

/**
 * The minima of the rows of `data` that share an int32 id: [numSegments, …], of float32 or int32. A segment without rows is Infinity, of
 * int32 the largest integer. Tied minima share the gradient evenly.
 *
 * @param options the number of segments, or an object that holds it
 * @throws index.range when the op runs and an id is not in range
 *
 * @example
 * lw.ops.segmentMin([1, 2, 3], [0, 0, 1], 2)   // [1, 3]
 */
export function segmentMin(
  data: TensorInput,
  segmentIds: TensorInput,
  options: number | SegmentOptions = {},
): Tensor {
  const [rows, ids] = [toTensor('segmentMin', data), toTensor('segmentMin', segmentIds, 'int32')]
  const segments = segmentsOf('segmentMin', ids, options)
  inferSegments('segmentMin', [rows, ids], segments)
  return turned(segmentMax(turned(rows), ids, segments))
}

function applySegments(
  op: Primitive,
  data: TensorInput,
  segmentIds: TensorInput,
  options: number | SegmentOptions,
): Tensor {
  const [rows, ids] = [toTensor(op.name, data), toTensor(op.name, segmentIds, 'int32')]
  return apply(op, [rows, ids], { segments: segmentsOf(op.name, ids, options) })
}

function segmentsOf(op: string, ids: Tensor, options: number | SegmentOptions): number {
  const given = typeof options === 'number' ? { numSegments: options } : options
  checkOptions(op, given, ['numSegments', 'sorted'])
  checkBoolean(op, 'sorted', given.sorted)
  return given.numSegments ?? largest(known(op, ids, 'give numSegments')) + 1
}
