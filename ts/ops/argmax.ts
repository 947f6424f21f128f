import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, normalizeAxis, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { batchAlongAxes } from './batch.js'
import { cast } from './compare.js'
import { turned } from './ordering.js'
import { composition, notDifferentiable, primitive, type Spec } from './record.js'
import { inferReduction, reduceOptions, requireElements, restoreAxes } from './reduction.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

/** The axis to search along (default: the flattened tensor), and whether it stays with extent 1 (default: no). */
export interface ArgmaxOptions {
  readonly axis?: number | null
  readonly keepdims?: boolean
}

const argmaxOp = primitive<{ axis: number }>({
  name: 'argmax',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axis: 'integer' },
  infer: ([x], { axis }) => {
    const { shape } = x as Spec
    if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length)
      fail('axis.range', { op: 'argmax', axis, rank: shape.length })
    return { shape: inferReduction('argmax', x as Spec, [axis], true).shape, dtype: 'int32' }
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
    { label: 'nothing', run: ({ argmax }) => argmax([]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.argmax(a, dim=axis)',
})

/** The index of the first maximum along `axis` (default: of the flattened tensor), as int32. NaN counts as the maximum. */
export function argmax(x: TensorInput, options: ArgmaxOptions = {}): Tensor {
  return search('argmax', x, options, (value) => value)
}

composition<{ axis: number }>({
  name: 'argmin',
  compose: ([x], { axis }) => argmin(x as Tensor, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7])], { axis: 1 }),
    sample('ties', [integers([7, 5], 0, 3)], { axis: 0 }),
    sample('the least integer', [values([3, 2 ** 31 - 1, -(2 ** 31), 1], 'int32')], { axis: 0 }),
    valueSample('NaN wins', [values([1, NaN, -2, NaN])], { axis: 0 }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ argmin }) => argmin([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'nothing', run: ({ argmin }) => argmin([]), code: 'shape.mismatch' },
    { label: 'uint8', run: ({ argmin, cast }) => argmin(cast([1], 'uint8')), code: 'dtype.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.argmin(a, dim=axis)',
})

/** The index of the first minimum along `axis` (default: of the flattened tensor), as int32. NaN counts as the minimum. */
export function argmin(x: TensorInput, options: ArgmaxOptions = {}): Tensor {
  return search('argmin', x, options, turned)
}

function search(
  op: string,
  x: TensorInput,
  options: ArgmaxOptions,
  ordered: (value: Tensor) => Tensor,
): Tensor {
  checkOptions(op, options, reduceOptions)
  const { axis = null, keepdims = false } = options
  const given = toTensor(op, x)
  const axes = axis === null ? normalizeAxes(op, null, given.rank) : [normalizeAxis(op, axis, given.rank)]
  requireElements(op, given.shape, axes)
  if (given.dtype === 'uint8')
    fail('dtype.mismatch', { op, expected: 'float32, int32 or bool', got: [given.dtype] })
  return applyComposition(`${op} ${axis} ${keepdims}`, [given], ([value]) => {
    const numbers = value?.dtype === 'bool' ? cast(value, 'int32') : (value as Tensor)
    const lines = axis === null ? reshape(ordered(numbers), [given.size]) : ordered(numbers)
    const result = apply(argmaxOp, [lines], { axis: axis === null ? 0 : (axes[0] as number) })
    return restoreAxes(result, given.shape, axes, { keepdims })
  })
}
