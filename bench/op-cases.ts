import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'

/** An op on operands of some shapes, as a function to compile. */
export interface OpCase {
  readonly family: string
  readonly name: string
  readonly shape: string
  readonly inputs: () => readonly lw.Tensor[]
  readonly call: (...inputs: lw.Tensor[]) => lw.Tensor | readonly lw.Tensor[] | undefined
  /** The primitive that is timed, where others prepare its operands (default: all). */
  readonly primitive?: string
}

type Shape = readonly number[]

const { ops } = lw

// Operands of what memory bounds take either a few megabytes or more than most caches hold: how much of a shared cache is there is hard to say.

function floats(shape: Shape, stream: number): lw.Tensor {
  const size = shape.reduce((a, b) => a * b, 1)
  return lw.tensor(
    Float32Array.from({ length: size }, (_, i) => hashed(i, stream)),
    shape,
  )
}

/** An op of float32 operands. */
function opCase(
  family: string,
  name: string,
  shapes: readonly Shape[],
  call: OpCase['call'],
  more: { readonly shape?: string; readonly primitive?: string } = {},
): OpCase {
  const shape = shapes.map((shape) => shape.join('×')).join(', ')
  return { family, name, shape, inputs: () => shapes.map(floats), call, ...more }
}

/** The gradient of an op by its first operand, given that of its result as the second one. */
const gradientOf =
  (op: (x: lw.Tensor, ...rest: lw.Tensor[]) => lw.Tensor): OpCase['call'] =>
  (...[x, gradient, ...rest]) =>
    lw.grad((x: lw.Tensor) => ops.sum(ops.multiply(op(x, ...rest), gradient as lw.Tensor)))(x as lw.Tensor)

function products(): OpCase[] {
  const product = (name: string, a: Shape, b: Shape, call: (a: lw.Tensor, b: lw.Tensor) => lw.Tensor) =>
    opCase('matmul', name, [a, b], call as OpCase['call'])
  const { matmul, transpose } = ops
  return [
    product('NN', [512, 512], [512, 512], matmul),
    product('NT', [512, 512], [512, 512], (a, b) => matmul(a, transpose(b))),
    product('TN', [512, 512], [512, 512], (a, b) => matmul(transpose(a), b)),
    product('few rows', [32, 1024], [1024, 1024], matmul),
    product('one row', [1, 4096], [4096, 4096], matmul),
    product('batched', [64, 128, 64], [64, 64, 128], matmul),
  ]
}

interface Convolution {
  readonly name: string
  readonly input: Shape
  readonly kernel: Shape
  readonly strides?: number
  readonly depthwise?: boolean
}

const convolutions: readonly Convolution[] = [
  { name: '3×3', input: [8, 56, 56, 64], kernel: [3, 3, 64, 64] },
  { name: '3×3, small images', input: [32, 8, 8, 64], kernel: [3, 3, 64, 64] },
  { name: '3×3, 16 channels', input: [64, 32, 32, 16], kernel: [3, 3, 16, 16] },
  { name: '1×1', input: [8, 56, 56, 256], kernel: [1, 1, 256, 64] },
  { name: '3×3, strides 2', input: [8, 56, 56, 128], kernel: [3, 3, 128, 128], strides: 2 },
  { name: '7×7, strides 2, few channels', input: [4, 224, 224, 3], kernel: [7, 7, 3, 64], strides: 2 },
  { name: '3×3, one channel', input: [32, 28, 28, 1], kernel: [3, 3, 1, 32] },
  { name: '3×3, depthwise', input: [1, 56, 56, 128], kernel: [3, 3, 128, 1], depthwise: true },
]

