import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape, transpose } from './array.js'
import { add, multiply } from './binary.js'
import { cast, equal, where } from './compare.js'
import { stack } from './join.js'
import { composition } from './record.js'
import {
  type Axes,
  countAlong,
  type ReduceOptions,
  reduceOptions,
  requireElements,
  withUnitAxes,
} from './reduction.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'
import { slice } from './slice.js'
import { sort } from './sort.js'

/** What stands for a quantile between two elements: something between them, one of them, or their mean. */
const methods = ['linear', 'lower', 'higher', 'nearest', 'midpoint'] as const

/** What a quantile between two elements is: `linear` between them, or one of them. */
export type QuantileMethod = (typeof methods)[number]

composition<{ q: number; method: string; axes: readonly number[] }>({
  name: 'quantile',
  compose: ([x], { q, method, axes }) =>
    quantile(x as Tensor, q, { method: method as QuantileMethod, axis: axes }),
  attributes: { q: 'number', method: 'name', axes: 'integers' },
  samples: () => [
    ...methods.map((method) => sample(method, [uniform([5, 7])], { q: 0.37, method, axes: [1] })),
    ...[0, 0.5, 1].map((q) => sample(`${q}`, [uniform([7, 5])], { q, method: 'linear', axes: [0] })),
    sample('both ends', [uniform([3, 5, 4])], { q: 0.2, method: 'linear', axes: [0, 2] }),
    sample('int32', [integers([9], -9, 9)], { q: 0.3, method: 'linear', axes: [0] }),
    valueSample('NaN', [values([1, NaN, 2])], { q: 0.2, method: 'linear', axes: [0] }),
    {
      ...valueSample('infinities', [values([1, Infinity, 2, Infinity])], {
        q: 0.9,
        method: 'linear',
        axes: [0],
      }),
      unknownToTorch: true,
    },
  ],
  errors: [
    { label: 'a percentage', run: ({ quantile }) => quantile([1, 2], 50), code: 'argument.range' },
    { label: 'nothing', run: ({ quantile }) => quantile([], 0.5), code: 'shape.mismatch' },
    {
      label: 'a method that there is not',
      run: ({ quantile }) => quantile([1, 2], 0.5, { method: 'cubic' as 'linear' }),
      code: 'argument.range',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    'torch.quantile(a.double().movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1), q, dim=0, interpolation=method)',
})

/**
 * The quantiles of the elements over axes, as float32: NaN where an element is NaN. A list of quantiles gives as many results along a new
 * first axis.
 *
 * @param q numbers from 0 to 1
 * @param options `method` is for quantiles between two elements: 'linear' (default), 'lower', 'higher', 'nearest' or 'midpoint'
 *
 * @example
 * lw.ops.quantile([1, 2, 3, 4], 0.5)            // 2.5
 * lw.ops.quantile([1, 2, 3, 4], [0, 1])         // [1, 4]
 */
export function quantile(
  x: TensorInput,
  q: number | readonly number[],
  options: ReduceOptions & { readonly method?: QuantileMethod } = {},
): Tensor {
  return quantiles('quantile', x, q, options)
}

composition<{ q: number; axis: number }>({
  name: 'percentile',
  compose: ([x], { q, axis }) => percentile(x as Tensor, q, { axis }),
  attributes: { q: 'integer', axis: 'integer' },
  samples: () => [sample('rows', [uniform([5, 7])], { q: 30, axis: 1 })],
  errors: [{ label: 'too many', run: ({ percentile }) => percentile([1], 101), code: 'argument.range' }],
  tolerance: { relative: 1e-6 },
  torch: 'torch.quantile(a, q / 100, dim=axis)',
})

/** The percentiles of the elements over axes: {@link quantile} at `q` / 100. */
export function percentile(
  x: TensorInput,
  q: number | readonly number[],
  options: ReduceOptions & { readonly method?: QuantileMethod } = {},
): Tensor {
  const fractions = typeof q === 'number' ? q / 100 : [q].flat().map((each) => each / 100)
  return quantiles('percentile', x, fractions, options)
}

composition<Axes>({
  name: 'median',
  compose: ([x], { axes }) => median(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('an odd number', [uniform([5, 7])], { axes: [1] }),
    sample('an even number', [uniform([6, 5])], { axes: [0] }),
    sample('both ends', [uniform([3, 5, 7])], { axes: [0, 2] }),
    valueSample('NaN', [values([1, NaN, 2])], { axes: [0] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ median }) => median([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'nothing', run: ({ median }) => median([]), code: 'shape.mismatch' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.quantile(a.movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1), 0.5, dim=0)',
})

/** The median over axes, as float32: of an even number of elements the mean of the middle two; NaN where an element is NaN. */
export function median(x: TensorInput, options: ReduceOptions = {}): Tensor {
  checkOptions('median', options, reduceOptions)
  return quantiles('median', x, 0.5, options)
}

function quantiles(
  op: string,
  x: TensorInput,
  q: number | readonly number[],
  options: ReduceOptions & { readonly method?: QuantileMethod },
): Tensor {
  checkOptions(op, options, [...reduceOptions, 'method'])
  const { axis = null, keepdims = false, method = 'linear' } = options
  if (!methods.includes(method)) {
    const expected = methods.map((name) => `'${name}'`).join(', ')
    fail('argument.range', { op, argument: 'method', expected, got: method })
  }
  const list = [q].flat()
  if (!list.every((fraction) => typeof fraction === 'number' && fraction >= 0 && fraction <= 1)) {
    const most = op === 'percentile' ? 100 : 1
    const expected = `a number from 0 to ${most}, or a list of them`
    fail('argument.range', { op, argument: 'q', expected, got: [q].flat().map((each) => each * most) })
  }
  const given = toTensor(op, x)
  if (given.dtype === 'uint8')
    fail('dtype.mismatch', { op, expected: 'float32, int32 or bool', got: [given.dtype] })
  const axes = normalizeAxes(op, axis, given.rank)
  requireElements(op, given.shape, axes)
  return applyComposition(
    `${op} ${list} ${axes} ${keepdims} ${method} ${Array.isArray(q)}`,
    [given],
    ([input]) => {
      const value = cast(input as Tensor, 'float32')
      const kept = value.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
      const outer = kept.map((i) => value.shape[i] as number)
      const rows = reshape(transpose(value, [...kept, ...axes]), [...outer, countAlong(value.shape, axes)])
      const sorted = sort(rows)
      const shape = keepdims ? withUnitAxes(value.shape, axes) : outer
      const results = list.map((fraction) => reshape(quantileOfSorted(sorted, fraction, method), shape))
      return Array.isArray(q) ? stack(results) : (results[0] as Tensor)
    },
  )
}

/** One quantile of each row: [...rows, 1]. NaN comes last, so it is there where the last element is NaN. */
function quantileOfSorted(sorted: Tensor, fraction: number, method: QuantileMethod): Tensor {
  const last = (sorted.shape.at(-1) as number) - 1
  const column = (index: number) =>
    slice(sorted, [...sorted.shape.slice(0, -1).map(() => 0), index], [...sorted.shape.slice(0, -1), 1])
  const place = fraction * last
  const [lower, upper] = [Math.floor(place), Math.ceil(place)]
  const share = place - lower
  const chosen = {
    linear: share,
    lower: 0,
    higher: 1,
    nearest: roundHalfToEven(place) - lower,
    midpoint: 0.5,
  }
  const weight = lower === upper ? 0 : chosen[method]
  const result =
    weight === 0
      ? column(lower)
      : weight === 1
        ? column(upper)
        : add(multiply(column(lower), 1 - weight), multiply(column(upper), weight))
  const most = column(last)
  return where(equal(most, most), result, most)
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x)
  return x - below === 0.5 ? below + (below % 2) : Math.round(x)
}
