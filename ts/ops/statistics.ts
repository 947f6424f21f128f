import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape, stopGradient } from './array.js'
import { add, divide, multiply, subtract } from './binary.js'
import { cast, equal, where } from './compare.js'
import { exp, log } from './exponential.js'
import { flatRoot } from './flat-root.js'
import { isfinite } from './logical.js'
import { composition } from './record.js'
import { max, min, sum } from './reduce.js'
import {
  type Axes,
  countAlong,
  type ReduceOptions,
  reduceOptions,
  requireElements,
  withUnitAxes,
} from './reduction.js'
import { booleans, integers, sample, uniform, valueSample, values } from './samples.js'
import { sumSquaredDeviations } from './squared-deviations.js'

/** A composition of reductions as one program; `compose` gets the tensor and options that name its axes. */
function reduceAs(
  op: string,
  x: TensorInput,
  options: ReduceOptions,
  compose: (value: Tensor, options: { axis: readonly number[]; keepdims: boolean }) => Tensor,
): Tensor {
  checkOptions(op, options, reduceOptions)
  const value = toTensor(op, x)
  const axis = normalizeAxes(op, options.axis, value.rank)
  const keepdims = options.keepdims ?? false
  return applyComposition(`${op} ${axis} ${keepdims}`, [value], ([input]) =>
    compose(input as Tensor, { axis, keepdims }),
  )
}

/** Integers and bools as float32, which is what statistics are in. */
function floats(op: string, value: Tensor): Tensor {
  if (value.dtype === 'uint8')
    fail('dtype.mismatch', { op, expected: 'float32, int32 or bool', got: [value.dtype] })
  return cast(value, 'float32')
}