function convolutionsOf({ name, input, kernel, strides = 1, depthwise }: Convolution): OpCase[] {
  const convolve = (x: lw.Tensor, w: lw.Tensor) => {
    const options = { strides, padding: 'same' } as const
    return depthwise ? ops.depthwiseConv(x, w, options) : ops.conv(x, w, options)
  }
  const [batch, height, width, channels] = input as [number, number, number, number]
  const filters = depthwise ? channels : (kernel.at(-1) as number)
  const output = [batch, Math.ceil(height / strides), Math.ceil(width / strides), filters]
  const shape = `${input.join('×')}, ${kernel.join('×')}`
  const direction = (family: string, primitive: string, shapes: readonly Shape[], call: unknown) =>
    opCase(family, name, shapes, call as OpCase['call'], { shape, primitive })
  const byKernel = gradientOf((w, x) => convolve(x as lw.Tensor, w))
  return [
    direction('convolution', 'convolution', [input, kernel], convolve),
    direction(
      'convolution, by input',
      'convolutionInputGradient',
      [input, output, kernel],
      gradientOf(convolve as never),
    ),
    direction('convolution, by kernel', 'convolutionKernelGradient', [kernel, output, input], byKernel),
  ]
}

function pooling(): OpCase[] {
  const input = [32, 56, 56, 64]
  const half = [32, 28, 28, 64]
  const max = (window: number) => (x: lw.Tensor) => ops.maxPool(x, window, { strides: 2, padding: 'same' })
  const average = (x: lw.Tensor) => ops.averagePool(x, 2)
  const forward = (name: string, pool: (x: lw.Tensor) => lw.Tensor) =>
    opCase('pooling', name, [input], pool as OpCase['call'])
  return [
    forward('max 2×2', max(2)),
    forward('max 3×3, strides 2', max(3)),
    forward('average 2×2', average),
    opCase('pooling', 'max 2×2, gradient', [input, half], gradientOf(max(2)), {
      primitive: 'maxPoolGradient',
    }),
    opCase('pooling', 'max 3×3, gradient', [input, half], gradientOf(max(3)), {
      primitive: 'maxPoolGradient',
    }),
    opCase('pooling', 'average 2×2, gradient', [input, half], gradientOf(average), {
      primitive: 'convolutionInputGradient',
    }),
  ]
}

function normalization(): OpCase[] {
  const input = [32, 56, 56, 64]
  const axis = [0, 1, 2]
  const features = [64]
  const normalize = (...[x, mean, variance, gamma, beta]: lw.Tensor[]) => {
    const scale = ops.multiply(ops.rsqrt(ops.add(variance as lw.Tensor, 1e-3)), gamma as lw.Tensor)
    return ops.add(ops.multiply(ops.subtract(x as lw.Tensor, mean as lw.Tensor), scale), beta as lw.Tensor)
  }
  const layer = lw.layers.batchNormalization()
  layer.apply(lw.input({ shape: input.slice(1) }))
  const training = (x: lw.Tensor) => layer.apply(x, { training: true }) as lw.Tensor
  const rows = [2048, 512]
  const ofRows = lw.layers.layerNormalization()
  ofRows.apply(lw.input({ shape: rows.slice(1) }))
  const normalizeRows = (x: lw.Tensor) => ofRows.apply(x) as lw.Tensor
  return [
    opCase('batch normalization', 'statistics', [input], (x) => ops.moments(x as lw.Tensor, axis)),
    opCase('batch normalization', 'normalize', [input, ...Array(4).fill(features)], normalize),
    opCase('batch normalization', 'both', [input], training as OpCase['call']),
    opCase('batch normalization', 'both, and the gradient', [input, input], gradientOf(training)),
    opCase('layer normalization', 'statistics', [rows], (x) => ops.moments(x as lw.Tensor, [1])),
    opCase('layer normalization', 'both', [rows], normalizeRows as OpCase['call']),
    opCase('layer normalization', 'both, and the gradient', [rows, rows], gradientOf(normalizeRows)),
  ]
}

function elementwise(): OpCase[] {
  const { add, exp, gelu, multiply, relu, tanh } = ops
  const chain = (x: lw.Tensor, y: lw.Tensor, z: lw.Tensor) => relu(add(multiply(x, y), z))
  return [
    [64, 256],
    [512, 512],
    [4096, 2048],
  ].flatMap((shape) => [
    opCase('elementwise', 'x + y', [shape, shape], add as OpCase['call']),
    opCase('elementwise', 'relu(x · y + z)', [shape, shape, shape], chain as OpCase['call']),
    ...(shape[0] === 512
      ? [exp, tanh, gelu].map((f, i) =>
          opCase('elementwise', ['exp', 'tanh', 'gelu'][i] as string, [shape], f as OpCase['call']),
        )
      : []),
  ])
}

