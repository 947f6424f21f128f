import type { Storage } from '../dtype.js'
import { walkRows } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { batchAlongAxes } from './batch.js'
import { cast } from './compare.js'
import type { Ops } from './index.js'
import { type KernelArguments, overMagnitudes, primitive, type Spec, type VjpArguments } from './record.js'
import { productGradient } from './recurrence.js'
import {
  type Axes,
  applyReduction,
  axesSamples,
  countAlong,
  inferReduction,
  type ReduceOptions,
  resultStrides,
  withUnitAxes,
} from './reduction.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

export type { ReduceOptions } from './reduction.js'

/** Joins `count` elements from `row` on to totals that begin at `place`, `stride` apart. */
type Join = (totals: Storage, x: Storage, row: number, count: number, place: number, stride: number) => void

/**
 * A reduction's reference kernel: what each result starts from, and how a row of elements joins the results, in order. Each has its own
 * loop, because a call for each element takes longer than the op.
 */
function folding(start: number, join: Join, integers: { start?: number; join?: Join } = {}) {
  return ({ inputs, output, specs, attributes: { axes } }: KernelArguments<Axes>): void => {
    const [x, { shape, dtype }] = [inputs[0] as Storage, specs[0] as Spec]
    const isInteger = dtype === 'int32'
    const totals = isInteger ? new Int32Array(output.length) : new Float64Array(output.length)
    totals.fill(isInteger ? (integers.start ?? start) : start)
    const joinRow = isInteger ? (integers.join ?? join) : join
    walkRows(shape, resultStrides(shape, axes), (row, count, place, stride) =>
      joinRow(totals, x, row, count, place, stride),
    )
    output.set(totals)
  }
}

const addUp = folding(0, (totals, x, row, count, place, stride) => {
  for (let i = 0; i < count; i++) totals[place + i * stride]! += x[row + i]!
})

const sumOp = primitive<Axes>({
  name: 'sum',
  arity: 1,
  batch: batchAlongAxes,
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
    { label: 'uint8', run: ({ cast, sum }) => sum(cast([1, 2], 'uint8')), code: 'dtype.mismatch' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.sum(a, dim=axes) if axes else a.clone()',
})

/** The sum over axes, of float32 or int32, which wraps; of bool the number of true elements, as int32. */
export function sum(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return applyReduction(sumOp, x, options)
}

const multiplyUp = folding(
  1,
  (totals, x, row, count, place, stride) => {
    for (let i = 0; i < count; i++) totals[place + i * stride]! *= x[row + i]!
  },
  {
    join: (totals, x, row, count, place, stride) => {
      for (let i = 0; i < count; i++) {
        totals[place + i * stride] = Math.imul(totals[place + i * stride]!, x[row + i]!)
      }
    },
  },
)

const prodOp = primitive<Axes>({
  name: 'prod',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => inferReduction('prod', x as Spec, axes),
  kernel: multiplyUp,
  // Each of the factors but the first adds a rounding of at most half a unit, whatever their order.
  magnitude: (args) => {
    const { output, specs, attributes } = args
    multiplyUp(args)
    const count = countAlong((specs[0] as Spec).shape, attributes.axes)
    for (let i = 0; i < output.length; i++) output[i] = Math.abs(output[i]!) * count
  },
  vjp: ({ inputs: [x], gradient, attributes: { axes } }, ops) => [
    productGradient(x as Tensor, gradient, axes, ops),
  ],
  samples: () => [
    ...axesSamples(0.9, 1.1),
    sample('of both signs', [uniform([5, 7])], { axes: [1] }),
    sample('one zero', [values([2, 0, -3, 0.5])], { axes: [0] }),
    sample('two zeros', [values([2, 0, -3, 0])], { axes: [0] }),
    sample('zeros along two axes', [{ ...integers([3, 2, 5], -2, 3), dtype: 'float32' }], { axes: [0, 2] }),
    sample('nothing', [uniform([3, 0])], { axes: [1] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ prod }) => prod([1, 2], { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: { relative: 2 ** -24 },
  torch:
    'a if not axes else torch.prod(a.movedim(axes, list(range(len(axes)))).flatten(0, len(axes) - 1), dim=0)',
})

/** The product over axes, of float32 or int32, which wraps; 1 over no elements. Its gradient is right where factors are zero, too. */
export function prod(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return applyReduction(prodOp, x, options)
}

const maxOp = primitive<Axes>({
  name: 'max',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => inferReduction('max', x as Spec, axes, true),
  kernel: folding(
    -Infinity,
    (totals, x, row, count, place, stride) => {
      for (let i = 0; i < count; i++) {
        totals[place + i * stride] = Math.max(totals[place + i * stride]!, x[row + i]!)
      }
    },
    { start: -(2 ** 31) },
  ),
  vjp: shareAmongEqual,
  samples: extremumSamples,
  errors: [
    { label: 'an empty axis', run: ({ max }) => max([[], []], { axis: 1 }), code: 'shape.mismatch' },
    { label: 'an axis out of range', run: ({ max }) => max([1, 2], { axis: -2 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.amax(a, dim=axes) if axes else a.clone()',
})

/** The maximum over axes, of float32, int32 or bool; NaN if any element is NaN. Tied maxima share the gradient evenly. */
export function max(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return sameDtype('max', x, (value) => applyReduction(maxOp, value, options))
}

const minOp = primitive<Axes>({
  name: 'min',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => inferReduction('min', x as Spec, axes, true),
  kernel: folding(
    Infinity,
    (totals, x, row, count, place, stride) => {
      for (let i = 0; i < count; i++) {
        totals[place + i * stride] = Math.min(totals[place + i * stride]!, x[row + i]!)
      }
    },
    { start: 2 ** 31 - 1 },
  ),
  vjp: shareAmongEqual,
  samples: extremumSamples,
  errors: [
    { label: 'an empty axis', run: ({ min }) => min([[], []], { axis: 1 }), code: 'shape.mismatch' },
    { label: 'an axis out of range', run: ({ min }) => min([1, 2], { axis: -2 }), code: 'axis.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.amin(a, dim=axes) if axes else a.clone()',
})

/** The minimum over axes, of float32, int32 or bool; NaN if any element is NaN. Tied minima share the gradient evenly. */
export function min(x: TensorInput, options: ReduceOptions = {}): Tensor {
  return sameDtype('min', x, (value) => applyReduction(minOp, value, options))
}

function sameDtype(op: string, x: TensorInput, reduce: (value: Tensor) => Tensor): Tensor {
  const value = toTensor(op, x)
  return value.dtype === 'bool' ? cast(reduce(value), 'bool') : reduce(value)
}

function extremumSamples() {
  return [
    ...axesSamples(),
    valueSample('ties', [values([1, 2, 2, 1, 1, 2])], { axes: [0] }),
    sample('the least integer', [values([-(2 ** 31), 5, 2 ** 31 - 1], 'int32')], { axes: [0] }),
  ]
}

/** The elements that are equal to the result share its gradient evenly, as in Keras and in torch.amax. */
function shareAmongEqual(
  { inputs: [x], output, gradient, attributes: { axes } }: VjpArguments<Axes>,
  { broadcastTo, cast, divide, equal, multiply, reshape, sum }: Ops,
): readonly Tensor[] {
  const { shape } = x as Tensor
  const unit = withUnitAxes(shape, axes)
  const mask = cast(equal(x as Tensor, broadcastTo(reshape(output, unit), shape)), 'float32')
  const share = divide(reshape(gradient, unit), sum(mask, { axis: axes, keepdims: true }))
  return [multiply(mask, broadcastTo(share, shape))]
}
