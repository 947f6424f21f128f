import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { type Shape, sameShape, sizeOf, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import { batchAlongAxes } from './batch.js'
import type { Ops } from './index.js'
import { primitive, type Sample, type SampleArray, type Spec } from './record.js'
import { sample, uniform } from './samples.js'

/** Along which axis something runs, and whether from its end. */
export type Direction = { axis: number; reverse: boolean }

/** Calls `visit` for each line of a contiguous tensor along an axis with where it starts, the step, and the number of its elements. */
export function walkLines(
  shape: Shape,
  { axis, reverse }: Direction,
  visit: (first: number, step: number, count: number) => void,
): void {
  const [count, inner] = [shape[axis]!, stridesOf(shape)[axis]!]
  const outer = sizeOf(shape.slice(0, axis))
  if (count === 0) return
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const start = i * count * inner + j
      if (reverse) visit(start + (count - 1) * inner, -inner, count)
      else visit(start, inner, count)
    }
  }
}

/** Raises unless the axis is one of the shape's. */
export function checkAxis(op: string, axis: number, { shape }: Spec): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length)
    fail('axis.range', { op, axis, rank: shape.length })
}

/** Samples along each kind of axis, in both directions; `draw` makes the inputs. */
export function directionSamples(draw: (shape: Shape) => readonly SampleArray[]): Sample[] {
  const shapes: readonly (readonly [string, Shape, number])[] = [
    ['length 1', [1], 0],
    ['length 17', [17], 0],
    ['rows', [5, 9], 1],
    ['columns', [9, 5], 0],
    ['the middle', [3, 5, 4], 1],
    ['wide columns', [33, 130], 0],
    ['long rows', [3, 1000], 1],
    ['many rows', [2003, 40], 1],
    ['nothing', [3, 0], 1],
  ]
  return shapes.flatMap(([label, shape, axis]) => [
    sample(label, draw(shape), { axis, reverse: false }),
    sample(`${label}, reverse`, draw(shape), { axis, reverse: true }),
  ])
}

/**
 * y[i] = a[i] · y[i - 1] + b[i] along an axis, from y[0] = b[0]; in reverse its transpose, y[i] = a[i + 1] · y[i + 1] + b[i] from the end.
 * What cumulative products need for gradients that are right where factors are zero.
 */
const linearRecurrenceOp = primitive<Direction>({
  name: 'linearRecurrence',
  arity: 2,
  batch: batchAlongAxes,
  attributes: { axis: 'integer', reverse: 'boolean' },
  infer: (inputs, { axis }) => {
    const [a, b] = inputs as [Spec, Spec]
    checkAxis('linearRecurrence', axis, a)
    if (a.dtype !== 'float32' || b.dtype !== 'float32')
      fail('dtype.mismatch', { op: 'linearRecurrence', expected: 'float32', got: [a.dtype, b.dtype] })
    if (!sameShape(a.shape, b.shape))
      fail('shape.mismatch', { op: 'linearRecurrence', expected: 'equal shapes', got: [a.shape, b.shape] })
    return { shape: a.shape, dtype: 'float32' }
  },
  kernel: ({ inputs, specs, output, attributes }) => {
    const [a, b] = inputs as [Storage, Storage]
    walkLines((specs[0] as Spec).shape, attributes, (first, step, count) => {
      let total = 0
      for (let i = 0, at = first; i < count; i++, at += step) {
        const factor = i === 0 ? 0 : a[attributes.reverse ? at - step : at]!
        total = factor * total + b[at]!
        output[at] = total
      }
    })
  },
  vjp: ({ inputs, output, gradient, attributes: { axis, reverse } }, ops) => {
    const [a] = inputs as [Tensor]
    const adjoint = linearRecurrence(a, gradient, { axis, reverse: !reverse })
    const factors = reverse
      ? ops.multiply(shifted(adjoint, axis, 0, ops), output)
      : ops.multiply(adjoint, shifted(output, axis, 0, ops))
    return [factors, adjoint]
  },
  samples: () => directionSamples((shape) => [uniform(shape, -1, 1, 1), uniform(shape, -1, 1, 2)]),
  errors: [],
  tolerance: { ulp: 1 },
  torch: null,
})

function linearRecurrence(a: Tensor, b: Tensor, direction: Direction): Tensor {
  return apply(linearRecurrenceOp, [a, b], direction)
}

/** Each element moved one place along an axis, the last one out and `fill` in. */
function shifted(x: Tensor, axis: number, fill: number, { pad, slice }: Ops): Tensor {
  if (x.size === 0) return x
  const kept = x.shape.map((extent, i) => (i === axis ? extent - 1 : extent))
  const start = x.shape.map(() => 0)
  const padWidth = x.shape.map((_, i): [number, number] => [i === axis ? 1 : 0, 0])
  return pad(slice(x, start, kept), padWidth, { constantValues: fill })
}

/**
 * The gradient of a cumulative product: that of y[k] with respect to x[i] is the product of all x[j] up to k but x[i], which is what
 * comes before i times what comes between i and k. No division, so zeros do no harm.
 */
export function cumprodGradient(
  x: Tensor,
  output: Tensor,
  gradient: Tensor,
  { axis, reverse }: Direction,
  ops: Ops,
): Tensor {
  if (reverse) {
    const [a, b, c] = [x, output, gradient].map((value) => ops.flip(value, { axis })) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    return ops.flip(cumprodGradient(a, b, c, { axis, reverse: false }, ops), { axis })
  }
  return ops.multiply(shifted(output, axis, 1, ops), linearRecurrence(x, gradient, { axis, reverse: true }))
}

/** The gradient of the product over axes, likewise without a division. */
export function productGradient(x: Tensor, gradient: Tensor, axes: readonly number[], ops: Ops): Tensor {
  if (axes.length === 0) return gradient
  if (x.size === 0) return x
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const order = [...kept, ...axes]
  const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1)
  const lines = ops.reshape(ops.transpose(x, order), [...kept.map((axis) => x.shape[axis] as number), count])
  const axis = kept.length
  const before = lines.shape.map((_, i): [number, number] => [i === axis ? count - 1 : 0, 0])
  const atEnd = ops.pad(ops.expandDims(gradient, -1), before)
  const result = ops.multiply(
    shifted(ops.cumprod(lines, { axis }), axis, 1, ops),
    linearRecurrence(lines, atEnd, { axis, reverse: true }),
  )
  const moved = ops.reshape(
    result,
    order.map((from) => x.shape[from] as number),
  )
  return ops.transpose(
    moved,
    x.shape.map((_, to) => order.indexOf(to)),
  )
}
