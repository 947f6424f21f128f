import { fail } from '../errors.js'
import { type Shape, sizeOf, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import { batchAlongAxes } from './batch.js'
import {
  type KernelArguments,
  overMagnitudes,
  type Primitive,
  primitive,
  type Sample,
  type Spec,
} from './record.js'
import { checkAxis } from './recurrence.js'
import { sample, uniform, valueSample, values } from './samples.js'
import { type Resampling, resamplings, tapsOf } from './taps.js'

/** Along which axis, and to how many positions; transposed, it is the transpose of the map from `size` positions. */
type Resample = {
  readonly axis: number
  readonly size: number
  readonly method: Resampling
  readonly antialias: boolean
  readonly transposed: boolean
}

function resampleLines(
  { inputs: [x], specs: [spec], output, attributes }: KernelArguments<Resample>,
  weightOf = (weight: number) => weight,
): void {
  const { axis, size, method, antialias, transposed } = attributes
  const { shape } = spec as Spec
  const extent = shape[axis]!
  const [from, to] = transposed ? [size, extent] : [extent, size]
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), stridesOf(shape)[axis]!]
  if (outer * inner === 0) return
  tapsOf({ method, from, to, antialias }, transposed).forEach(({ start, weights }, position) => {
    for (let line = 0; line < outer; line++) {
      for (let i = 0; i < inner; i++) {
        let total = 0
        const first = (line * extent + start) * inner + i
        for (let k = 0; k < weights.length; k++) total += weightOf(weights[k]!) * x![first + k * inner]!
        output[(line * size + position) * inner + i] = total
      }
    }
  })
}

/** Shapes whose extents differ along all axes, around the sizes of vectors. */
const cases: readonly [string, Shape, axis: number, size: number, Resampling, antialias: boolean][] = [
  ['nearest, more', [3, 5, 2], 1, 8, 'nearest', false],
  ['nearest, fewer', [7, 4], 0, 3, 'nearest', false],
  ['linear, more', [2, 5, 3], 1, 9, 'linear', false],
  ['linear, fewer', [3, 11], 1, 4, 'linear', false],
  ['linear, antialias', [2, 11, 3], 1, 4, 'linear', true],
  ['linear, antialias, more', [2, 3, 5], 2, 7, 'linear', true],
  ['cubic, more', [5, 6], 0, 8, 'cubic', false],
  ['cubic, fewer', [2, 11, 3], 1, 4, 'cubic', false],
  ['cubic, antialias', [3, 13], 1, 5, 'cubic', true],
  ['mean, fewer', [2, 7, 3], 1, 3, 'mean', false],
  ['mean, more', [3, 5], 0, 7, 'mean', false],
  ['mean of all', [2, 12, 4], 1, 1, 'mean', false],
  ['of one', [3, 1, 4], 1, 5, 'cubic', false],
  ['to one', [3, 6], 1, 1, 'linear', false],
  ['images, rows', [2, 23, 17, 3], 1, 40, 'cubic', false],
  ['images, columns', [2, 23, 17, 3], 2, 40, 'linear', false],
  ['pixels', [40, 90], 1, 173, 'linear', false],
  ['7 lanes', [3, 50, 7], 1, 20, 'linear', true],
  ['33 lanes', [2, 9, 33], 1, 14, 'cubic', false],
  ['many lanes', [3, 14, 200], 1, 31, 'linear', false],
  ['many taps', [2, 2000, 9], 1, 3, 'mean', false],
  ['no images', [0, 4, 3], 1, 7, 'linear', false],
]

/** PyTorch interpolates as Keras does, except that its cubic without antialias has another curve and repeats the edges. */
function isUnknownToTorch(method: Resampling, antialias: boolean, from: number, to: number): boolean {
  return method === 'cubic' && !antialias && to < from
}

function samples(): Sample[] {
  return cases.flatMap(([label, shape, axis, size, method, antialias]) =>
    [false, true].map((transposed) => {
      const extent = shape[axis] as number
      const [from, to] = transposed ? [size, extent] : [extent, size]
      const attributes = { axis, size, method, antialias, transposed }
      return {
        ...sample(transposed ? `${label}, transposed` : label, [uniform(shape)], attributes),
        unknownToTorch: isUnknownToTorch(method, antialias, from, to),
      }
    }),
  )
}

