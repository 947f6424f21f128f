import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { type Shape, sameShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo } from './array.js'
import { divide } from './binary.js'
import { convolution } from './convolution.js'
import { channelsLast } from './data-format.js'
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

/** Calls `visit` with each output and the input that is the greatest in its window: the first of equal ones, NaN before all numbers. */
function visitGreatest(
  x: Storage,
  input: Shape,
  output: Shape,
  pooling: Pooling,
  visit: (output: number, input: number) => void,
): void {
  const channels = input.at(-1)!
  const greatest = new Int32Array(sizeOf(output)).fill(-1)
  visitPixels(input, output, pooling, (o, i) => {
    for (let c = 0; c < channels; c++) {
      const [value, most] = [x[i + c]!, x[greatest[o + c]!]]
      const isGreater = most === undefined || value > most || (Number.isNaN(value) && !Number.isNaN(most))
      if (isGreater) greatest[o + c] = i + c
    }
  })
  greatest.forEach((i, o) => {
    if (i >= 0) visit(o, i)
  })
}

function poolMaximum(args: KernelArguments<Pooling>): void {
  const {
    inputs: [x],
    specs: [spec],
    output,
    outputSpec,
    attributes,
  } = args
  output.fill(-Infinity)
  visitGreatest(x!, spec!.shape, outputSpec.shape, attributes, (o, i) => {
    output[o] = x![i]!
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

function isEmpty(one: (typeof cases)[number]): boolean {
  return sizeOf(one.input) * sizeOf(outputsOf(one)) === 0
}

function samplesOf(make: (one: (typeof cases)[number]) => readonly Sample['inputs'][number][]): Sample[] {
  return cases.map((one) => ({
    ...sample(one.label, make(one), { ...one.pooling }),
    unknownToTorch: isEmpty(one),
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
  vjp: ({ inputs: [x], gradient, attributes }) => [maxPoolGradient(x as Tensor, gradient, attributes)],
  samples: () => [
    ...samplesOf(({ input }) => [uniform(input, -2, 2, 1)]),
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
  arity: 2,
  attributes,
  infer: (inputs, pooling) => {
    const [x] = inputs as [Spec]
    checkShapes('maxPoolSelect', inputs, [x.shape, x.shape])
    return { shape: pooledShape('maxPoolSelect', x, pooling), dtype: 'float32' }
  },
  kernel: ({ inputs: [x, others], specs: [spec], output, outputSpec, attributes }) => {
    output.fill(0)
    visitGreatest(x!, spec!.shape, outputSpec.shape, attributes, (o, i) => {
      output[o] = others![i]!
    })
  },
  vjp: ({ inputs: [x], gradient, attributes }) => [null, maxPoolGradient(x as Tensor, gradient, attributes)],
  samples: () => samplesOf((one) => [uniform(one.input, -2, 2, 1), uniform(one.input, -2, 2, 2)]),
  errors: [],
  tolerance: 'exact',
  torch: null,
})

const maxPoolGradientOp = primitive<Pooling>({
  name: 'maxPoolGradient',
  arity: 2,
  attributes,
  infer: (inputs, pooling) => {
    const [x] = inputs as [Spec]
    checkShapes('maxPoolGradient', inputs, [x.shape, pooledShape('maxPoolGradient', x, pooling)])
    return { shape: x.shape, dtype: 'float32' }
  },
  kernel: scatterToGreatest,
  magnitude: (args) => {
    const [x, gradients] = args.inputs
    scatterToGreatest({ ...args, inputs: [x!, gradients!.map(Math.abs)] })
  },
  vjp: ({ inputs: [x], gradient, attributes }) => [
    null,
    apply(maxPoolSelectOp, [x as Tensor, gradient], attributes),
  ],
  samples: () => samplesOf((one) => [uniform(one.input, -2, 2, 1), uniform(outputsOf(one), -2, 2, 2)]),
  errors: [],
  tolerance: { relative: 1e-6 },
  torch: `(lambda x: torch.autograd.grad((${torchPool('x')} * b).sum(), x, create_graph=True)[0])(a.detach().requires_grad_(True)) + 0 * a`,
})

function scatterToGreatest({
  inputs,
  specs,
  output,
  outputSpec,
  attributes,
}: KernelArguments<Pooling>): void {
  const [x, gradients] = inputs
  output.fill(0)
  visitGreatest(x!, outputSpec.shape, specs[1]!.shape, attributes, (o, i) => {
    output[i]! += gradients![o]!
  })
}

function maxPoolGradient(x: Tensor, gradient: Tensor, pooling: Pooling): Tensor {
  return apply(maxPoolGradientOp, [x, gradient], pooling)
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
  checkWindow(op, window)
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
