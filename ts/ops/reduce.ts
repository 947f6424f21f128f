import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, normalizeAxis, type Shape, stridesOf, walkRows } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { divide } from './binary.js'
import {
  composition,
  type KernelArguments,
  notDifferentiable,
  overMagnitudes,
  primitive,
  type Sample,
  type Spec,
} from './record.js'
import { edgeLengths, integers, sample, uniform, valueSample, values } from './samples.js'

/** Which axes a reduction runs over (default: all), and whether they stay with extent 1 (default: no). */
export interface ReduceOptions {
  readonly axis?: number | readonly number[] | null
  readonly keepdims?: boolean
}

const reduceOptions = ['axis', 'keepdims']

type Axes = { axes: readonly number[] }

function inferReduction(op: string, { shape, dtype }: Spec, axes: readonly number[]): Spec {
  const ascending = axes.every(
    (axis, i) => Number.isInteger(axis) && axis > (axes[i - 1] ?? -1) && axis < shape.length,
  )
  if (!ascending)
    fail('argument.range', {
      op,
      argument: 'axes',
      expected: `ascending axes of rank ${shape.length}`,
      got: axes,
    })
  if (dtype !== 'float32' && dtype !== 'int32') {
    fail('dtype.mismatch', { op, expected: 'float32 or int32', got: [dtype] })
  }
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), dtype }
}

/** The strides at which a walk through a tensor meets the places of its reduction: 0 along the reduced axes. */
function resultStrides(shape: Shape, axes: readonly number[]): number[] {
  const kept = stridesOf(shape.filter((_, axis) => !axes.includes(axis)))
  let k = 0
  return shape.map((_, axis) => (axes.includes(axis) ? 0 : kept[k++]!))
}

/** Samples common to the reductions over several axes. */
function axesSamples(): readonly Sample[] {
  return [
    ...edgeLengths
      .filter((length) => length > 0)
      .map((length) => sample(`length ${length}`, [uniform([length])], { axes: [0] })),
    sample('rows', [uniform([17, 33])], { axes: [1] }),
    sample('columns', [uniform([33, 17])], { axes: [0] }),
    sample('columns of 10', [uniform([65, 10])], { axes: [0] }),
    sample('the middle', [uniform([3, 5, 7])], { axes: [1] }),
    sample('both ends', [uniform([3, 5, 7])], { axes: [0, 2] }),
    sample('all', [uniform([3, 5, 7])], { axes: [0, 1, 2] }),
    sample('none', [uniform([3, 5])], { axes: [] }),
    sample('large', [uniform([150_001])], { axes: [0] }),
    sample('large rows', [uniform([1009, 170])], { axes: [1] }),
    sample('large columns', [uniform([1009, 170])], { axes: [0] }),
    sample('int32', [integers([5, 7], -(2 ** 31), 2 ** 31)], { axes: [1] }),
    valueSample('special values', [values([1, NaN, 2])], { axes: [0] }),
    valueSample('infinities', [values([1, Infinity, 2, -3])], { axes: [0] }),
  ]
}

function addUp({ inputs, output, specs, attributes }: KernelArguments<Axes>): void {
  const [x, { shape, dtype }] = [inputs[0] as Storage, specs[0] as Spec]
  const sums = dtype === 'int32' ? new Int32Array(output.length) : new Float64Array(output.length)
  walkRows(shape, resultStrides(shape, attributes.axes), (row, count, place, stride) => {
    for (let i = 0; i < count; i++) sums[place + i * stride]! += x[row + i]!
  })
  output.set(sums)
}