function reductions(): OpCase[] {
  const { argmax, logsumexp, max, softmax, sum } = ops
  const reduce = (name: string, shape: Shape, call: (x: lw.Tensor) => lw.Tensor) =>
    opCase('reduction', name, [shape], call as OpCase['call'])
  return [
    reduce('sum along rows', [1000, 1000], (x) => sum(x, { axis: -1 })),
    reduce('sum along columns', [1000, 1000], (x) => sum(x, { axis: 0 })),
    reduce('max along rows', [1000, 1000], (x) => max(x, { axis: -1 })),
    reduce('max along columns', [1000, 1000], (x) => max(x, { axis: 0 })),
    reduce('argmax', [1000, 1000], (x) => argmax(x, { axis: -1 })),
    reduce('logsumexp', [500, 1000], (x) => logsumexp(x, { axis: -1 })),
    opCase('softmax', 'softmax', [[500, 1000]], softmax as OpCase['call']),
    opCase('softmax', 'short rows', [[32768, 10]], softmax as OpCase['call']),
  ]
}

function movement(): OpCase[] {
  const { concatenate, flip, pad, take, transpose } = ops
  const indices = () =>
    lw.tensor(Int32Array.from({ length: 4096 }, (_, i) => Math.floor(8192 * hashed(i, 2))))
  const move = (name: string, shapes: readonly Shape[], call: OpCase['call']) =>
    opCase('movement', name, shapes, call)
  return [
    {
      ...move('take', [[8192, 64]], (x, rows) => take(x as lw.Tensor, rows as lw.Tensor, { axis: 0 })),
      shape: '8192×64, 4096',
      inputs: () => [floats([8192, 64], 0), indices()],
    },
    move('transpose', [[512, 512]], (x) => transpose(x as lw.Tensor)),
    move('transpose', [[4096, 4096]], (x) => transpose(x as lw.Tensor)),
    move('channels first', [[32, 56, 56, 64]], (x) => transpose(x as lw.Tensor, [0, 3, 1, 2])),
    move('flip', [[64, 32, 32, 3]], (x) => flip(x as lw.Tensor, { axis: 2 })),
    move('pad', [[32, 56, 56, 64]], (x) =>
      pad(x as lw.Tensor, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    ),
    move(
      'concatenate',
      [
        [1024, 256],
        [1024, 256],
      ],
      (...parts) => concatenate(parts, { axis: -1 }),
    ),
  ]
}

function updates(): OpCase[] {
  const shape = [2048, 1024]
  const update = (name: string, optimizer: lw.optimizers.Optimizer) => {
    const weights = [0, 1, 2, 3].map((i) => lw.variable(floats(shape, i)))
    const call = (...gradients: lw.Tensor[]): undefined => {
      optimizer.apply(gradients, weights)
    }
    return opCase('update', name, Array(4).fill(shape), call, { shape: '4 of 2048×1024' })
  }
  return [
    update('sgd with momentum', lw.optimizers.sgd({ learningRate: 1e-6, momentum: 0.9 })),
    update('adam', lw.optimizers.adam({ learningRate: 1e-6 })),
  ]
}

function resampling(): OpCase[] {
  const { resize } = ops.image
  const one = (name: string, shapes: readonly Shape[], call: unknown) =>
    opCase('resampling', name, shapes, call as OpCase['call'])
  const small = [8, 56, 56, 16]
  const large = [8, 112, 112, 16]
  const twice = (x: lw.Tensor) => resize(x, [112, 112])
  return [
    one('bilinear, twice the size', [small], twice),
    one('bilinear, twice the size, gradient', [small, large], gradientOf(twice)),
    one('bicubic, half the size', [large], (x: lw.Tensor) =>
      resize(x, [56, 56], { interpolation: 'bicubic', antialias: true }),
    ),
  ]
}

/** Every family, in the order of the report. */
export function opCases(): OpCase[] {
  return [
    ...products(),
    ...convolutions.flatMap(convolutionsOf),
    ...pooling(),
    ...normalization(),
    ...elementwise(),
    ...reductions(),
    ...movement(),
    ...resampling(),
    ...updates(),
  ]
}