composition<{ axis: number }>({
  name: 'mean',
  compose: ([x], { axis }) => mean(x as Tensor, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: 1 }),
    sample('columns', [uniform([5, 7])], { axis: 0 }),
    sample('int32', [integers([5, 7], -100, 100)], { axis: 0 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ mean }) => mean([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'uint8', run: ({ cast, mean }) => mean(cast([1], 'uint8')), code: 'dtype.mismatch' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.mean(a.double(), dim=axis)',
})

/** The mean over axes, as float32, of float32, int32 or bool; NaN over no elements. */
export function mean(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('mean', x, options, (value, along) =>
    divide(sum(floats('mean', value), along), countAlong(value.shape, along.axis)),
  )
}

const spreadSamples = () => [
  sample('rows', [uniform([5, 7])], { axes: [1] }),
  sample('both ends', [uniform([3, 5, 7])], { axes: [0, 2] }),
  sample('far from zero', [uniform([9, 11], 1000, 1001)], { axes: [0] }),
  valueSample('int32', [integers([5, 7], -100, 100)], { axes: [0] }),
]

composition<Axes>({
  name: 'var',
  compose: ([x], { axes }) => variance(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: spreadSamples,
  errors: [{ label: 'an axis out of range', run: (ops) => ops.var([1, 2], { axis: 1 }), code: 'axis.range' }],
  tolerance: { relative: 1e-6 },
  torch: 'torch.var(a.double(), dim=axes, correction=0)',
})

/** The variance over axes, as float32: the mean of the squared deviations from the mean. */
function variance(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('var', x, options, (value, along) =>
    divide(sumSquaredDeviations(floats('var', value), along), countAlong(value.shape, along.axis)),
  )
}

export { variance as var }

composition<Axes>({
  name: 'std',
  compose: ([x], { axes }) => std(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: spreadSamples,
  errors: [{ label: 'an axis out of range', run: ({ std }) => std([1, 2], { axis: 1 }), code: 'axis.range' }],
  tolerance: { relative: 1e-6 },
  torch: 'torch.std(a.double(), dim=axes, correction=0)',
})

/** The standard deviation over axes, as float32: the root of the variance. Where that is zero, so is the gradient. */
export function std(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('std', x, options, (value, along) => flatRoot(variance(value, along)))
}

composition<Axes>({
  name: 'ptp',
  compose: ([x], { axes }) => ptp(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axes: [1] }),
    sample('int32', [integers([3, 5, 7], -9, 9)], { axes: [0, 2] }),
  ],
  errors: [{ label: 'nothing', run: ({ ptp }) => ptp([]), code: 'shape.mismatch' }],
  tolerance: { ulp: 1 },
  torch: 'torch.amax(a, axes) - torch.amin(a, axes)',
})

/** The difference of the maximum and the minimum over axes, of float32 or int32. */
export function ptp(x: TensorInput, options: ReduceOptions = {}): Tensor {
  const value = toTensor('ptp', x)
  requireElements('ptp', value.shape, normalizeAxes('ptp', options.axis, value.rank))
  return reduceAs('ptp', value, options, (input, along) => subtract(max(input, along), min(input, along)))
}

composition<Axes>({
  name: 'logsumexp',
  compose: ([x], { axes }) => logsumexp(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axes: [1] }),
    sample('all', [uniform([3, 5, 7], -20, 20)], { axes: [0, 1, 2] }),
    sample('large', [uniform([5, 7], 1000, 1010)], { axes: [0] }),
    valueSample(
      'infinities',
      [{ ...values([-Infinity, -Infinity, 1, -Infinity, Infinity, 2]), shape: [3, 2] }],
      { axes: [1] },
    ),
    valueSample('NaN', [values([1, NaN, 2])], { axes: [0] }),
  ],
  errors: [
    {
      label: 'an axis out of range',
      run: ({ logsumexp }) => logsumexp([1, 2], { axis: 1 }),
      code: 'axis.range',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.logsumexp(a, dim=axes)',
})

/** log(sum(exp(x))) over axes, computed so that large values do not overflow. */
export function logsumexp(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('logsumexp', x, options, (given, { axis, keepdims }) => {
    const value = floats('logsumexp', given)
    const most = stopGradient(max(value, { axis, keepdims: true }))
    const shift = where(isfinite(most), most, 0)
    const result = add(log(sum(exp(subtract(value, shift)), { axis, keepdims: true })), shift)
    return keepdims
      ? result
      : reshape(
          result,
          value.shape.filter((_, i) => !axis.includes(i)),
        )
  })
}

composition<Axes>({
  name: 'any',
  compose: ([x], { axes }) => any(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('bool', [{ ...integers([9, 3], 0, 2), dtype: 'bool' }], { axes: [1] }),
    sample('int32', [integers([3, 2, 5], -1, 2)], { axes: [0, 2] }),
    sample('numbers', [values([0, -0, NaN])], { axes: [0] }),
    sample('nothing', [booleans([3, 0])], { axes: [1] }),
  ],
  errors: [{ label: 'an axis out of range', run: ({ any }) => any([true], { axis: 1 }), code: 'axis.range' }],
  tolerance: 'exact',
  torch: '(a != 0).movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1).any(dim=0)',
})

/** Whether any element over axes is true; of numbers, whether any is not zero. bool; false over no elements. */
export function any(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('any', x, options, (value, along) => cast(countTrue(value, along), 'bool'))
}

composition<Axes>({
  name: 'all',
  compose: ([x], { axes }) => all(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('bool', [{ ...integers([9, 3], 0, 2), dtype: 'bool' }], { axes: [1] }),
    sample('int32', [integers([3, 2, 5], 0, 9)], { axes: [0, 2] }),
    sample('numbers', [values([1, -1, NaN])], { axes: [0] }),
    sample('nothing', [booleans([3, 0])], { axes: [1] }),
  ],
  errors: [{ label: 'an axis out of range', run: ({ all }) => all([true], { axis: 1 }), code: 'axis.range' }],
  tolerance: 'exact',
  torch: '(a != 0).movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1).all(dim=0)',
})

/** Whether all elements over axes are true; of numbers, whether none is zero. bool; true over no elements. */
export function all(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('all', x, options, (value, along) =>
    equal(countTrue(value, along), countAlong(value.shape, along.axis)),
  )
}

composition<Axes>({
  name: 'countNonzero',
  compose: ([x], { axes }) => countNonzero(x as Tensor, { axis: axes }),
  attributes: { axes: 'integers' },
  samples: () => [
    sample('int32', [integers([3, 2, 5], -1, 2)], { axes: [0, 2] }),
    sample('numbers', [values([0, -0, NaN, 2])], { axes: [0] }),
  ],
  errors: [
    {
      label: 'an axis out of range',
      run: ({ countNonzero }) => countNonzero([1], { axis: 1 }),
      code: 'axis.range',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.count_nonzero(a, dim=axes)',
})

/** The number of elements over axes that are not zero, as int32. NaN is not zero. */
export function countNonzero(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return reduceAs('countNonzero', x, options, countTrue)
}

function countTrue(value: Tensor, along: ReduceOptions): Tensor {
  return sum(cast(cast(value, 'bool'), 'int32'), along)
}

composition<{ axis: number }>({
  name: 'average',
  compose: ([x, weights], { axis }) => average(x as Tensor, { axis, weights: weights as Tensor }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('weights of each element', [uniform([5, 7]), uniform([5, 7], 0.5, 2, 1)], { axis: 1 }),
    sample('weights along an axis', [uniform([5, 7]), uniform([5], 0.5, 2, 1)], { axis: 0 }),
  ],
  errors: [
    {
      label: 'weights of another shape',
      run: ({ average }) => average([[1, 2]], { axis: 0, weights: [1, 2] }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    '(lambda w: (a * w).sum(axis) / w.sum(axis))((b if b.dim() == a.dim() else b[:, None]).expand(a.shape))',
})

/**
 * The weighted mean over axes.
 *
 * @param options `weights` has the shape of `x`, or is a list along the one axis; without it, this is {@link mean}
 */
export function average(
  x: TensorInput,
  options: { readonly axis?: ReduceOptions['axis']; readonly weights?: TensorInput } = {},
): Tensor {
  checkOptions('average', options, ['axis', 'weights'])
  const { axis = null, weights } = options
  if (weights === undefined) return mean(x, { axis })
  const [value, given] = [toTensor('average', x), toTensor('average', weights)]
  const axes = normalizeAxes('average', axis, value.rank)
  const [along] = axes
  const isList = axes.length === 1 && sameShape(given.shape, [value.shape[along as number] as number])
  if (!isList && !sameShape(given.shape, value.shape)) {
    const expected = 'weights of the shape of x, or a list of them along one axis'
    fail('shape.mismatch', { op: 'average', expected, got: [given.shape, value.shape] })
  }
  return applyComposition(`average ${axes}`, [value, given], (inputs) => {
    const [numbers, each] = inputs.map((input) => floats('average', input)) as [Tensor, Tensor]
    const others = value.shape.flatMap((_, i) => (i === along ? [] : [i]))
    const factors = sameShape(each.shape, value.shape)
      ? each
      : reshape(each, withUnitAxes(value.shape, others))
    const total = sum(multiply(numbers, factors), { axis: axes })
    return divide(total, sum(factors, { axis: axes }))
  })
}