const resampleOp: Primitive = primitive<Resample>({
  name: 'resample',
  arity: 1,
  batch: batchAlongAxes,
  attributes: {
    axis: 'integer',
    size: 'integer',
    method: 'name',
    antialias: 'boolean',
    transposed: 'boolean',
  },
  infer: ([x], { axis, size, method }) => {
    const { shape, dtype } = x as Spec
    if (dtype !== 'float32') fail('dtype.mismatch', { op: 'resample', expected: 'float32', got: [dtype] })
    checkAxis('resample', axis, x as Spec)
    if (!resamplings.includes(method)) {
      const expected = resamplings.map((name) => `'${name}'`).join(' or ')
      fail('argument.range', { op: 'resample', argument: 'method', expected, got: method })
    }
    if (shape[axis] === 0 || !(size > 0)) {
      const expected = 'axes of at least one position before and after'
      fail('shape.mismatch', { op: 'resample', expected, got: [shape, [size]] })
    }
    return { shape: shape.map((extent, other) => (other === axis ? size : extent)), dtype }
  },
  kernel: (args) => resampleLines(args),
  magnitude: overMagnitudes((args) => resampleLines(args, Math.abs)),
  vjp: ({ inputs: [x], gradient, attributes }) => {
    const size = (x as Tensor).shape[attributes.axis] as number
    return [apply(resampleOp, [gradient], { ...attributes, size, transposed: !attributes.transposed })]
  },
  samples: () => [
    ...samples(),
    {
      ...valueSample('special values', [values([1, Infinity, 2, 3, 4, NaN, 5, -Infinity, 6, 7])], {
        axis: 0,
        size: 20,
        method: 'linear',
        antialias: false,
        transposed: false,
      }),
      // A product with a matrix would spread them.
      unknownToTorch: true,
    },
  ],
  errors: [],
  tolerance: { relative: 5e-7 },
  // The map as a matrix: what becomes of unit vectors. They lie along the rows, since images of one column come out wrong with antialias.
  torch:
    '(lambda F, m, n: (lambda images, cubic: torch.tensordot(a, (F.adaptive_avg_pool2d(images, (1, n)) if method == "mean" else ' +
    'F.interpolate(images, (1, n), mode={"nearest": "nearest-exact", "linear": "bilinear", "cubic": "bicubic"}[method], ' +
    'antialias=cubic or (antialias and method == "linear")))[0, :, 0], ([axis], [int(transposed)])).movedim(-1, axis))' +
    '(torch.eye(m).to(a.dtype)[None, :, None], method == "cubic"))' +
    '(torch.nn.functional, *((size, a.shape[axis]) if transposed else (a.shape[axis], size)))',
})

/** A float32 tensor with other positions along an axis, each of them a weighted sum of neighbours. */
export function resample(
  x: Tensor,
  axis: number,
  size: number,
  method: Resampling,
  antialias = false,
): Tensor {
  if (x.shape[axis] === size) return x
  return apply(resampleOp, [x], { axis, size, method, antialias, transposed: false })
}

/** A function that gives an axis another extent. */
export type AlongAxis = (x: Tensor, axis: number, extent: number) => Tensor

/** Applies such a function to several axes, where it has something to do: the axis that shortens most comes first, which leaves the least to do. */
export function alongAxes(
  x: Tensor,
  axes: readonly number[],
  size: readonly number[],
  along: AlongAxis,
): Tensor {
  const growth = (i: number) => size[i]! / x.shape[axes[i]!]!
  const order = axes.map((_, i) => i).filter((i) => growth(i) !== 1)
  // What is slow, on short pieces of memory, is done to the fewer elements: of equal axes the last one comes first where they grow.
  order.sort((i, j) => growth(i) - growth(j) || (growth(i) > 1 ? j - i : i - j))
  return order.reduce((y, i) => along(y, axes[i]!, size[i]!), x)
}
