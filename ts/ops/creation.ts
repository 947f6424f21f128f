import { type Dtype, dtypes } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { checkShape, type Shape } from '../shape.js'
import { createTensor, type Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { cast, equal } from './compare.js'
import { checkNumber } from './pointwise.js'
import { composition } from './record.js'
import { integers, sample, uniform } from './samples.js'

/** A tensor of numbers that are exact in the present executor's precision. */
function fromNumbers(elements: readonly number[], dtype: Dtype): Tensor {
  return createTensor(Float64Array.from(elements), [elements.length], dtype, executor().float64)
}

function checkDtype(op: string, dtype: Dtype): void {
  if (!dtypes.includes(dtype)) fail('dtype.invalid', { op, got: dtype })
}

composition<{ shape: Shape; value: number; dtype: Dtype }>({
  name: 'full',
  compose: (_, { shape, value, dtype }) => full(shape, value, dtype),
  attributes: { shape: 'integers', value: 'number', dtype: 'dtype' },
  samples: () => [
    sample('float32', [], { shape: [3, 5], value: 1.5, dtype: 'float32' }),
    sample('int32', [], { shape: [2, 3, 4], value: -7, dtype: 'int32' }),
    sample('bool', [], { shape: [7], value: 1, dtype: 'bool' }),
    sample('uint8', [], { shape: [7], value: 200, dtype: 'uint8' }),
    sample('nothing', [], { shape: [0, 3], value: 1, dtype: 'float32' }),
  ],
  errors: [
    { label: 'a negative extent', run: ({ full }) => full([-1], 1), code: 'shape.invalid' },
    { label: 'a fraction as int32', run: ({ full }) => full([2], 0.5, 'int32'), code: 'argument.type' },
    { label: 'an unknown dtype', run: ({ full }) => full([2], 1, 'int64' as Dtype), code: 'dtype.invalid' },
  ],
  tolerance: 'exact',
  torch: 'torch.full(shape, value)',
})

/**
 * A tensor of one value.
 *
 * @param value a number or boolean, or a tensor that broadcasts to the shape
 * @param dtype default: the value's, float32 for numbers
 *
 * @example
 * lw.ops.full([2, 3], 7)   // [[7, 7, 7], [7, 7, 7]]
 */
export function full(shape: Shape, value: TensorInput, dtype?: Dtype): Tensor {
  checkShape('full', shape)
  if (dtype !== undefined) checkDtype('full', dtype)
  const given = toTensor('full', value, dtype)
  return broadcastTo(dtype === undefined ? given : cast(given, dtype), shape)
}

/** A tensor of zeros, float32 by default. */
export function zeros(shape: Shape, dtype: Dtype = 'float32'): Tensor {
  return full(shape, 0, dtype)
}

/** A tensor of ones, float32 by default. */
export function ones(shape: Shape, dtype: Dtype = 'float32'): Tensor {
  return full(shape, 1, dtype)
}

composition<{ value: number }>({
  name: 'fullLike',
  compose: ([x], { value }) => fullLike(x as Tensor, value),
  attributes: { value: 'number' },
  samples: () => [
    sample('float32', [uniform([3, 5])], { value: 1.5 }),
    sample('int32', [integers([7], 0, 9)], { value: -3 }),
  ],
  errors: [],
  tolerance: 'exact',
  torch: '0 * a + value',
})

/** A tensor of one value with the shape of another, and its dtype by default. */
export function fullLike(x: TensorInput, value: TensorInput, dtype?: Dtype): Tensor {
  const like = toTensor('fullLike', x)
  return full(like.shape, value, dtype ?? like.dtype)
}

/** Zeros with the shape of another tensor, and its dtype by default. */
export function zerosLike(x: TensorInput, dtype?: Dtype): Tensor {
  return fullLike(x, 0, dtype)
}

/** Ones with the shape of another tensor, and its dtype by default. */
export function onesLike(x: TensorInput, dtype?: Dtype): Tensor {
  return fullLike(x, 1, dtype)
}

composition<{ rows: number; columns: number; k: number; dtype: Dtype }>({
  name: 'eye',
  compose: (_, { rows, columns, k, dtype }) => eye(rows, columns, k, dtype),
  attributes: { rows: 'integer', columns: 'integer', k: 'number', dtype: 'dtype' },
  samples: () => [
    sample('square', [], { rows: 4, columns: 4, k: 0, dtype: 'float32' }),
    sample('above', [], { rows: 3, columns: 5, k: 1, dtype: 'int32' }),
    sample('below', [], { rows: 5, columns: 3, k: -2, dtype: 'bool' }),
  ],
  errors: [{ label: 'a fraction', run: ({ eye }) => eye(1.5), code: 'argument.range' }],
  tolerance: 'exact',
  torch: 'torch.eye(rows + columns + abs(k))[max(0, k):, max(0, -k):][:rows, :columns]',
})

/**
 * A matrix with ones on a diagonal and zeros elsewhere.
 *
 * @param columns default: as many as rows
 * @param k which diagonal: 0 is the main one, positive ones are above it
 *
 * @example
 * lw.ops.eye(2, 3, 1)   // [[0, 1, 0], [0, 0, 1]]
 */
export function eye(rows: number, columns = rows, k = 0, dtype: Dtype = 'float32'): Tensor {
  checkInteger('eye', 'rows', rows, 0)
  checkInteger('eye', 'columns', columns, 0)
  checkInteger('eye', 'k', k, -(2 ** 31))
  checkDtype('eye', dtype)
  return applyComposition(`eye ${rows} ${columns} ${k} ${dtype}`, [], () => {
    const [row, column] = [arange(k, rows + k), arange(columns)]
    const shape = [rows, columns]
    return cast(equal(broadcastTo(reshape(row, [rows, 1]), shape), broadcastTo(column, shape)), dtype)
  })
}

/** The identity matrix of n rows. */
export function identity(n: number, dtype: Dtype = 'float32'): Tensor {
  return eye(n, n, 0, dtype)
}

composition<{ start: number; stop: number; step: number; dtype: Dtype }>({
  name: 'arange',
  compose: (_, { start, stop, step, dtype }) => arange(start, stop, step, dtype),
  attributes: { start: 'number', stop: 'number', step: 'number', dtype: 'dtype' },
  samples: () => [
    sample('integers', [], { start: 2, stop: 9, step: 1, dtype: 'int32' }),
    sample('downwards', [], { start: 9, stop: 0, step: -2, dtype: 'int32' }),
    sample('fractions', [], { start: 0, stop: 2, step: 0.25, dtype: 'float32' }),
    sample('nothing', [], { start: 3, stop: 3, step: 1, dtype: 'int32' }),
  ],
  errors: [
    { label: 'a step of 0', run: ({ arange }) => arange(0, 3, 0), code: 'argument.range' },
    { label: 'no number', run: ({ arange }) => arange(0, Number.NaN), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.arange(start, stop, step)',
})

/**
 * Numbers at equal steps, from `start` on and before `stop`; with one argument, from 0 on and before that.
 *
 * @param dtype default: int32 where start and step are integers, else float32
 *
 * @example
 * lw.ops.arange(3)           // int32 [0, 1, 2]
 * lw.ops.arange(1, 2, 0.5)   // float32 [1, 1.5]
 */
export function arange(start: number, stop?: number, step = 1, dtype?: Dtype): Tensor {
  const [first, end] = stop === undefined ? [0, start] : [start, stop]
  checkNumber('arange', 'start', first)
  checkNumber('arange', 'stop', end)
  if (step === 0)
    fail('argument.range', { op: 'arange', argument: 'step', expected: 'a number but 0', got: step })
  checkNumber('arange', 'step', step)
  if (dtype !== undefined) checkDtype('arange', dtype)
  const length = Math.max(0, Math.ceil((end - first) / step))
  checkShape('arange', [length])
  const natural = Number.isInteger(first) && Number.isInteger(step) ? 'int32' : 'float32'
  return fromNumbers(
    Array.from({ length }, (_, i) => first + i * step),
    dtype ?? natural,
  )
}

/** How many numbers and which: whether the last one is `stop` (default true), and their dtype (default float32). */
export interface LinspaceOptions {
  readonly endpoint?: boolean
  readonly dtype?: Dtype
}

composition<{ start: number; stop: number; num: number; endpoint: boolean }>({
  name: 'linspace',
  compose: (_, { start, stop, num, endpoint }) => linspace(start, stop, num, { endpoint }),
  attributes: { start: 'number', stop: 'number', num: 'integer', endpoint: 'boolean' },
  samples: () => [
    sample('both ends', [], { start: -1, stop: 2, num: 7, endpoint: true }),
    sample('without the last', [], { start: 0, stop: 3, num: 7, endpoint: false }),
    sample('one', [], { start: 5, stop: 9, num: 1, endpoint: true }),
    sample('none', [], { start: 5, stop: 9, num: 0, endpoint: true }),
  ],
  errors: [
    { label: 'a negative number', run: ({ linspace }) => linspace(0, 1, -1), code: 'argument.range' },
    { label: 'no number', run: ({ linspace }) => linspace(0, Infinity), code: 'argument.range' },
  ],
  tolerance: { relative: 1e-7 },
  torch: 'torch.linspace(start, stop, num) if endpoint else torch.linspace(start, stop, num + 1)[:-1]',
})

/**
 * `num` numbers (default 50) at equal distances from `start` to `stop`.
 *
 * @example
 * lw.ops.linspace(0, 1, 5)   // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, stop: number, num = 50, options: LinspaceOptions = {}): Tensor {
  checkOptions('linspace', options, ['endpoint', 'dtype'])
  return spaced('linspace', start, stop, num, options, (x) => x)
}

composition<{ start: number; stop: number; num: number; base: number }>({
  name: 'logspace',
  compose: (_, { start, stop, num, base }) => logspace(start, stop, num, { base }),
  attributes: { start: 'number', stop: 'number', num: 'integer', base: 'number' },
  samples: () => [
    sample('powers of 10', [], { start: -2, stop: 3, num: 6, base: 10 }),
    sample('powers of 2', [], { start: 0, stop: 3, num: 7, base: 2 }),
  ],
  errors: [
    { label: 'a base of 0', run: ({ logspace }) => logspace(0, 1, 5, { base: 0 }), code: 'argument.range' },
  ],
  tolerance: { ulp: 1 },
  torch: 'torch.logspace(start, stop, num, base=base)',
})

/**
 * Powers of `base` (default 10) whose exponents are {@link linspace} from `start` to `stop`.
 *
 * @example
 * lw.ops.logspace(0, 2, 3)   // [1, 10, 100]
 */
export function logspace(
  start: number,
  stop: number,
  num = 50,
  options: LinspaceOptions & { readonly base?: number } = {},
): Tensor {
  checkOptions('logspace', options, ['endpoint', 'base', 'dtype'])
  const { base = 10 } = options
  if (!(base > 0 && base < Infinity)) {
    fail('argument.range', {
      op: 'logspace',
      argument: 'base',
      expected: 'a finite number above 0',
      got: base,
    })
  }
  return spaced('logspace', start, stop, num, options, (x) => base ** x)
}

function spaced(
  op: string,
  start: number,
  stop: number,
  num: number,
  { endpoint = true, dtype = 'float32' }: LinspaceOptions,
  f: (x: number) => number,
): Tensor {
  checkNumber(op, 'start', start)
  checkNumber(op, 'stop', stop)
  checkInteger(op, 'num', num, 0)
  checkBoolean(op, 'endpoint', endpoint)
  checkDtype(op, dtype)
  checkShape(op, [num])
  const intervals = Math.max(1, endpoint ? num - 1 : num)
  // The last one is `stop` exactly.
  const at = (i: number) =>
    endpoint && i > 0 && i === num - 1 ? stop : start + ((stop - start) / intervals) * i
  return fromNumbers(
    Array.from({ length: num }, (_, i) => f(at(i))),
    dtype,
  )
}
