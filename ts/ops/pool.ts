import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { type Shape, sameShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo } from './array.js'
import { divide } from './binary.js'
import { channelsLast } from './conv.js'
import { convolution } from './convolution.js'
import { type KernelArguments, primitive, type Sample, type Spec } from './record.js'
import { sample, uniform, valueSample, values } from './samples.js'
import {
  checkFormat,
  checkWindow,
  outputExtent,
  perAxis,
  visitWindows,
  type WindowOptions,
  type Windows,
  windowsOver,
} from './windows.js'

/** The static arguments of pooling over windows of inputs [batch, …, channels]. */
type Pooling = Omit<Windows, 'dilations'> & { readonly window: Shape }

const attributes = { window: 'integers', strides: 'integers', low: 'integers', high: 'integers' } as const

function pooledShape(op: string, input: Spec, pooling: Pooling): Shape {
  const { window, low, high } = pooling
  const { shape, dtype } = input
  const spatial = shape.length - 2
  if (dtype !== 'float32') fail('dtype.mismatch', { op, expected: 'float32', got: [dtype] })
  if (spatial < 1 || spatial > 3) {
    const expected = 'an input [batch, …, channels] of one to three spatial axes'
    fail('shape.mismatch', { op, expected, got: [shape] })
  }
  checkWindow(op, window)
  if (window.some((extent, axis) => low[axis]! >= extent || high[axis]! >= extent)) {
    fail('shape.mismatch', {
      op,
      expected: 'less padding than the window has places',
      got: [low, high, window],
    })
  }
  const windows = { ...pooling, dilations: window.map(() => 1) }
  const extents = shape.slice(1, -1).map((extent, axis) => outputExtent(extent, window[axis]!, axis, windows))
  return [shape[0]!, ...extents, shape.at(-1)!]
}

/** Requires float32 inputs of these shapes. */
function checkShapes(op: string, inputs: readonly Spec[], shapes: readonly Shape[]): void {
  inputs.forEach(({ shape, dtype }, i) => {
    const expected = shapes[i] as Shape
    if (dtype !== 'float32') fail('dtype.mismatch', { op, expected: 'float32', got: [dtype] })
    if (!sameShape(shape, expected))
      fail('shape.mismatch', { op, expected: `shape [${expected.join(', ')}]`, got: [shape] })
  })
}

/** Calls `visit` with where the channels of an output and of an input in its window start. */
function visitPixels(
  input: Shape,
  output: Shape,
  pooling: Pooling,
  visit: (output: number, input: number) => void,
): void {
  const channels = input.at(-1)!
  const [extents, outputs] = [input.slice(1, -1), output.slice(1, -1)]
  const windows = { ...pooling, dilations: pooling.window.map(() => 1) }
  for (let image = 0; image < input[0]!; image++) {
    const [x, y] = [image * sizeOf(extents), image * sizeOf(outputs)]
    visitWindows(extents, pooling.window, outputs, windows, (o, _, i) =>
      visit((y + o) * channels, (x + i) * channels),
    )
  }
}

/** Calls `visit` with each output and the input that it is: the first that is equal, or the first NaN. */
function visitGreatest(
  [x, greatest]: readonly Storage[],
  input: Shape,
  output: Shape,
  pooling: Pooling,
  visit: (output: number, input: number) => void,
): void {
  const channels = input.at(-1)!
  const found = new Uint8Array(greatest!.length)
  visitPixels(input, output, pooling, (o, i) => {
    for (let c = 0; c < channels; c++) {
      const [value, most] = [x![i + c]!, greatest![o + c]!]
      if (found[o + c] || !(value === most || (Number.isNaN(value) && Number.isNaN(most)))) continue
      found[o + c] = 1
      visit(o + c, i + c)
    }
  })
}

function poolMaximum({
  inputs: [x],
  specs: [spec],
  output,
  outputSpec,
  attributes,
}: KernelArguments<Pooling>): void {
  const channels = outputSpec.shape.at(-1)!
  output.fill(-Infinity)
  visitPixels(spec!.shape, outputSpec.shape, attributes, (o, i) => {
    for (let c = 0; c < channels; c++) {
      const value = x![i + c]!
      if (value > output[o + c]! || Number.isNaN(value)) output[o + c] = value
    }
  })
}

/** Shapes whose extents differ along all axes, around the sizes of vectors and blocks of channels. */
const cases: readonly { label: string; input: Shape; pooling: Pooling }[] = [
  ['2 × 2', [2, 4, 6, 3], [2, 2], [2, 2], [0, 0], [0, 0]],
  ['small', [1, 4, 3, 2], [3, 2], [1, 1], [1, 1], [1, 0]],
  ['overlapping, padded', [2, 7, 9, 33], [3, 3], [2, 2], [1, 0], [1, 1]],
  ['leftover', [1, 7, 5, 70], [3, 2], [3, 2], [0, 0], [0, 0]],
  ['one axis', [3, 11, 4], [4], [3], [1], [2]],
  ['three axes', [1, 5, 4, 6, 5], [2, 3, 2], [1, 2, 2], [0, 1, 1], [1, 1, 0]],
  ['no images', [0, 4, 4, 3], [2, 2], [2, 2], [0, 0], [0, 0]],
  ['no outputs', [2, 1, 4, 3], [2, 2], [2, 2], [0, 0], [0, 0]],
].map(([label, input, window, strides, low, high]) => ({
  label,
  input,
  pooling: { window, strides, low, high },
})) as never

