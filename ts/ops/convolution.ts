import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkShape, type Shape, sameShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import {
  type Attributes,
  type KernelArguments,
  overMagnitudes,
  primitive,
  type Sample,
  type Spec,
} from './record.js'
import { sample, uniform } from './samples.js'
import { checkWindow, outputExtent, reachOf, visitWindows, type Windows } from './windows.js'

/** The static arguments of a convolution, of inputs [batch, …, channels] by a kernel [...window, channels / groups, filters]. */
export type Convolution = Windows & { readonly groups: number }
type InputGradient = Convolution & { readonly input: Shape }
type KernelGradient = Convolution & { readonly window: Shape }

const attributes = {
  strides: 'integers',
  dilations: 'integers',
  low: 'integers',
  high: 'integers',
  groups: 'integer',
} as const

/** The most sets of inputs that a strided convolution's windows see alike, so many programs has its gradient. */
const mostRemainders = 4096

/** The shape of the outputs. Raises where a kernel does not fit an input. */
function outputShape(op: string, input: Shape, kernel: Shape, convolution: Convolution): Shape {
  const { groups, strides, dilations, low, high } = convolution
  const spatial = input.length - 2
  const got = [input, kernel]
  if (spatial < 1 || spatial > 3 || kernel.length !== input.length) {
    const expected =
      'an input [batch, …, channels] and a kernel [...window, channels, filters] of one to three spatial axes'
    fail('shape.mismatch', { op, expected, got })
  }
  const [channels, filters] = [input.at(-1)!, kernel.at(-1)!]
  if (kernel.at(-2)! * groups !== channels || filters % groups !== 0) {
    const expected = `a kernel of ${channels / groups} channels and a multiple of ${groups} filters`
    fail('shape.mismatch', { op, expected, got })
  }
  checkWindow(op, kernel.slice(0, -2))
  const extents = input.slice(1, -1).map((extent, axis) => {
    const reach = reachOf(kernel[axis]!, dilations[axis]!)
    if (low[axis]! >= reach || high[axis]! >= reach) {
      const expected = 'less padding than the window reaches'
      fail('shape.mismatch', { op, expected, got })
    }
    return outputExtent(extent, kernel[axis]!, axis, convolution)
  })
  const padded = input.slice(1, -1).map((extent, axis) => {
    const reach = reachOf(kernel[axis]!, dilations[axis]!)
    return Math.max(reach, extent + low[axis]! + high[axis]!)
  })
  checkShape(`the padded input of ${op}`, [input[0]!, ...padded, channels])
  if (
    strides.reduce((product, stride, axis) => product * Math.min(stride, input[axis + 1]!), 1) >
    mostRemainders
  ) {
    const expected = `a product of at most ${mostRemainders}`
    fail('argument.range', { op, argument: 'strides', expected, got: strides })
  }
  return [input[0]!, ...extents, filters]
}

function checkFloats(op: string, inputs: readonly Spec[]): void {
  if (inputs.some(({ dtype }) => dtype !== 'float32')) {
    fail('dtype.mismatch', { op, expected: 'float32', got: inputs.map(({ dtype }) => dtype) })
  }
}

function checkOutputs(op: string, gradient: Shape, outputs: Shape): void {
  if (sameShape(gradient, outputs)) return
  fail('shape.mismatch', { op, expected: `outputs [${outputs.join(', ')}]`, got: [gradient] })
}

/** Calls `visit` with where the channels of an input, the weights of a place and the filters of an output start. */
function visitTerms(
  input: Shape,
  kernel: Shape,
  output: Shape,
  convolution: Convolution,
  visit: (input: number, weights: number, output: number) => void,
): void {
  const [channels, filters] = [input.at(-1)!, output.at(-1)!]
  const [extents, outputs] = [input.slice(1, -1), output.slice(1, -1)]
  const weights = kernel.at(-2)! * filters
  for (let image = 0; image < input[0]!; image++) {
    const [x, y] = [image * sizeOf(extents), image * sizeOf(outputs)]
    visitWindows(extents, kernel.slice(0, -2), outputs, convolution, (o, place, i) =>
      visit((x + i) * channels, place * weights, (y + o) * filters),
    )
  }
}

