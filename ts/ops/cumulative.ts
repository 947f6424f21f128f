import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { batchAlongAxes } from './batch.js'
import { cast } from './compare.js'
import { countingAlong, flatPlaces } from './places.js'
import { type Primitive, type PrimitiveRecord, primitive, type Spec } from './record.js'
import { checkAxis, cumprodGradient, type Direction, directionSamples, walkLines } from './recurrence.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

/** The axis that a running total goes along (default: through the flattened tensor). */
export interface CumulativeOptions {
  readonly axis?: number | null
}

/** A running total: what it starts from, and how the next element joins it. Floats run in float64. */
function running(
  name: string,
  start: number,
  join: (total: number, x: number) => number,
  joinIntegers: (total: number, x: number) => number,
  rest: Pick<PrimitiveRecord<Direction>, 'samples' | 'tolerance' | 'torch' | 'vjp'>,
): Primitive {
  return primitive<Direction>({
    name,
    arity: 1,
    batch: batchAlongAxes,
    attributes: { axis: 'integer', reverse: 'boolean' },
    infer: ([x], { axis }) => {
      const { shape, dtype } = x as Spec
      checkAxis(name, axis, x as Spec)
      if (dtype !== 'float32' && dtype !== 'int32')
        fail('dtype.mismatch', { op: name, expected: 'float32 or int32', got: [dtype] })
      return { shape, dtype }
    },
    kernel: ({ inputs: [x], specs, output, attributes }) => {
      const { shape, dtype } = specs[0] as Spec
      const next = dtype === 'int32' ? joinIntegers : join
      walkLines(shape, attributes, (first, step, count) => {
        let total = start
        for (let i = 0, at = first; i < count; i++, at += step) {
          total = next(total, (x as Storage)[at]!)
          output[at] = total
        }
      })
    },
    errors: [
      {
        label: 'an axis out of range',
        run: (ops) => ops[name as 'cumsum']([1, 2], { axis: 1 }),
        code: 'axis.range',
      },
      {
        label: 'uint8',
        run: (ops) => ops[name as 'cumsum'](ops.cast([1], 'uint8')),
        code: 'dtype.mismatch',
      },
    ],
    ...rest,
  })
}

function applyRunning(op: Primitive, x: TensorInput, options: CumulativeOptions): Tensor {
  checkOptions(op.name, options, ['axis'])
  const { axis = null } = options
  const given = toTensor(op.name, x)
  const numbers = given.dtype === 'bool' ? cast(given, 'int32') : given
  const value = axis === null ? reshape(numbers, [numbers.size]) : numbers
  return apply(op, [value], { axis: normalizeAxis(op.name, axis ?? 0, value.rank), reverse: false })
}

const integerSamples = () => [
  sample('int32', [integers([5, 7], -(2 ** 31), 2 ** 31)], { axis: 1, reverse: false }),
  sample('int32, reverse', [integers([7, 5], -(2 ** 31), 2 ** 31)], { axis: 0, reverse: true }),
]

/** The PyTorch expression of a function of the tensor `{x}`, from the end in reverse. */
function eitherWay(expression: string): string {
  const turned = expression.replace('{x}', 'torch.flip(a, (axis,))')
  return `torch.flip(${turned}, (axis,)) if reverse else ${expression.replace('{x}', 'a')}`
}

const cumsumOp = running(
  'cumsum',
  0,
  (total, x) => total + x,
  (total, x) => (total + x) | 0,
  {
    vjp: ({ gradient, attributes: { axis, reverse } }) => [
      apply(cumsumOp, [gradient], { axis, reverse: !reverse }),
    ],
    samples: () => [
      ...directionSamples((shape) => [uniform(shape)]),
      ...integerSamples(),
      valueSample('special values', [values([1, Infinity, 2, -Infinity, 3])], { axis: 0, reverse: false }),
    ],
    tolerance: { ulp: 1 },
    torch: eitherWay('torch.cumsum({x}, axis)'),
  },
)

/**
 * The sum of each element and those before it along `axis` (default: of the flattened tensor). float32, added in order in float64 and
 * rounded at each element, or int32, which wraps; bool counts as int32.
 *
 * @example
 * lw.ops.cumsum([1, 2, 3])   // [1, 3, 6]
 */
export function cumsum(x: TensorInput, options: CumulativeOptions = {}): Tensor {
  return applyRunning(cumsumOp, x, options)
}

const cumprodOp = running('cumprod', 1, (total, x) => total * x, Math.imul, {
  vjp: ({ inputs: [x], output, gradient, attributes }, ops) => [
    cumprodGradient(x as Tensor, output, gradient, attributes, ops),
  ],
  samples: () => [
    ...directionSamples((shape) => [uniform(shape, 0.9, 1.1)]),
    ...integerSamples(),
    sample('zeros', [values([2, 0, -3, 0, 0.5])], { axis: 0, reverse: false }),
    sample('zeros, reverse', [values([2, 0, -3, 0, 0.5])], { axis: 0, reverse: true }),
  ],
  tolerance: { ulp: 1 },
  torch: eitherWay('torch.cumprod({x}, axis)'),
})

/**
 * The product of each element and those before it along `axis` (default: of the flattened tensor). float32, multiplied in order in
 * float64 and rounded at each element, or int32, which wraps. Its gradient is right where elements are zero, too.
 *
 * @example
 * lw.ops.cumprod([1, 2, 3, 4])   // [1, 2, 6, 24]
 */
export function cumprod(x: TensorInput, options: CumulativeOptions = {}): Tensor {
  return applyRunning(cumprodOp, x, options)
}

const cummaxOp = running('cummax', -Infinity, Math.max, Math.max, {
  // The gradient goes to the last element so far that the maximum is equal to, as in torch.cummax; a NaN is one for itself.
  vjp: ({ inputs, output, gradient, attributes }, { equal, reshape, segmentSum, subtract, where }) => {
    const [x] = inputs as [Tensor]
    const { axis, reverse } = attributes
    const last = (x.shape[axis] as number) - 1
    const along = countingAlong(axis, last + 1, x.rank)
    const leads = where(equal(x, x), equal(x, output), true)
    const order = reverse ? subtract(last, along) : along
    const leader = apply(cummaxOp, [where(leads, order, 0)], attributes)
    const places = flatPlaces(reverse ? subtract(last, leader) : leader, x.shape, axis)
    const sums = segmentSum(reshape(gradient, [x.size]), reshape(places, [x.size]), x.size)
    return [reshape(sums, x.shape)]
  },
  samples: () => [
    ...directionSamples((shape) => [uniform(shape)]),
    ...integerSamples(),
    valueSample('ties', [values([1, 3, 2, 3, 0])], { axis: 0, reverse: false }),
    valueSample('special values', [values([-Infinity, 1, Infinity, NaN, 3])], { axis: 0, reverse: false }),
  ],
  tolerance: 'exact',
  torch: eitherWay('torch.cummax({x}, axis).values'),
})

/**
 * The maximum of each element and those before it along `axis` (default: of the flattened tensor), of float32 or int32. From the first
 * NaN on it is NaN. The gradient goes to the last element that the maximum is equal to.
 *
 * @example
 * lw.ops.cummax([1, 3, 2, 5])   // [1, 3, 3, 5]
 */
export function cummax(x: TensorInput, options: CumulativeOptions = {}): Tensor {
  return applyRunning(cummaxOp, x, options)
}
