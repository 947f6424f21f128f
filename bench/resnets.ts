import * as lw from '../ts/index.js'
import { FormulaKernels } from './models.js'

const {
  activation,
  add,
  batchNormalization,
  conv2d,
  dense,
  globalAveragePooling2d,
  maxPooling2d,
  zeroPadding2d,
} = lw.layers

type Convolution = (
  x: lw.Placeholder,
  filters: number,
  kernelSize: number,
  strides?: number,
) => lw.Placeholder

/** Convolutions with batch normalization in place of a bias. */
function convolutions(kernels: FormulaKernels, epsilon: number): Convolution {
  return (x, filters, kernelSize, strides = 1) => {
    // As much on every side, also where strides would leave room for less.
    const margin = (kernelSize - 1) / 2
    const padded = margin > 0 && strides > 1 ? zeroPadding2d({ padding: margin }).apply(x) : x
    const padding = strides === 1 ? 'same' : 'valid'
    const kernelInitializer = kernels.next()
    const layer = conv2d({ filters, kernelSize, strides, padding, useBias: false, kernelInitializer })
    return batchNormalization({ epsilon, momentum: 0.9 }).apply(layer.apply(padded))
  }
}

const relu = (x: lw.Placeholder) => activation({ activation: 'relu' }).apply(x)

/** What the layers of a block make of its input, added to the input, or to its projection where the shape changes. */
function residual(
  conv: Convolution,
  x: lw.Placeholder,
  inner: lw.Placeholder,
  strides: number,
): lw.Placeholder {
  const filters = inner.shape.at(-1) as number
  const skip = strides === 1 && x.shape.at(-1) === filters ? x : conv(x, filters, 1, strides)
  return relu(add().apply([inner, skip]))
}

function classifier(kernels: FormulaKernels, input: lw.Placeholder, features: lw.Placeholder, units: number) {
  const pooled = globalAveragePooling2d().apply(features)
  return lw.model({
    inputs: input,
    outputs: dense({ units, kernelInitializer: kernels.next() }).apply(pooled),
  })
}

/** The ResNet of 20 layers for CIFAR of He et al. (2015). */
export function resnet20(inputShape: readonly number[]): lw.Model {
  const kernels = new FormulaKernels()
  const conv = convolutions(kernels, 1e-5)
  const input = lw.input({ shape: inputShape })
  let x = relu(conv(input, 16, 3))
  for (const [filters, first] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    for (const strides of [first, 1, 1]) {
      const inner = conv(relu(conv(x, filters, 3, strides)), filters, 3)
      x = residual(conv, x, inner, strides)
    }
  }
  return classifier(kernels, input, x, 10)
}

/** The ResNet of 50 layers for ImageNet as Keras has it: the first convolution of a block has its strides. No biases before normalization. */
export function resnet50(inputShape: readonly number[]): lw.Model {
  const kernels = new FormulaKernels()
  const conv = convolutions(kernels, 1.001e-5)
  const input = lw.input({ shape: inputShape })
  const stem = relu(conv(input, 64, 7, 2))
  let x = maxPooling2d({ poolSize: 3, strides: 2 }).apply(zeroPadding2d().apply(stem))
  for (const [filters, blocks, first] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ] as const) {
    for (let i = 0; i < blocks; i++) {
      const strides = i === 0 ? first : 1
      const inner = relu(conv(relu(conv(x, filters, 1, strides)), filters, 3))
      x = residual(conv, x, conv(inner, 4 * filters, 1), strides)
    }
  }
  return classifier(kernels, input, x, 1000)
}