/** The sums of all outputs, in float64. */
function convolve({ inputs, specs, output, outputSpec, attributes }: KernelArguments<Convolution>): void {
  const [x, w] = inputs as [Storage, Storage]
  const [input, kernel] = [(specs[0] as Spec).shape, (specs[1] as Spec).shape]
  const sums = new Float64Array(output.length)
  const [channels, filters] = [kernel.at(-2)!, kernel.at(-1)!]
  const ofGroup = filters / attributes.groups
  visitTerms(input, kernel, outputSpec.shape, attributes, (from, weights, to) => {
    for (let group = 0; group < attributes.groups; group++) {
      const [start, end] = [group * ofGroup, (group + 1) * ofGroup]
      for (let channel = 0; channel < channels; channel++) {
        const value = x[from + group * channels + channel]!
        const row = weights + channel * filters
        for (let filter = start; filter < end; filter++) sums[to + filter]! += value * w[row + filter]!
      }
    }
  })
  output.set(sums)
}

function convolveInputGradient(args: KernelArguments<InputGradient>): void {
  const { inputs, specs, output, outputSpec, attributes } = args
  const [gradient, w] = inputs as [Storage, Storage]
  const [outputs, kernel] = [(specs[0] as Spec).shape, (specs[1] as Spec).shape]
  const sums = new Float64Array(output.length)
  const [channels, filters] = [kernel.at(-2)!, kernel.at(-1)!]
  const ofGroup = filters / attributes.groups
  visitTerms(outputSpec.shape, kernel, outputs, attributes, (to, weights, from) => {
    for (let group = 0; group < attributes.groups; group++) {
      for (let channel = 0; channel < channels; channel++) {
        const row = weights + channel * filters
        let sum = 0
        for (let filter = group * ofGroup; filter < (group + 1) * ofGroup; filter++)
          sum += gradient[from + filter]! * w[row + filter]!
        sums[to + group * channels + channel]! += sum
      }
    }
  })
  output.set(sums)
}

function convolveKernelGradient(args: KernelArguments<KernelGradient>): void {
  const { inputs, specs, output, outputSpec, attributes } = args
  const [x, gradient] = inputs as [Storage, Storage]
  const [input, outputs] = [(specs[0] as Spec).shape, (specs[1] as Spec).shape]
  const kernel = outputSpec.shape
  const sums = new Float64Array(output.length)
  const [channels, filters] = [kernel.at(-2)!, kernel.at(-1)!]
  const ofGroup = filters / attributes.groups
  visitTerms(input, kernel, outputs, attributes, (from, weights, at) => {
    for (let group = 0; group < attributes.groups; group++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = x[from + group * channels + channel]!
        const row = weights + channel * filters
        for (let filter = group * ofGroup; filter < (group + 1) * ofGroup; filter++)
          sums[row + filter]! += value * gradient[at + filter]!
      }
    }
  })
  output.set(sums)
}