function outputsOf({ input, pooling }: (typeof cases)[number]): Shape {
  return pooledShape('maxPool', { shape: input, dtype: 'float32' }, pooling)
}

/** Distinct inputs, so that finite differences meet no ties, and their greatest. */
function greatestOf(one: (typeof cases)[number]) {
  const x = uniform(one.input, -2, 2, 1)
  const shape = outputsOf(one)
  const output = new Float64Array(sizeOf(shape))
  poolMaximum({
    inputs: [Float64Array.from(x.values) as never],
    specs: [x],
    output: output as never,
    outputSpec: { shape, dtype: 'float32' },
    attributes: one.pooling,
  })
  return [x, { shape, dtype: 'float32' as const, values: [...output] }] as const
}

function isEmpty(one: (typeof cases)[number]): boolean {
  return sizeOf(one.input) * sizeOf(outputsOf(one)) === 0
}

function samplesOf(
  make: (one: (typeof cases)[number]) => readonly Sample['inputs'][number][],
  skipGradient: boolean,
): Sample[] {
  return cases.map((one) => ({
    ...sample(one.label, make(one), { ...one.pooling }),
    unknownToTorch: isEmpty(one),
    skipGradient,
  }))
}

/** PyTorch has the channels first, pads less than half a window, and takes that for -inf: so here with explicit padding. */
const torchPool = (x: string) =>
  '(lambda n, F: [F.max_pool1d, F.max_pool2d, F.max_pool3d][n - 1](' +
  `F.pad(${x}.movedim(-1, 1), [p for k in reversed(range(n)) for p in (low[k], high[k])], value=-torch.inf), ` +
  'window, strides).movedim(1, -1))(len(window), torch.nn.functional)'