const sumOp = primitive<Axes>({
  name: 'sum',
  arity: 1,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => inferReduction('sum', x as Spec, axes),
  kernel: addUp,
  magnitude: overMagnitudes(addUp),
  vjp: ({ inputs: [x], gradient, attributes: { axes } }, { broadcastTo, reshape }) => {
    const { shape } = x as Tensor
    return [broadcastTo(reshape(gradient, withUnitAxes(shape, axes)), shape)]
  },
  samples: () => [
    ...axesSamples(),
    sample('nothing', [uniform([3, 0])], { axes: [1] }),
    sample('a scalar', [uniform([])], { axes: [] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ sum }) => sum([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'an axis twice', run: ({ sum }) => sum([[1], [2]], { axis: [0, -2] }), code: 'axis.repeated' },
    { label: 'bool', run: ({ sum }) => sum([true, false]), code: 'dtype.mismatch' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.sum(a, dim=axes) if axes else a.clone()',
})

/** The sum over axes. float32 or int32, which wraps. */
export function sum(x: TensorInput, options: ReduceOptions = {}): Tensor {
  checkOptions('sum', options, reduceOptions)
  const value = toTensor('sum', x)
  const axes = normalizeAxes('sum', options.axis, value.rank)
  return restoreAxes(axes.length === 0 ? value : apply(sumOp, [value], { axes }), value.shape, axes, options)
}

const maxOp = primitive<Axes>({
  name: 'max',
  arity: 1,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => {
    const result = inferReduction('max', x as Spec, axes)
    const { shape } = x as Spec
    if (axes.some((axis) => shape[axis] === 0)) {
      fail('shape.mismatch', {
        op: 'max',
        expected: 'at least one element along each reduced axis',
        got: [shape],
      })
    }
    return result
  },
  kernel: ({ inputs, output, specs, attributes: { axes } }) => {
    const [x, { shape }] = [inputs[0] as Storage, specs[0] as Spec]
    const best = new Float64Array(output.length).fill(-Infinity)
    walkRows(shape, resultStrides(shape, axes), (row, count, place, stride) => {
      for (let i = 0; i < count; i++) {
        best[place + i * stride] = Math.max(best[place + i * stride]!, x[row + i]!)
      }
    })
    output.set(best)
  },
  // Tied maxima share the gradient evenly, as in Keras and in torch.amax.
  vjp: (
    { inputs: [x], output, gradient, attributes: { axes } },
    { broadcastTo, cast, divide, equal, multiply, reshape, sum },
  ) => {
    const { shape } = x as Tensor
    const unit = withUnitAxes(shape, axes)
    const mask = cast(equal(x as Tensor, broadcastTo(reshape(output, unit), shape)), 'float32')
    const share = divide(reshape(gradient, unit), sum(mask, { axis: axes, keepdims: true }))
    return [multiply(mask, broadcastTo(share, shape))]
  },
  samples: axesSamples,
  errors: [
    { label: 'an empty axis', run: ({ max }) => max([[], []], { axis: 1 }), code: 'shape.mismatch' },
    { label: 'an axis out of range', run: ({ max }) => max([1, 2], { axis: -2 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.amax(a, dim=axes) if axes else a.clone()',
})

/** The maximum over axes, of float32 or int32; NaN if any element is NaN. Tied maxima share the gradient evenly. */
export function max(x: TensorInput, options: ReduceOptions = {}): Tensor {
  checkOptions('max', options, reduceOptions)
  const value = toTensor('max', x)
  const axes = normalizeAxes('max', options.axis, value.rank)
  return restoreAxes(axes.length === 0 ? value : apply(maxOp, [value], { axes }), value.shape, axes, options)
}

const argmaxOp = primitive<{ axis: number }>({
  name: 'argmax',
  arity: 1,
  attributes: { axis: 'integer' },
  infer: ([x], { axis }) => {
    const { shape } = x as Spec
    if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length)
      fail('axis.range', { op: 'argmax', axis, rank: shape.length })
    inferReduction('argmax', x as Spec, [axis])
    if (shape[axis] === 0) {
      fail('shape.mismatch', { op: 'argmax', expected: 'at least one element along the axis', got: [shape] })
    }
    return { shape: shape.filter((_, i) => i !== axis), dtype: 'int32' }
  },
  kernel: ({ inputs, output, specs, attributes: { axis } }) => {
    const [x, { shape }] = [inputs[0] as Storage, specs[0] as Spec]
    const [extent, inner] = [shape[axis]!, stridesOf(shape)[axis]!]
    for (let place = 0; place < output.length; place++) {
      const first = Math.floor(place / inner) * extent * inner + (place % inner)
      let best = 0
      for (let i = 1; i < extent; i++) {
        const [leader, element] = [x[first + best * inner]!, x[first + i * inner]!]
        if (element > leader || (Number.isNaN(element) && !Number.isNaN(leader))) best = i
      }
      output[place] = best
    }
  },
  vjp: notDifferentiable('its values are indices'),
  samples: () => [
    sample('rows of 10', [uniform([65, 10])], { axis: 1 }),
    sample('rows of 1000', [uniform([3, 1000])], { axis: 1 }),
    sample('many rows', [uniform([9001, 10])], { axis: 1 }),
    sample('columns', [uniform([33, 17])], { axis: 0 }),
    sample('the middle', [uniform([3, 5, 7])], { axis: 1 }),
    sample('ties', [integers([50, 9], 0, 3)], { axis: 1 }),
    valueSample('NaN wins', [values([1, NaN, 2, NaN])], { axis: 0 }),
    valueSample('infinities', [values([-Infinity, -Infinity, 1])], { axis: 0 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ argmax }) => argmax([1, 2], { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.argmax(a, dim=axis)',
})

/** The index of the first maximum along `axis` (default: of the flattened tensor), as int32. NaN counts as the maximum. */
export function argmax(
  x: TensorInput,
  options: { readonly axis?: number | null; readonly keepdims?: boolean } = {},
): Tensor {
  checkOptions('argmax', options, reduceOptions)
  const { axis = null, keepdims = false } = options
  const given = toTensor('argmax', x)
  const value = axis === null ? reshape(given, [given.size]) : given
  const along = axis === null ? 0 : normalizeAxis('argmax', axis, value.rank)
  const result = apply(argmaxOp, [value], { axis: along })
  const axes = axis === null ? normalizeAxes('argmax', null, given.rank) : [along]
  return restoreAxes(result, given.shape, axes, { keepdims })
}

composition<{ axis: number }>({
  name: 'mean',
  compose: ([x], { axis }) => mean(x as Tensor, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: 1 }),
    sample('columns', [uniform([5, 7])], { axis: 0 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ mean }) => mean([1, 2], { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.mean(a, dim=axis)',
})

/** The mean over axes, of float32; NaN over no elements. */
export function mean(x: TensorInput, options: ReduceOptions = {}): Tensor {
  checkOptions('mean', options, reduceOptions)
  const value = toTensor('mean', x)
  if (value.dtype !== 'float32')
    fail('dtype.mismatch', { op: 'mean', expected: 'float32', got: [value.dtype] })
  const axes = normalizeAxes('mean', options.axis, value.rank)
  const count = axes.reduce((product, axis) => product * (value.shape[axis] as number), 1)
  return applyComposition(`mean ${axes} ${options.keepdims}`, [value], ([x]) =>
    divide(sum(x as Tensor, options), count),
  )
}

function withUnitAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
}

function restoreAxes(
  result: Tensor,
  shape: Shape,
  axes: readonly number[],
  { keepdims }: ReduceOptions,
): Tensor {
  return keepdims ? reshape(result, withUnitAxes(shape, axes)) : result
}
