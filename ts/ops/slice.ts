import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { checkShape, normalizeAxes, type Shape, stridesOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { batchAlongAxes, batchWithEntries } from './batch.js'
import { primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform, values } from './samples.js'
import { checkStart, placeOfStart, type StartIndices, startOf } from './starts.js'
import { copyStrided } from './strided.js'

type SliceAttributes = { start: readonly number[]; shape: Shape; strides: readonly number[] }

const sliceOp = primitive<SliceAttributes>({
  name: 'slice',
  arity: 1,
  batch: batchWithEntries((size) => ({ start: 0, shape: size, strides: 1 })),
  attributes: { start: 'integers', shape: 'integers', strides: 'integers' },
  infer: ([x], { start, shape, strides }) => {
    const { shape: extents, dtype } = x as Spec
    checkShape('slice', shape)
    for (const [argument, list] of Object.entries({ startIndices: start, shape, strides })) {
      if (list.length !== extents.length) {
        const expected = `a list of ${extents.length} integers, one for each axis`
        fail('argument.range', { op: 'slice', argument, expected, got: list })
      }
    }
    extents.forEach((extent, axis) => {
      const [from, count, step] = [start[axis], shape[axis], strides[axis]] as [number, number, number]
      checkInteger('slice', 'startIndices', from, 0)
      checkInteger('slice', 'strides', step, 1)
      if (from + Math.max(0, count - 1) * step + Math.min(1, count) > extent) {
        fail('argument.range', {
          op: 'slice',
          argument: `the slice of axis ${axis}`,
          expected: `within its ${extent} elements`,
          got: `${count} from ${from} on${step === 1 ? '' : ` in steps of ${step}`}`,
        })
      }
    })
    return { shape, dtype }
  },
  kernel: ({ inputs: [x], specs: [from], output, outputSpec: { shape }, attributes: { start, strides } }) => {
    const steps = stridesOf((from as Spec).shape)
    const first = start.reduce((place, index, axis) => place + index * steps[axis]!, 0)
    const walked = steps.map((step, axis) => step * strides[axis]!)
    copyStrided(x as Storage, output, shape, first, walked)
  },
  // The transpose of a slice is padding, with what was passed over as zeros.
  vjp: ({ inputs: [x], gradient, attributes: { start, shape, strides } }, { pad }) => {
    const interior = strides.map((step, axis) => (shape[axis]! > 1 ? step - 1 : 0))
    const width = (x as Tensor).shape.map((extent, axis) => {
      const reach = shape[axis]! + Math.max(0, shape[axis]! - 1) * interior[axis]!
      return [start[axis]!, extent - start[axis]! - reach] as const
    })
    return [pad(gradient, width, { interior })]
  },
  samples: () => [
    sample('a vector', [uniform([9])], { start: [2], shape: [5], strides: [1] }),
    sample('rows', [uniform([7, 5])], { start: [2, 0], shape: [3, 5], strides: [1, 1] }),
    sample('columns', [uniform([7, 5])], { start: [0, 1], shape: [7, 2], strides: [1, 1] }),
    sample('in steps', [uniform([7, 9])], { start: [1, 2], shape: [3, 3], strides: [2, 3] }),
    sample('a long step for one', [uniform([3, 4])], { start: [2, 0], shape: [1, 4], strides: [9, 1] }),
    sample('[4, 5, 6, 7]', [uniform([4, 5, 6, 7])], {
      start: [1, 0, 2, 3],
      shape: [3, 5, 2, 4],
      strides: [1, 1, 1, 1],
    }),
    sample('everything', [uniform([3, 4])], { start: [0, 0], shape: [3, 4], strides: [1, 1] }),
    sample('nothing', [uniform([3, 4])], { start: [3, 1], shape: [0, 2], strides: [1, 1] }),
    sample('a scalar', [uniform([])], { start: [], shape: [], strides: [] }),
    sample('large', [uniform([300, 300])], { start: [7, 11], shape: [280, 271], strides: [1, 1] }),
    sample('int32', [integers([5, 3], -9, 9)], { start: [1, 1], shape: [4, 2], strides: [1, 1] }),
    sample('bool', [booleans([17, 3])], { start: [3, 0], shape: [5, 2], strides: [3, 1] }),
  ],
  errors: [
    { label: 'past the end', run: ({ slice }) => slice([1, 2, 3], [1], [3]), code: 'argument.range' },
    { label: 'before the first', run: ({ slice }) => slice([1, 2, 3], [-1], [2]), code: 'argument.range' },
    { label: 'too few starts', run: ({ slice }) => slice([[1, 2]], [0], [1, 2]), code: 'argument.range' },
    {
      label: 'a shape of another rank',
      run: ({ slice }) => slice([1, 2], [0], [1, 1]),
      code: 'argument.range',
    },
    { label: 'a negative extent', run: ({ slice }) => slice([1, 2], [0], [-1]), code: 'shape.invalid' },
    {
      label: 'no step',
      run: ({ slice }) => slice([1, 2], [0], [1], { strides: [0] }),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch:
    'a[tuple(slice(f, f + (n - 1) * s + 1 if n else f, s) for f, n, s in zip(start, shape, strides))].clone()',
})

const dynamicSliceOp = primitive<{ shape: Shape }>({
  name: 'dynamicSlice',
  arity: 2,
  attributes: { shape: 'integers' },
  infer: ([x, start], { shape }) => {
    const { shape: extents, dtype } = x as Spec
    checkStart('dynamicSlice', start as Spec, extents)
    checkShape('dynamicSlice', shape)
    if (shape.length !== extents.length || shape.some((extent, axis) => extent > extents[axis]!)) {
      const expected = 'a slice of the same rank that is no larger than the tensor'
      fail('shape.mismatch', { op: 'dynamicSlice', expected, got: [extents, shape] })
    }
    return { shape, dtype }
  },
  kernel: ({ inputs, specs: [from], output, outputSpec: { shape } }) => {
    const [x, start] = inputs as [Storage, Storage]
    const { shape: extents } = from as Spec
    const strides = stridesOf(extents)
    const first = placeOfStart('dynamicSlice', start, extents, shape)
    copyStrided(x, output, shape, first, strides)
  },
  vjp: ({ inputs, gradient }, { broadcastTo, sliceUpdate }) => {
    const [x, start] = inputs as [Tensor, Tensor]
    return [sliceUpdate(broadcastTo(0, x.shape), start, gradient), null]
  },
  samples: () => [
    sample('a vector', [uniform([9]), values([2], 'int32')], { shape: [5] }),
    sample('rows', [uniform([7, 5]), values([2, 0], 'int32')], { shape: [3, 5] }),
    sample('a block', [uniform([4, 5, 6]), values([1, 2, 3], 'int32')], { shape: [2, 3, 2] }),
    sample('nothing', [uniform([3, 4]), values([3, 1], 'int32')], { shape: [0, 2] }),
    sample('int32', [integers([5, 3], -9, 9), values([1, 1], 'int32')], { shape: [4, 2] }),
    sample('bool', [booleans([5, 3]), values([0, 2], 'int32')], { shape: [5, 1] }),
  ],
  errors: [
    {
      label: 'past the end',
      run: ({ cast, slice }) => slice([1, 2, 3], cast([2], 'int32'), [2]),
      code: 'index.range',
    },
    {
      label: 'float indices',
      run: ({ cast, slice }) => slice([1, 2, 3], cast([2], 'float32'), [2]),
      code: 'dtype.mismatch',
    },
    {
      label: 'too few starts',
      run: ({ cast, slice }) => slice([[1, 2, 3]], cast([2], 'int32'), [1, 1]),
      code: 'shape.mismatch',
    },
    {
      label: 'a slice that is too large',
      run: ({ cast, slice }) => slice([1, 2, 3], cast([0], 'int32'), [4]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch: 'a[tuple(slice(int(f), int(f) + n) for f, n in zip(b, shape))].clone()',
})

/**
 * The part of `x` of a given shape that begins at `startIndices`.
 *
 * @param startIndices one number for each axis; or an int32 tensor of them (or a list with scalar tensors in it), so that a traced
 *   function can begin elsewhere in each step
 * @param shape of the slice: as many extents as `x` has
 * @param options strides (default 1 along each axis): from each element taken to the next; for starts that are numbers
 * @throws argument.range where the slice leaves `x`; index.range when the op runs, for starts in a tensor, which are not moved back
 *   into range as XLA does
 *
 * @example
 * lw.ops.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [2, 2])   // [[2, 3], [5, 6]]
 */
export function slice(
  x: TensorInput,
  startIndices: StartIndices,
  shape: Shape,
  options: { readonly strides?: readonly number[] } = {},
): Tensor {
  checkOptions('slice', options, ['strides'])
  const value = toTensor('slice', x)
  checkShape('slice', shape)
  const start = startOf('slice', startIndices)
  if (!(start instanceof Tensor)) {
    const { strides = value.shape.map(() => 1) } = options
    return apply(sliceOp, [value], { start, shape: [...shape], strides: [...strides] })
  }
  if (options.strides !== undefined) {
    const expected = 'left out where the starts are a tensor'
    fail('argument.type', { op: 'slice', argument: 'strides', expected, got: options.strides })
  }
  return apply(dynamicSliceOp, [value, start], { shape: [...shape] })
}

const flipOp = primitive<{ axes: readonly number[] }>({
  name: 'flip',
  arity: 1,
  batch: batchAlongAxes,
  attributes: { axes: 'integers' },
  infer: ([x], { axes }) => {
    const { shape, dtype } = x as Spec
    const ascending = axes.every((axis, i) => axis > (axes[i - 1] ?? -1) && axis < shape.length)
    if (!ascending) {
      const expected = `ascending axes of rank ${shape.length}`
      fail('argument.range', { op: 'flip', argument: 'axes', expected, got: axes })
    }
    return { shape, dtype }
  },
  kernel: ({ inputs: [x], output, outputSpec: { shape }, attributes: { axes } }) => {
    const strides = stridesOf(shape)
    const first = axes.reduce((place, axis) => place + (shape[axis]! - 1) * strides[axis]!, 0)
    const walked = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride))
    copyStrided(x as Storage, output, shape, first, walked)
  },
  vjp: ({ gradient, attributes: { axes } }, { flip }) => [flip(gradient, { axis: axes })],
  samples: () => [
    sample('a vector', [uniform([17])], { axes: [0] }),
    sample('rows', [uniform([5, 7])], { axes: [0] }),
    sample('columns', [uniform([5, 7])], { axes: [1] }),
    sample('two of three', [uniform([3, 4, 5])], { axes: [0, 2] }),
    sample('none', [uniform([3, 4])], { axes: [] }),
    sample('of one element', [uniform([1, 4])], { axes: [0] }),
    sample('empty', [uniform([0, 3])], { axes: [0, 1] }),
    sample('large', [uniform([300, 257])], { axes: [0, 1] }),
    sample('int32', [integers([7], -9, 9)], { axes: [0] }),
    sample('bool', [booleans([3, 5])], { axes: [0, 1] }),
  ],
  errors: [
    { label: 'an axis out of range', run: ({ flip }) => flip([1, 2], { axis: 1 }), code: 'axis.range' },
    { label: 'an axis twice', run: ({ flip }) => flip([1, 2], { axis: [0, -1] }), code: 'axis.repeated' },
  ],
  tolerance: 'exact',
  torch: 'torch.flip(a, axes)',
})

/**
 * The elements in reverse order along some axes.
 *
 * @param options axis: one or several (default: all)
 */
export function flip(
  x: TensorInput,
  options: { readonly axis?: number | readonly number[] | null } = {},
): Tensor {
  checkOptions('flip', options, ['axis'])
  const value = toTensor('flip', x)
  return apply(flipOp, [value], { axes: normalizeAxes('flip', options.axis, value.rank) })
}
