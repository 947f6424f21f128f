import type { Storage } from '../dtype.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, walkRows } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { batchAlongAxes } from './batch.js'
import { cast } from './compare.js'
import { primitive, type Spec } from './record.js'
import {
  type Axes,
  countAlong,
  inferFloatReduction,
  type ReduceOptions,
  reduceOptions,
  restoreAxes,
  resultStrides,
  withUnitAxes,
} from './reduction.js'
import { edgeLengths, sample, uniform, valueSample, values } from './samples.js'

const sumSquaredDeviationsOp = primitive<Axes>({
  name: 'sumSquaredDeviations',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => inferFloatReduction('sumSquaredDeviations', x as Spec, axes),
  kernel: ({ inputs, output, specs, attributes: { axes } }) => {
    const [x, { shape }] = [inputs[0] as Storage, specs[0] as Spec]
    const strides = resultStrides(shape, axes)
    const [means, totals] = [new Float64Array(output.length), new Float64Array(output.length)]
    walkRows(shape, strides, (row, count, place, stride) => {
      for (let i = 0; i < count; i++) means[place + i * stride]! += x[row + i]!
    })
    const count = countAlong(shape, axes)
    for (let i = 0; i < means.length; i++) means[i]! /= count
    walkRows(shape, strides, (row, count, place, stride) => {
      for (let i = 0; i < count; i++)
        totals[place + i * stride]! += (x[row + i]! - means[place + i * stride]!) ** 2
    })
    output.set(totals)
  },
  vjp: ({ inputs: [x], gradient, attributes: { axes } }, { mean, multiply, reshape, subtract }) => {
    const given = x as Tensor
    const slope = multiply(reshape(gradient, withUnitAxes(given.shape, axes)), 2)
    const center = axes.length === 0 ? given : mean(given, { axis: axes, keepdims: true })
    return [multiply(subtract(given, center), slope)]
  },
  samples: () => [
    ...edgeLengths
      .filter((length) => length > 0)
      .map((length) => sample(`length ${length}`, [uniform([length])], { axes: [0] })),
    sample('rows', [uniform([17, 33])], { axes: [1] }),
    sample('columns', [uniform([33, 17])], { axes: [0] }),
    sample('the middle', [uniform([3, 5, 7])], { axes: [1] }),
    sample('both ends', [uniform([3, 5, 7])], { axes: [0, 2] }),
    sample('all', [uniform([3, 5, 7])], { axes: [0, 1, 2] }),
    sample('none', [uniform([3, 5])], { axes: [] }),
    sample('far from zero', [uniform([9, 11], 1000, 1001)], { axes: [0] }),
    sample('large', [uniform([150_001])], { axes: [0] }),
    sample('large rows', [uniform([1009, 170])], { axes: [1] }),
    sample('large columns', [uniform([1009, 170])], { axes: [0] }),
    sample('large columns far from zero', [uniform([4099, 40], 1000, 1001)], { axes: [0] }),
    sample('large both ends', [uniform([170, 7, 150])], { axes: [0, 2] }),
    sample('nothing', [uniform([3, 0])], { axes: [1] }),
    valueSample('special values', [{ ...values([1, NaN, 2, 3]), shape: [2, 2] }], { axes: [1] }),
    valueSample('infinities', [{ ...values([1, Infinity, 2, -3]), shape: [2, 2] }], { axes: [1] }),
  ],
  errors: [
    {
      label: 'an axis out of range',
      run: ({ sumSquaredDeviations }) => sumSquaredDeviations([1, 2], { axis: 1 }),
      code: 'axis.range',
    },
    {
      label: 'uint8',
      run: ({ cast, sumSquaredDeviations }) => sumSquaredDeviations(cast([1, 2], 'uint8')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: '((a - a.mean(dim=axes, keepdim=True)) ** 2).sum(dim=axes) if axes else a * 0',
})

/**
 * The sum over axes of the squared deviations from the mean over them, as float32, of float32, int32 or bool; 0 over no elements. It keeps
 * its digits where the mean is large, and reads its input once.
 */
export function sumSquaredDeviations(x: TensorInput, options: ReduceOptions = {}): Tensor {
  checkOptions('sumSquaredDeviations', options, reduceOptions)
  const given = toTensor('sumSquaredDeviations', x)
  const axes = normalizeAxes('sumSquaredDeviations', options.axis, given.rank)
  const value = given.dtype === 'int32' || given.dtype === 'bool' ? cast(given, 'float32') : given
  return restoreAxes(apply(sumSquaredDeviationsOp, [value], { axes }), value.shape, axes, options)
}