/** Shapes with different extents along all axes, around the sizes of tiles and vectors. */
const cases: readonly { label: string; input: Shape; kernel: Shape; convolution: Convolution }[] = [
  ['small', [1, 3, 4, 2], [2, 3, 2, 3], [1, 2], [1, 1], [1, 1], [0, 1], 1],
  ['small, groups', [1, 4, 3, 2], [2, 1, 1, 4], [1, 1], [2, 1], [1, 0], [0, 0], 2],
  ['3 × 3, padded', [2, 5, 7, 3], [3, 3, 3, 5], [1, 1], [1, 1], [1, 1], [1, 1], 1],
  ['one channel', [3, 9, 8, 1], [3, 2, 1, 33], [1, 1], [1, 1], [1, 0], [1, 1], 1],
  ['many channels', [2, 6, 5, 19], [3, 3, 19, 18], [1, 1], [1, 1], [1, 1], [1, 1], 1],
  ['strides', [2, 10, 13, 17], [3, 2, 17, 9], [2, 3], [1, 1], [1, 0], [1, 1], 1],
  ['strides, few channels', [2, 11, 9, 2], [3, 3, 2, 4], [2, 2], [1, 1], [0, 1], [1, 0], 1],
  ['dilations', [1, 12, 11, 16], [3, 2, 16, 7], [1, 1], [2, 3], [2, 0], [1, 3], 1],
  ['1 × 1', [2, 5, 6, 20], [1, 1, 20, 24], [1, 1], [1, 1], [0, 0], [0, 0], 1],
  ['1 × 1, strides', [2, 5, 6, 20], [1, 1, 20, 24], [2, 2], [1, 1], [0, 0], [0, 0], 1],
  ['groups', [2, 6, 7, 12], [3, 3, 3, 8], [1, 1], [1, 1], [1, 1], [1, 1], 4],
  ['depthwise', [2, 6, 7, 21], [3, 3, 1, 21], [1, 2], [1, 1], [1, 1], [1, 1], 21],
  ['depthwise, twice the channels', [2, 7, 6, 6], [2, 3, 1, 12], [2, 1], [1, 1], [0, 1], [0, 1], 6],
  ['one axis, causal', [2, 23, 8], [5, 8, 17], [1], [2], [8], [0], 1],
  ['three axes', [1, 5, 4, 6, 3], [2, 3, 3, 3, 5], [2, 1, 1], [1, 1, 2], [0, 1, 2], [1, 1, 1], 1],
  ['a window as large as the input', [3, 4, 5, 6], [4, 5, 6, 7], [1, 1], [1, 1], [0, 0], [0, 0], 1],
  ['no images', [0, 4, 5, 2], [3, 3, 2, 3], [1, 1], [1, 1], [1, 1], [1, 1], 1],
  ['no outputs', [2, 2, 5, 2], [3, 3, 2, 3], [1, 1], [1, 1], [0, 0], [0, 0], 1],
].map(([label, input, kernel, strides, dilations, low, high, groups]) => ({
  label,
  input,
  kernel,
  convolution: { strides, dilations, low, high, groups },
})) as never

/** PyTorch refuses empty tensors here. */
function isEmpty(one: (typeof cases)[number]): boolean {
  return sizeOf(one.input) * sizeOf(outputsOf(one)) === 0
}

/** A sample of each case, of inputs that are told by their shapes. */
function samplesOf(
  shapes: (one: (typeof cases)[number]) => readonly [Shape, Shape],
  more: (one: (typeof cases)[number]) => Attributes = () => ({}),
): Sample[] {
  return cases.map((one) => {
    const inputs = shapes(one).map((shape, i) => uniform(shape, -2, 2, i + 1))
    const attributes = { ...one.convolution, ...more(one) }
    return { ...sample(one.label, inputs, attributes), unknownToTorch: isEmpty(one) }
  })
}

function outputsOf({ input, kernel, convolution }: (typeof cases)[number]): Shape {
  return outputShape('convolution', input, kernel, convolution)
}

const torchConvolution = (result: string) => `(lambda n, F: ${result})(len(strides), torch.nn.functional)`
/** PyTorch has the channels first, and pads both sides alike. */
const torchForward = (x: string, w: string) =>
  '[F.conv1d, F.conv2d, F.conv3d][n - 1](' +
  `F.pad(${x}.movedim(-1, 1), [p for k in reversed(range(n)) for p in (low[k], high[k])]), ` +
  `${w}.movedim((-1, -2), (0, 1)), None, strides, 0, dilations, groups).movedim(1, -1)`

const convolutionOp = primitive<Convolution>({
  name: 'convolution',
  arity: 2,
  attributes,
  infer: (inputs, convolution) => {
    checkFloats('convolution', inputs)
    const [input, kernel] = inputs as [Spec, Spec]
    return { shape: outputShape('convolution', input.shape, kernel.shape, convolution), dtype: 'float32' }
  },
  kernel: convolve,
  magnitude: overMagnitudes(convolve),
  vjp: ({ inputs, gradient, attributes }) => {
    const [x, kernel] = inputs as [Tensor, Tensor]
    return [
      convolutionInputGradient(gradient, kernel, attributes, x.shape.slice(1, -1)),
      convolutionKernelGradient(x, gradient, attributes, kernel.shape.slice(0, -2)),
    ]
  },
  samples: () => [
    ...samplesOf(({ input, kernel }) => [input, kernel]),
    largeSample([4, 32, 32, 32], [3, 3, 32, 32]),
    largeSample([2, 33, 31, 3], [5, 5, 3, 40]),
  ],
  errors: [],
  tolerance: { relative: 2e-6 },
  torch: torchConvolution(torchForward('a', 'b')),
})

