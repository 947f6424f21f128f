import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { checkShape, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { concatenate } from './join.js'
import { composition, primitive, type Spec } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'
import { flip, slice } from './slice.js'
import { embed } from './strided.js'

type PadAttributes = { low: readonly number[]; high: readonly number[]; interior: readonly number[] }

const padOp = primitive<PadAttributes>({
  name: 'pad',
  arity: 2,
  batch: ({ op, inputs, batched: [, valueVaries], attributes: { low, high, interior } }) =>
    valueVaries
      ? undefined
      : apply(op, inputs, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }),
  attributes: { low: 'integers', high: 'integers', interior: 'integers' },
  infer: (inputs, { low, high, interior }) => {
    const [{ shape, dtype }, value] = inputs as [Spec, Spec]
    if (value.dtype !== dtype) {
      fail('dtype.mismatch', { op: 'pad', expected: `${dtype} constantValues`, got: [dtype, value.dtype] })
    }
    if (value.shape.length > 0) {
      fail('shape.mismatch', { op: 'pad', expected: 'a scalar for constantValues', got: [value.shape] })
    }
    for (const list of [low, high, interior]) {
      if (list.length !== shape.length) {
        const expected = `a list of ${shape.length} widths, one for each axis`
        fail('argument.range', { op: 'pad', argument: 'padWidth', expected, got: list })
      }
      for (const width of list) checkInteger('pad', 'a width', width, 0)
    }
    const padded = shape.map(
      (extent, axis) => low[axis]! + extent + Math.max(0, extent - 1) * interior[axis]! + high[axis]!,
    )
    checkShape('pad', padded)
    return { shape: padded, dtype }
  },
  kernel: ({ inputs, specs: [from], output, outputSpec: { shape }, attributes: { low, interior } }) => {
    const [x, value] = inputs as [Storage, Storage]
    const strides = stridesOf(shape)
    const first = low.reduce((place, width, axis) => place + width * strides[axis]!, 0)
    const steps = strides.map((stride, axis) => stride * (interior[axis]! + 1))
    output.fill(value[0]!)
    embed(x, output, (from as Spec).shape, first, steps)
  },
  // The transpose of padding is a slice; the value gets what the slice leaves out.
  vjp: (
    { inputs, gradient, attributes: { low, high, interior } },
    { broadcastTo, multiply, pad, subtract, sum },
  ) => {
    const [x] = inputs as [Tensor]
    const strides = interior.map((width) => width + 1)
    const width = low.map((before, axis) => [before, high[axis]!] as const)
    const inside = pad(broadcastTo(1, x.shape), width, { interior })
    return [slice(gradient, low, x.shape, { strides }), sum(multiply(gradient, subtract(1, inside)))]
  },
  samples: () => [
    sample('a vector', [uniform([5]), uniform([])], { low: [2], high: [3], interior: [0] }),
    sample('in front', [uniform([3, 4]), uniform([])], { low: [2, 0], high: [0, 0], interior: [0, 0] }),
    sample('rows', [uniform([3, 4]), uniform([])], { low: [0, 1], high: [0, 2], interior: [0, 0] }),
    sample('between', [uniform([3, 4]), uniform([])], { low: [1, 0], high: [0, 2], interior: [1, 2] }),
    sample('three axes', [uniform([2, 3, 4]), uniform([])], {
      low: [1, 0, 2],
      high: [0, 2, 1],
      interior: [2, 0, 0],
    }),
    sample('nothing', [uniform([0, 2]), uniform([])], { low: [1, 1], high: [1, 0], interior: [3, 0] }),
    sample('by nothing', [uniform([3, 2]), uniform([])], { low: [0, 0], high: [0, 0], interior: [0, 0] }),
    sample('a scalar', [uniform([]), uniform([])], { low: [], high: [], interior: [] }),
    sample('large', [uniform([200, 200]), uniform([])], { low: [1, 2], high: [2, 1], interior: [0, 0] }),
    sample('int32', [integers([3], -9, 9), { ...integers([], 5, 9) }], {
      low: [1],
      high: [2],
      interior: [1],
    }),
    sample('bool', [booleans([3, 2]), booleans([])], { low: [1, 1], high: [0, 1], interior: [0, 0] }),
  ],
  errors: [
    { label: 'negative widths', run: ({ pad }) => pad([1, 2], -1), code: 'argument.range' },
    { label: 'too few widths', run: ({ pad }) => pad([[1, 2]], [[1, 1]]), code: 'argument.range' },
    {
      label: 'a value of another dtype',
      run: ({ cast, pad }) => pad([1, 2], 1, { constantValues: cast(1, 'int32') }),
      code: 'dtype.mismatch',
    },
    {
      label: 'several values',
      run: ({ pad }) => pad([1], 1, { constantValues: [1, 2] }),
      code: 'shape.mismatch',
    },
    {
      label: 'another mode',
      run: ({ pad }) => pad([1], 1, { mode: 'wrap' as never }),
      code: 'argument.range',
    },
    {
      label: 'a value where there is none',
      run: ({ pad }) => pad([1, 2], 1, { mode: 'reflect', constantValues: 1 }),
      code: 'argument.type',
    },
    {
      label: 'reflections of nothing',
      run: ({ pad }) => pad([], 1, { mode: 'reflect' }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch:
    'b.expand([l + n + max(n - 1, 0) * i + h for l, n, i, h in zip(low, a.shape, interior, high)]).clone().index_put(' +
    'torch.meshgrid(*[l + torch.arange(n) * (i + 1) for l, n, i in zip(low, a.shape, interior)], indexing="ij"), a)' +
    ' if a.ndim else a.clone()',
})

/** How far to pad: on both sides of all axes, before and after on all, or a pair for each axis. */
export type PadWidth = number | readonly [number, number] | readonly (readonly [number, number])[]

/** What {@link pad} fills the new places with. */
export interface PadOptions {
  /**
   * 'constant' (default) fills with a value; 'reflect' mirrors the tensor at its first and last elements, which stand once, and
   * 'symmetric' at its edges, so that they stand twice.
   */
  readonly mode?: 'constant' | 'reflect' | 'symmetric'
  /** The value of mode 'constant': a number or a scalar tensor, default 0. */
  readonly constantValues?: TensorInput | null
  /** How many values stand between neighbours along each axis, in mode 'constant'; default 0. */
  readonly interior?: readonly number[]
}

composition<{ low: number; high: number; symmetric: boolean }>({
  name: 'padMirrored',
  compose: ([x], { low, high, symmetric }) =>
    pad(x as Tensor, [low, high], { mode: symmetric ? 'symmetric' : 'reflect' }),
  attributes: { low: 'integer', high: 'integer', symmetric: 'boolean' },
  samples: () => [
    sample('reflect', [uniform([5])], { low: 2, high: 3, symmetric: false }),
    sample('reflect two axes', [uniform([4, 5])], { low: 3, high: 1, symmetric: false }),
    sample('symmetric', [uniform([5])], { low: 2, high: 3, symmetric: true }),
    sample('symmetric two axes', [uniform([4, 5])], { low: 1, high: 4, symmetric: true }),
    sample('further than the tensor', [uniform([3])], { low: 8, high: 7, symmetric: false }),
    sample('symmetric, further than the tensor', [uniform([3])], { low: 8, high: 7, symmetric: true }),
    sample('of one element', [uniform([1])], { low: 2, high: 1, symmetric: false }),
    sample('int32', [integers([4], -9, 9)], { low: 1, high: 2, symmetric: false }),
  ],
  errors: [],
  tolerance: 'exact',
  // PyTorch mirrors no further than the tensor reaches, so its indices are made as NumPy's are.
  torch:
    'a[torch.meshgrid(*[(lambda i, n: torch.minimum(i % (2 * n), 2 * n - 1 - i % (2 * n)) if symmetric else ' +
    '(n - 1) - ((n - 1) - i % (2 * n - 2)).abs() if n > 1 else i * 0)(torch.arange(-low, n + high), n) ' +
    'for n in a.shape], indexing="ij")]',
})

/**
 * `x` with further places around it.
 *
 * @param padWidth a number for both sides of all axes, [before, after] for all axes, or one such pair for each axis
 * @param options mode, constantValues, interior
 *
 * @example
 * lw.ops.pad([1, 2, 3], 1)                                // [0, 1, 2, 3, 0]
 * lw.ops.pad([1, 2, 3], [2, 1], { mode: 'reflect' })      // [3, 2, 1, 2, 3, 2]
 * lw.ops.pad([1, 2, 3], [2, 1], { mode: 'symmetric' })    // [2, 1, 1, 2, 3, 3]
 */
export function pad(x: TensorInput, padWidth: PadWidth, options: PadOptions = {}): Tensor {
  checkOptions('pad', options, ['mode', 'constantValues', 'interior'])
  const { mode = 'constant', constantValues, interior } = options
  const value = toTensor('pad', x)
  const widths = widthsOf(padWidth, value.rank)
  if (mode === 'constant') {
    return apply(padOp, [value, toTensor('pad', constantValues ?? 0, value.dtype)], {
      low: widths.map(([before]) => before),
      high: widths.map(([, after]) => after),
      interior: [...(interior ?? value.shape.map(() => 0))],
    })
  }
  if (mode !== 'reflect' && mode !== 'symmetric') {
    const expected = `'constant', 'reflect' or 'symmetric'`
    fail('argument.range', { op: 'pad', argument: 'mode', expected, got: mode })
  }
  for (const [argument, given] of Object.entries({ constantValues, interior })) {
    if (given === undefined || given === null) continue
    fail('argument.type', { op: 'pad', argument, expected: `left out in mode '${mode}'`, got: given })
  }
  return applyComposition(`pad ${mode} ${JSON.stringify(widths)}`, [value], ([input]) =>
    widths.reduce(
      (tensor, [before, after], axis) => mirror(tensor, axis, before, after, mode),
      input as Tensor,
    ),
  )
}

function widthsOf(padWidth: PadWidth, rank: number): (readonly [number, number])[] {
  const isPair = (pair: unknown): pair is readonly [number, number] =>
    Array.isArray(pair) && pair.length === 2 && pair.every((width) => typeof width === 'number')
  const pairs: unknown =
    typeof padWidth === 'number'
      ? Array.from({ length: rank }, () => [padWidth, padWidth])
      : isPair(padWidth)
        ? Array.from({ length: rank }, () => padWidth)
        : padWidth
  if (!Array.isArray(pairs) || pairs.length !== rank || !pairs.every(isPair)) {
    const expected = `a number, [before, after], or ${rank} such pairs`
    fail('argument.range', { op: 'pad', argument: 'padWidth', expected, got: padWidth })
  }
  for (const width of pairs.flat()) checkInteger('pad', 'a width', width, 0)
  return pairs
}

/** Mirrors along one axis: runs of places that go up or down are slices, of which the latter are reversed. */
function mirror(
  x: Tensor,
  axis: number,
  before: number,
  after: number,
  mode: 'reflect' | 'symmetric',
): Tensor {
  const extent = x.shape[axis] as number
  if (before === 0 && after === 0) return x
  if (extent === 0) {
    fail('shape.mismatch', { op: 'pad', expected: `elements to mirror along axis ${axis}`, got: [x.shape] })
  }
  // Both go through the elements and back; symmetric ones stay at the ends for one place more.
  const period = mode === 'symmetric' ? 2 * extent : Math.max(1, 2 * extent - 2)
  const place = (i: number) => {
    const within = ((i % period) + period) % period
    return within < extent ? within : (mode === 'symmetric' ? period - 1 : period) - within
  }
  const runs: { first: number; last: number }[] = []
  for (let i = -before; i < extent + after; i++) {
    const [run, next] = [runs.at(-1), place(i)]
    const step = run && Math.sign(run.last - run.first)
    if (run && Math.abs(next - run.last) === 1 && (step === 0 || next - run.last === step)) run.last = next
    else runs.push({ first: next, last: next })
  }
  const parts = runs.map(({ first, last }) => {
    const start = x.shape.map((_, other) => (other === axis ? Math.min(first, last) : 0))
    const shape = x.shape.map((all, other) => (other === axis ? Math.abs(last - first) + 1 : all))
    const part = slice(x, start, shape)
    return first > last ? flip(part, { axis }) : part
  })
  return concatenate(parts, { axis })
}
