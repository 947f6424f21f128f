import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, type Shape, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { cast } from './compare.js'
import type { Primitive, Sample, SampleArray, Spec } from './record.js'
import { edgeLengths, integers, sample, uniform, valueSample, values } from './samples.js'

/** Which axes a reduction runs over (default: all), and whether they stay with extent 1 (default: no). */
export interface ReduceOptions {
  readonly axis?: number | readonly number[] | null
  readonly keepdims?: boolean
}

export const reduceOptions = ['axis', 'keepdims']

export type Axes = { axes: readonly number[] }

/** The shape rule of reductions over axes. `choose`: whether the result is one of the elements, so that there must be some. */
export function inferReduction(
  op: string,
  { shape, dtype }: Spec,
  axes: readonly number[],
  choose = false,
): Spec {
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
  if (choose) requireElements(op, shape, axes)
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), dtype }
}

/** The shape rule of reductions over axes that only floats have. */
export function inferFloatReduction(op: string, x: Spec, axes: readonly number[]): Spec {
  if (x.dtype !== 'float32') fail('dtype.mismatch', { op, expected: 'float32', got: [x.dtype] })
  return inferReduction(op, x, axes)
}

/** Raises where there is nothing along an axis to choose from. */
export function requireElements(op: string, shape: Shape, axes: readonly number[]): void {
  if (axes.some((axis) => shape[axis] === 0)) {
    fail('shape.mismatch', { op, expected: 'at least one element along each reduced axis', got: [shape] })
  }
}

/** The strides at which a walk through a tensor meets the places of its reduction: 0 along the reduced axes. */
export function resultStrides(shape: Shape, axes: readonly number[]): number[] {
  const kept = stridesOf(shape.filter((_, axis) => !axes.includes(axis)))
  let k = 0
  return shape.map((_, axis) => (axes.includes(axis) ? 0 : kept[k++]!))
}

/** The number of elements that each result is made of. */
export function countAlong(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * shape[axis]!, 1)
}

/** Applies a reduction by its options; bools count as the integers 0 and 1. */
export function applyReduction(op: Primitive, x: TensorInput, options: ReduceOptions): Tensor {
  checkOptions(op.name, options, reduceOptions)
  const given = toTensor(op.name, x)
  const axes = normalizeAxes(op.name, options.axis, given.rank)
  const value = given.dtype === 'bool' ? cast(given, 'int32') : given
  return restoreAxes(axes.length === 0 ? value : apply(op, [value], { axes }), value.shape, axes, options)
}

export function withUnitAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
}

export function restoreAxes(
  result: Tensor,
  shape: Shape,
  axes: readonly number[],
  { keepdims }: ReduceOptions,
): Tensor {
  return keepdims ? reshape(result, withUnitAxes(shape, axes)) : result
}

/** Samples common to the reductions over several axes, with elements from an interval. */
export function axesSamples(low = -2, high = 2): readonly Sample[] {
  const draw = (shape: Shape): readonly SampleArray[] => [uniform(shape, low, high)]
  return [
    ...edgeLengths
      .filter((length) => length > 0)
      .map((length) => sample(`length ${length}`, draw([length]), { axes: [0] })),
    sample('rows', draw([17, 33]), { axes: [1] }),
    sample('columns', draw([33, 17]), { axes: [0] }),
    sample('columns of 10', draw([65, 10]), { axes: [0] }),
    sample('the middle', draw([3, 5, 7]), { axes: [1] }),
    sample('both ends', draw([3, 5, 7]), { axes: [0, 2] }),
    sample('all', draw([3, 5, 7]), { axes: [0, 1, 2] }),
    sample('none', draw([3, 5]), { axes: [] }),
    sample('large', draw([150_001]), { axes: [0] }),
    sample('large rows', draw([1009, 170]), { axes: [1] }),
    sample('large columns', draw([1009, 170]), { axes: [0] }),
    sample('int32', [integers([5, 7], -(2 ** 31), 2 ** 31)], { axes: [1] }),
    valueSample('special values', [values([1, NaN, 2])], { axes: [0] }),
    valueSample('infinities', [values([1, Infinity, 2, -3])], { axes: [0] }),
  ]
}