function largeSample(input: Shape, kernel: Shape): Sample {
  const low = kernel.slice(0, -2).map((window) => (window - 1) / 2)
  const convolution = { strides: [1, 1], dilations: [1, 1], low, high: low, groups: 1 }
  return sample('large', [uniform(input, -2, 2, 1), uniform(kernel, -2, 2, 2)], convolution)
}

const inputGradientOp = primitive<InputGradient>({
  name: 'convolutionInputGradient',
  arity: 2,
  attributes: { ...attributes, input: 'integers' },
  infer: (inputs, attributes) => {
    const op = 'convolutionInputGradient'
    checkFloats(op, inputs)
    const [gradient, kernel] = inputs as [Spec, Spec]
    const shape = [gradient.shape[0]!, ...attributes.input, kernel.shape.at(-2)! * attributes.groups]
    checkOutputs(op, gradient.shape, outputShape(op, shape, kernel.shape, attributes))
    return { shape, dtype: 'float32' }
  },
  kernel: convolveInputGradient,
  magnitude: overMagnitudes(convolveInputGradient),
  vjp: ({ inputs, gradient, attributes: { input: _, ...windows } }) => {
    const [x, kernel] = inputs as [Tensor, Tensor]
    return [
      convolution(gradient, kernel, windows),
      convolutionKernelGradient(gradient, x, windows, kernel.shape.slice(0, -2)),
    ]
  },
  samples: () =>
    samplesOf(
      (one) => [outputsOf(one), one.kernel],
      ({ input }) => ({ input: input.slice(1, -1) }),
    ),
  errors: [],
  tolerance: { relative: 2e-6 },
  torch: torchConvolution(
    `(lambda x: torch.autograd.grad((${torchForward('x', 'b')} * a).sum(), x, create_graph=True)[0])` +
      '(torch.zeros([a.shape[0], *input, b.shape[-2] * groups], requires_grad=True))',
  ),
})

const kernelGradientOp = primitive<KernelGradient>({
  name: 'convolutionKernelGradient',
  arity: 2,
  attributes: { ...attributes, window: 'integers' },
  infer: (inputs, attributes) => {
    const op = 'convolutionKernelGradient'
    checkFloats(op, inputs)
    const [input, gradient] = inputs as [Spec, Spec]
    const channels = Math.floor(input.shape.at(-1)! / attributes.groups)
    const shape = [...attributes.window, channels, gradient.shape.at(-1)!]
    checkOutputs(op, gradient.shape, outputShape(op, input.shape, shape, attributes))
    return { shape, dtype: 'float32' }
  },
  kernel: convolveKernelGradient,
  magnitude: overMagnitudes(convolveKernelGradient),
  vjp: ({ inputs, gradient, attributes: { window: _, ...windows } }) => {
    const [x, outputs] = inputs as [Tensor, Tensor]
    return [
      convolutionInputGradient(outputs, gradient, windows, x.shape.slice(1, -1)),
      convolution(x, gradient, windows),
    ]
  },
  samples: () =>
    samplesOf(
      (one) => [one.input, outputsOf(one)],
      ({ kernel }) => ({ window: kernel.slice(0, -2) }),
    ),
  errors: [],
  tolerance: { relative: 2e-6 },
  torch: torchConvolution(
    `(lambda w: torch.autograd.grad((${torchForward('a', 'w')} * b).sum(), w, create_graph=True)[0])` +
      '(torch.zeros([*window, a.shape[-1] // groups, b.shape[-1]], requires_grad=True))',
  ),
})

/** The sums over each window of inputs [batch, …, channels] times the weights of a kernel [...window, channels / groups, filters]. */
export function convolution(x: Tensor, kernel: Tensor, windows: Convolution): Tensor {
  return apply(convolutionOp, [x, kernel], { ...windows })
}

/** The gradient of a convolution by its inputs, of some spatial extents. It is a convolution's transpose. */
export function convolutionInputGradient(
  gradient: Tensor,
  kernel: Tensor,
  windows: Convolution,
  input: Shape,
): Tensor {
  return apply(inputGradientOp, [gradient, kernel], { ...windows, input })
}

/** The gradient of a convolution by its kernel, of some window. */
export function convolutionKernelGradient(
  x: Tensor,
  gradient: Tensor,
  windows: Convolution,
  window: Shape,
): Tensor {
  return apply(kernelGradientOp, [x, gradient], { ...windows, window })
}