const maxPoolOp = primitive<Pooling>({
  name: 'maxPool',
  arity: 1,
  attributes,
  infer: ([x], pooling) => ({ shape: pooledShape('maxPool', x as Spec, pooling), dtype: 'float32' }),
  kernel: poolMaximum,
  vjp: ({ inputs: [x], output, gradient, attributes }) => [
    maxPoolGradient(x as Tensor, output, gradient, attributes),
  ],
  samples: () => [
    ...samplesOf(({ input }) => [uniform(input, -2, 2, 1)], false),
    {
      ...valueSample(
        'special values',
        [{ ...values([NaN, 1, -Infinity, -Infinity, Infinity, 3, -0, 0]), shape: [1, 8, 1] }],
        { window: [2], strides: [2], low: [0], high: [0] },
      ),
    },
  ],
  errors: [
    { label: 'a window without places', run: ({ maxPool }) => maxPool([[[1]]], 0), code: 'argument.range' },
    { label: 'a matrix', run: ({ maxPool }) => maxPool([[1, 2]], 2), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: torchPool('a'),
})

const maxPoolSelectOp = primitive<Pooling>({
  name: 'maxPoolSelect',
  arity: 3,
  attributes,
  infer: (inputs, pooling) => {
    const op = 'maxPoolSelect'
    const [x] = inputs as [Spec]
    const shape = pooledShape(op, x, pooling)
    checkShapes(op, inputs, [x.shape, shape, x.shape])
    return { shape, dtype: 'float32' }
  },
  kernel: ({ inputs, specs: [x], output, outputSpec, attributes }) => {
    const [, , others] = inputs
    output.fill(0)
    visitGreatest(inputs, x!.shape, outputSpec.shape, attributes, (o, i) => {
      output[o] = others![i]!
    })
  },
  vjp: ({ inputs: [x, greatest], gradient, attributes }) => [
    null,
    null,
    maxPoolGradient(x as Tensor, greatest as Tensor, gradient, attributes),
  ],
  // Moving the inputs moves their maxima away from the given ones: only the third operand can be moved.
  samples: () => samplesOf((one) => [...greatestOf(one), uniform(one.input, -2, 2, 3)], true),
  errors: [],
  tolerance: 'exact',
  torch: null,
})

const maxPoolGradientOp = primitive<Pooling>({
  name: 'maxPoolGradient',
  arity: 3,
  attributes,
  infer: (inputs, pooling) => {
    const op = 'maxPoolGradient'
    const [x] = inputs as [Spec]
    const shape = pooledShape(op, x, pooling)
    checkShapes(op, inputs, [x.shape, shape, shape])
    return { shape: x.shape, dtype: 'float32' }
  },
  kernel: ({ inputs, specs: [, greatest], output, outputSpec, attributes }) => {
    const [, , gradients] = inputs
    output.fill(0)
    visitGreatest(inputs, outputSpec.shape, greatest!.shape, attributes, (o, i) => {
      output[i]! += gradients![o]!
    })
  },
  magnitude: ({ inputs, specs: [, greatest], output, outputSpec, attributes }) => {
    output.fill(0)
    visitGreatest(inputs, outputSpec.shape, greatest!.shape, attributes, (o, i) => {
      output[i]! += Math.abs(inputs[2]![o]!)
    })
  },
  vjp: ({ inputs: [x, greatest], gradient, attributes }) => [
    null,
    null,
    apply(maxPoolSelectOp, [x as Tensor, greatest as Tensor, gradient], attributes),
  ],
  samples: () => samplesOf((one) => [...greatestOf(one), uniform(outputsOf(one), -2, 2, 3)], true),
  errors: [],
  tolerance: { relative: 1e-6 },
  torch: `(lambda x: torch.autograd.grad((${torchPool('x')} * c).sum(), x)[0])(a.detach().requires_grad_(True))`,
})

function maxPoolGradient(x: Tensor, greatest: Tensor, gradient: Tensor, pooling: Pooling): Tensor {
  return apply(maxPoolGradientOp, [x, greatest, gradient], pooling)
}

/** An op's arguments, checked, with the channels last; the strides are the window's extents where they are left out. */
function pool(
  op: string,
  inputs: TensorInput,
  poolSize: number | readonly number[],
  config: WindowOptions,
  apply: (x: Tensor, pooling: Pooling) => Tensor,
): Tensor {
  checkOptions(op, config, ['strides', 'padding', 'dataFormat'])
  const x = toTensor(op, inputs)
  const spatial = x.rank - 2
  if (spatial < 1 || spatial > 3) {
    const expected = 'inputs [batch, …, channels] of one to three spatial axes'
    fail('shape.mismatch', { op, expected, got: [x.shape] })
  }
  const { padding = 'valid', dataFormat = 'channelsLast', strides = poolSize } = config
  checkFormat(op, padding, dataFormat, 2)
  const window = perAxis(op, 'poolSize', poolSize, spatial)
  return applyComposition(`${op}${JSON.stringify([window, config])}`, [x], ([x]) =>
    channelsLast(dataFormat, x as Tensor, (x) => {
      const { dilations: _, ...windows } = windowsOver(op, x.shape.slice(1, -1), window, { strides, padding })
      return apply(x, { ...windows, window })
    }),
  )
}

/**
 * The greatest element of each window, channel by channel, of inputs [batch, …, channels] of one to three spatial axes. Windows leave out what
 * lies outside the inputs. The gradient goes to the first of equal ones.
 *
 * @param poolSize the window: one number, or one for each spatial axis
 * @param config strides (the window), padding ('valid'), dataFormat ('channelsLast')
 * @throws shape.mismatch, argument.type, argument.range, argument.unknown
 *
 * @example
 * lw.ops.maxPool([[[1], [3], [2], [4]]], 2)   // [[[3], [4]]]
 */
export function maxPool(
  inputs: TensorInput,
  poolSize: number | readonly number[],
  config: WindowOptions = {},
): Tensor {
  return pool('maxPool', inputs, poolSize, config, (x, pooling) => apply(maxPoolOp, [x], pooling))
}

/**
 * The mean of each window, channel by channel; elements outside the inputs do not count.
 *
 * @param poolSize the window: one number, or one for each spatial axis
 * @param config strides (the window), padding ('valid'), dataFormat ('channelsLast')
 * @throws as `maxPool`
 *
 * @example
 * lw.ops.averagePool([[[1], [3], [2], [4]]], 2)   // [[[2], [3]]]
 */
export function averagePool(
  inputs: TensorInput,
  poolSize: number | readonly number[],
  config: WindowOptions = {},
): Tensor {
  return pool('averagePool', inputs, poolSize, config, (x, { window, ...windows }) => {
    const channels = x.shape.at(-1)!
    const sums = convolution(x, broadcastTo(1, [...window, 1, channels]), {
      ...windows,
      dilations: window.map(() => 1),
      groups: Math.max(1, channels),
    })
    return divide(sums, counts(x.shape.slice(1, -1), sums.shape.slice(1, -1), { ...windows, window }))
  })
}

/** How many inputs each window holds: a number where all hold as many, else a tensor to broadcast. */
function counts(extents: Shape, outputs: Shape, pooling: Pooling): Tensor | number {
  const found = new Float32Array(sizeOf(outputs))
  visitWindows(
    extents,
    pooling.window,
    outputs,
    { ...pooling, dilations: pooling.window.map(() => 1) },
    (o) => {
      found[o]! += 1
    },
  )
  if (found.every((count) => count === found[0])) return found[0] ?? 1
  return new Tensor([...outputs, 1], 'float32', found)
}
