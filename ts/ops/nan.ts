import { checkOptions } from '../options.js'
import { normalizeAxes, normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { type ArgmaxOptions, argmax, argmin } from './argmax.js'
import { divide, subtract } from './binary.js'
import { cast, where } from './compare.js'
import { type CumulativeOptions, cumprod, cumsum } from './cumulative.js'
import { flatRoot } from './flat-root.js'
import { isnan, logicalNot } from './logical.js'
import { composition, type Sample, type SampleArray } from './record.js'
import { max, min, prod, sum } from './reduce.js'
import { type Axes, type ReduceOptions, reduceOptions, requireElements } from './reduction.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'
import { all } from './statistics.js'
import { square } from './unary.js'

type Along = { axis: readonly number[]; keepdims: boolean }

/** A reduction that leaves NaN out, as one program. */
function leavingOut(
  op: string,
  x: TensorInput,
  options: ReduceOptions,
  reduce: (value: Tensor, along: Along) => Tensor,
): Tensor {
  checkOptions(op, options, reduceOptions)
  const value = toTensor(op, x)
  const along = { axis: normalizeAxes(op, options.axis, value.rank), keepdims: options.keepdims ?? false }
  return applyComposition(`${op} ${along.axis} ${along.keepdims}`, [value], ([input]) =>
    reduce(input as Tensor, along),
  )
}

/** The elements with something else in the place of NaN; integers have none. */
function filled(x: Tensor, value: TensorInput): Tensor {
  return x.dtype === 'float32' ? where(isnan(x), value, x) : x
}

/** NaN where there is nothing but NaN. */
function unlessEmpty(result: Tensor, x: Tensor, along: Along): Tensor {
  return x.dtype === 'float32' ? where(all(isnan(x), along), Number.NaN, result) : result
}

/** Every third element is NaN. */
function gaps({ shape, dtype, values: elements }: SampleArray): SampleArray {
  return { shape, dtype, values: elements.map((x, i) => (i % 3 === 1 ? Number.NaN : x)) }
}

function gapSamples(): readonly Sample[] {
  return [
    sample('rows', [gaps(uniform([5, 7]))], { axes: [1] }),
    sample('both ends', [gaps(uniform([3, 5, 4]))], { axes: [0, 2] }),
  ]
}

const emptySample = () => valueSample('nothing but NaN', [values([Number.NaN, Number.NaN])], { axes: [0] })
const integerSample = () => valueSample('int32', [integers([5, 7], -9, 9)], { axes: [0] })

/** Enters one of these reductions into the table of ops. */
function leavesOut(
  name: 'nansum' | 'nanprod' | 'nanmax' | 'nanmin' | 'nanmean' | 'nanvar' | 'nanstd',
  reduce: (x: Tensor, options: ReduceOptions) => Tensor,
  torch: string,
): void {
  composition<Axes>({
    name,
    compose: ([x], { axes }) => reduce(x as Tensor, { axis: axes }),
    attributes: { axes: 'integers' },
    samples: () => [...gapSamples(), emptySample(), integerSample()],
    errors: [
      { label: 'an axis out of range', run: (ops) => ops[name]([1, 2], { axis: 1 }), code: 'axis.range' },
    ],
    tolerance: { relative: 1e-6 },
    torch,
  })
}

leavesOut('nansum', nansum, 'torch.nansum(a, dim=axes)')

/** The sum over axes of what is not NaN. */
export function nansum(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nansum', x, options, (value, along) => sum(filled(value, 0), along))
}

leavesOut(
  'nanprod',
  nanprod,
  'torch.prod(torch.where(a.isnan(), 1, a).movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1), dim=0)',
)

/** The product over axes of what is not NaN. */
export function nanprod(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanprod', x, options, (value, along) => prod(filled(value, 1), along))
}

leavesOut(
  'nanmax',
  nanmax,
  'torch.where(a.isnan().all(axes), torch.nan, torch.amax(torch.where(a.isnan(), -torch.inf, a), axes))',
)

/** The maximum over axes of what is not NaN; NaN where all is. */
export function nanmax(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanmax', x, options, (value, along) => {
    requireElements('nanmax', value.shape, along.axis)
    return unlessEmpty(max(filled(value, -Infinity), along), value, along)
  })
}

leavesOut(
  'nanmin',
  nanmin,
  'torch.where(a.isnan().all(axes), torch.nan, torch.amin(torch.where(a.isnan(), torch.inf, a), axes))',
)

/** The minimum over axes of what is not NaN; NaN where all is. */
export function nanmin(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanmin', x, options, (value, along) => {
    requireElements('nanmin', value.shape, along.axis)
    return unlessEmpty(min(filled(value, Infinity), along), value, along)
  })
}

leavesOut('nanmean', nanmean, 'torch.nanmean(a.double(), axes)')

/** The mean over axes of what is not NaN, as float32; NaN where all is. */
export function nanmean(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanmean', x, options, meanOf)
}

leavesOut(
  'nanvar',
  nanvar,
  '(lambda m, n: torch.where(m, a - torch.nanmean(a.double(), axes, True), 0).square().sum(axes) / n)(~a.isnan(), (~a.isnan()).sum(axes))',
)

/** The variance over axes of what is not NaN, as float32; NaN where all is. */
export function nanvar(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanvar', x, options, varianceOf)
}

