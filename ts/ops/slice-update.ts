import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger } from '../options.js'
import { stridesOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { batchWithEntries } from './batch.js'
import { type Attributes, type KernelArguments, primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform, values } from './samples.js'
import { slice } from './slice.js'
import { checkStart, placeOfStart, type StartIndices, startOf } from './starts.js'
import { embed } from './strided.js'

const sliceUpdateOp = primitive<{ start: readonly number[] }>({
  name: 'sliceUpdate',
  arity: 2,
  batch: batchWithEntries(() => ({ start: 0 })),
  attributes: { start: 'integers' },
  infer: (inputs, { start }) => {
    const [x, updates] = inputs as [Spec, Spec]
    checkUpdates('sliceUpdate', x, updates)
    if (start.length !== x.shape.length) {
      const expected = `a list of ${x.shape.length} integers, one for each axis`
      fail('argument.range', { op: 'sliceUpdate', argument: 'startIndices', expected, got: start })
    }
    start.forEach((from, axis) => {
      checkInteger('sliceUpdate', 'startIndices', from, 0)
      const last = x.shape[axis]! - updates.shape[axis]!
      if (from > last) {
        const expected = `at most ${last} along axis ${axis}, so that the updates fit`
        fail('argument.range', { op: 'sliceUpdate', argument: 'startIndices', expected, got: start })
      }
    })
    return x
  },
  kernel: (args) => {
    const strides = stridesOf(args.outputSpec.shape)
    const { start } = args.attributes
    update(
      args,
      start.reduce((place, index, axis) => place + index * strides[axis]!, 0),
    )
  },
  vjp: ({ inputs, gradient, attributes: { start } }, { broadcastTo, sliceUpdate }) => {
    const { shape } = inputs[1] as Tensor
    return [sliceUpdate(gradient, start, broadcastTo(0, shape)), slice(gradient, start, shape)]
  },
  samples: () => [
    sample('a vector', [uniform([9]), uniform([4], -2, 2, 1)], { start: [3] }),
    sample('rows', [uniform([7, 5]), uniform([2, 5], -2, 2, 1)], { start: [5, 0] }),
    sample('a block', [uniform([4, 5, 6]), uniform([2, 3, 4], -2, 2, 1)], { start: [1, 2, 0] }),
    sample('everything', [uniform([3, 4]), uniform([3, 4], -2, 2, 1)], { start: [0, 0] }),
    sample('nothing', [uniform([3, 4]), uniform([0, 4], -2, 2, 1)], { start: [3, 0] }),
    sample('large', [uniform([300, 200]), uniform([200, 100], -2, 2, 1)], { start: [50, 60] }),
    sample('int32', [integers([5, 3], -9, 9), integers([1, 2], -9, 9, 1)], { start: [4, 1] }),
    sample('bool', [booleans([5, 3]), booleans([2, 3], 1)], { start: [1, 0] }),
  ],
  errors: [
    {
      label: 'past the end',
      run: ({ sliceUpdate }) => sliceUpdate([1, 2, 3], [2], [1, 2]),
      code: 'argument.range',
    },
    {
      label: 'before the first',
      run: ({ sliceUpdate }) => sliceUpdate([1, 2, 3], [-1], [1]),
      code: 'argument.range',
    },
    {
      label: 'too many starts',
      run: ({ sliceUpdate }) => sliceUpdate([1, 2, 3], [0, 0], [1]),
      code: 'argument.range',
    },
    {
      label: 'updates that are larger',
      run: ({ sliceUpdate }) => sliceUpdate([1, 2, 3], [0], [1, 2, 3, 4]),
      code: 'shape.mismatch',
    },
    {
      label: 'updates of another rank',
      run: ({ sliceUpdate }) => sliceUpdate([[1, 2]], [0, 0], [1]),
      code: 'shape.mismatch',
    },
    {
      label: 'updates of another dtype',
      run: ({ cast, sliceUpdate }) => sliceUpdate([1, 2], [0], cast([1], 'int32')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: 'exact',
  torch:
    'a.index_put(torch.meshgrid(*[s + torch.arange(n) for s, n in zip(start, b.shape)], indexing="ij"), b)',
})

const dynamicSliceUpdateOp = primitive({
  name: 'dynamicSliceUpdate',
  arity: 3,
  attributes: {},
  infer: (inputs) => {
    const [x, updates, start] = inputs as [Spec, Spec, Spec]
    checkUpdates('dynamicSliceUpdate', x, updates)
    checkStart('dynamicSliceUpdate', start, x.shape)
    return x
  },
  kernel: (args) => {
    const [x, updates] = args.specs as [Spec, Spec]
    update(args, placeOfStart('dynamicSliceUpdate', args.inputs[2] as Storage, x.shape, updates.shape))
  },
  vjp: ({ inputs, gradient }, { broadcastTo, sliceUpdate }) => {
    const [, updates, start] = inputs as [Tensor, Tensor, Tensor]
    const { shape } = updates
    return [sliceUpdate(gradient, start, broadcastTo(0, shape)), slice(gradient, start, shape), null]
  },
  samples: () => [
    sample('a vector', [uniform([9]), uniform([4], -2, 2, 1), values([3], 'int32')]),
    sample('rows', [uniform([7, 5]), uniform([2, 5], -2, 2, 1), values([5, 0], 'int32')]),
    sample('a block', [uniform([4, 5, 6]), uniform([2, 3, 4], -2, 2, 1), values([1, 2, 0], 'int32')]),
    sample('nothing', [uniform([3, 4]), uniform([0, 4], -2, 2, 1), values([3, 0], 'int32')]),
    sample('int32', [integers([5, 3], -9, 9), integers([1, 2], -9, 9, 1), values([4, 1], 'int32')]),
    sample('bool', [booleans([5, 3]), booleans([2, 3], 1), values([1, 0], 'int32')]),
  ],
  errors: [
    {
      label: 'past the end',
      run: ({ cast, sliceUpdate }) => sliceUpdate([1, 2, 3], cast([2], 'int32'), [1, 2]),
      code: 'index.range',
    },
    {
      label: 'too few starts',
      run: ({ cast, sliceUpdate }) => sliceUpdate([[1, 2, 3]], cast([2], 'int32'), [[1]]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch:
    'a.index_put(torch.meshgrid(*[int(s) + torch.arange(n) for s, n in zip(c, b.shape)], indexing="ij"), b)',
})

/**
 * `x` with the elements of `updates` in place of its slice that begins at `startIndices`. A variable that is assigned this is
 * updated where it is.
 *
 * @param startIndices as of {@link slice}
 * @param updates of the same rank and dtype as `x`
 * @throws argument.range where the updates do not fit; index.range when the op runs, for starts in a tensor
 *
 * @example
 * lw.ops.sliceUpdate([1, 2, 3, 4], [1], [8, 9])   // [1, 8, 9, 4]
 */
export function sliceUpdate(x: TensorInput, startIndices: StartIndices, updates: TensorInput): Tensor {
  const value = toTensor('sliceUpdate', x)
  const given = toTensor('sliceUpdate', updates, value.dtype)
  const start = startOf('sliceUpdate', startIndices)
  return start instanceof Tensor
    ? apply(dynamicSliceUpdateOp, [value, given, start])
    : apply(sliceUpdateOp, [value, given], { start })
}

function checkUpdates(op: string, x: Spec, updates: Spec): void {
  if (updates.dtype !== x.dtype) {
    fail('dtype.mismatch', { op, expected: `${x.dtype} updates`, got: [x.dtype, updates.dtype] })
  }
  const smaller = updates.shape.every((extent, axis) => extent <= (x.shape[axis] ?? 0))
  if (updates.shape.length !== x.shape.length || !smaller) {
    const expected = 'updates of the same rank that are no larger than the tensor'
    fail('shape.mismatch', { op, expected, got: [x.shape, updates.shape] })
  }
}

function update(
  { inputs, specs, output, outputSpec }: Omit<KernelArguments<Attributes>, 'attributes'>,
  first: number,
): void {
  const [x, updates] = inputs as [Storage, Storage]
  output.set(x)
  embed(updates, output, (specs[1] as Spec).shape, first, stridesOf(outputSpec.shape))
}