leavesOut(
  'nanstd',
  nanstd,
  '(lambda m, n: (torch.where(m, a - torch.nanmean(a.double(), axes, True), 0).square().sum(axes) / n).sqrt())(~a.isnan(), (~a.isnan()).sum(axes))',
)

/** The standard deviation over axes of what is not NaN, as float32; NaN where all is. */
export function nanstd(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return leavingOut('nanstd', x, options, (value, along) => flatRoot(varianceOf(value, along)))
}

function meanOf(x: Tensor, along: Along): Tensor {
  const value = cast(x, 'float32')
  return divide(sum(filled(value, 0), along), countOf(value, along))
}

function countOf(x: Tensor, along: Along): Tensor {
  return sum(cast(logicalNot(isnan(x)), 'float32'), along)
}

function varianceOf(x: Tensor, along: Along): Tensor {
  const value = cast(x, 'float32')
  const mean = meanOf(value, { ...along, keepdims: true })
  const squares = sum(square(subtract(filled(value, mean), mean)), along)
  return divide(squares, countOf(value, along))
}

/** Enters a search that leaves NaN out into the table of ops. */
function searchesWithout(
  name: 'nanargmax' | 'nanargmin',
  search: (x: Tensor, options: ArgmaxOptions) => Tensor,
  torch: string,
): void {
  composition<{ axis: number }>({
    name,
    compose: ([x], { axis }) => search(x as Tensor, { axis }),
    attributes: { axis: 'integer' },
    samples: () => [
      sample('rows', [gaps(uniform([5, 7]))], { axis: 1 }),
      sample('int32', [integers([5, 7], -9, 9)], { axis: 0 }),
      valueSample('nothing but NaN', [values([Number.NaN, Number.NaN])], { axis: 0 }),
    ],
    errors: [
      { label: 'an axis out of range', run: (ops) => ops[name]([1, 2], { axis: 1 }), code: 'axis.range' },
    ],
    tolerance: 'exact',
    torch,
  })
}

searchesWithout(
  'nanargmax',
  nanargmax,
  'torch.where(a.isnan().all(axis), -1, torch.where(a.isnan(), -torch.inf, a).argmax(axis))',
)

/** The index of the first maximum of what is not NaN along `axis` (default: of the flattened tensor), as int32; -1 where all is NaN. */
export function nanargmax(x: TensorInput, options: ArgmaxOptions = {}): Tensor {
  return searchWithout('nanargmax', x, options, (value, along) => argmax(filled(value, -Infinity), along))
}

searchesWithout(
  'nanargmin',
  nanargmin,
  'torch.where(a.isnan().all(axis), -1, torch.where(a.isnan(), torch.inf, a).argmin(axis))',
)

/** The index of the first minimum of what is not NaN along `axis` (default: of the flattened tensor), as int32; -1 where all is NaN. */
export function nanargmin(x: TensorInput, options: ArgmaxOptions = {}): Tensor {
  return searchWithout('nanargmin', x, options, (value, along) => argmin(filled(value, Infinity), along))
}

function searchWithout(
  op: string,
  x: TensorInput,
  options: ArgmaxOptions,
  search: (value: Tensor, options: ArgmaxOptions) => Tensor,
): Tensor {
  return leavingOut(op, x, options, (value, { axis, keepdims }) => {
    requireElements(op, value.shape, axis)
    const result = search(value, { axis: options.axis ?? null, keepdims })
    return value.dtype === 'float32' ? where(all(isnan(value), { axis, keepdims }), -1, result) : result
  })
}

/** Enters a running total that leaves NaN out into the table of ops. */
function runsWithout(
  name: 'nancumsum' | 'nancumprod',
  run: (x: Tensor, options: CumulativeOptions) => Tensor,
  torch: string,
): void {
  composition<{ axis: number }>({
    name,
    compose: ([x], { axis }) => run(x as Tensor, { axis }),
    attributes: { axis: 'integer' },
    samples: () => [
      sample('rows', [gaps(uniform([5, 7]))], { axis: 1 }),
      sample('int32', [integers([5, 7], -3, 4)], { axis: 0 }),
    ],
    errors: [
      { label: 'an axis out of range', run: (ops) => ops[name]([1, 2], { axis: 1 }), code: 'axis.range' },
    ],
    tolerance: { relative: 1e-6 },
    torch,
  })
}

runsWithout('nancumsum', nancumsum, 'torch.cumsum(torch.where(a.isnan(), 0, a), axis)')

/** The sum of what is not NaN up to each element, as {@link cumsum}. */
export function nancumsum(x: TensorInput, options: CumulativeOptions = {}): Tensor {
  return runWithout('nancumsum', x, options, 0, cumsum)
}

runsWithout('nancumprod', nancumprod, 'torch.cumprod(torch.where(a.isnan(), 1, a), axis)')

/** The product of what is not NaN up to each element, as {@link cumprod}. */
export function nancumprod(x: TensorInput, options: CumulativeOptions = {}): Tensor {
  return runWithout('nancumprod', x, options, 1, cumprod)
}

function runWithout(
  op: string,
  x: TensorInput,
  options: CumulativeOptions,
  value: number,
  run: (value: Tensor, options: CumulativeOptions) => Tensor,
): Tensor {
  checkOptions(op, options, ['axis'])
  const { axis = null } = options
  const given = toTensor(op, x)
  if (axis !== null) normalizeAxis(op, axis, given.rank)
  return applyComposition(`${op} ${axis}`, [given], ([input]) =>
    run(filled(input as Tensor, value), { axis }),
  )
}
