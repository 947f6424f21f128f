import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'

const { batchNormalization, conv2d, dense, flatten, maxPooling2d, zeroPadding2d } = lw.layers

/** Initial kernels by a formula of their number, in the order in which the layers are made: He's uniform distribution. */
class FormulaKernels {
  #layer = 0

  next(): lw.initializers.Initializer {
    const layer = this.#layer++
    return (shape) => {
      const size = shape.reduce((a, b) => a * b, 1)
      const limit = Math.sqrt((6 * (shape.at(-1) as number)) / size)
      const element = (_: unknown, i: number) => (hashed(i, layer) * 2 - 1) * limit
      return lw.tensor(Float32Array.from({ length: size }, element), shape)
    }
  }
}

/** Dense layers of some widths, the first of which is the input's; relu in between. The outputs are logits. */
export function perceptron(widths: readonly number[]): lw.Model {
  const kernels = new FormulaKernels()
  return lw.sequential({
    layers: widths.slice(1).map((units, layer) =>
      dense({
        units,
        activation: layer === widths.length - 2 ? 'linear' : 'relu',
        kernelInitializer: kernels.next(),
        ...(layer === 0 && { inputShape: [widths[0] as number] }),
      }),
    ),
  })
}

/** Two convolutions of 3 × 3 with relu and pooling, then a dense layer. */
export function convnet(inputShape: readonly number[]): lw.Model {
  const kernels = new FormulaKernels()
  const conv = (filters: number) =>
    conv2d({ filters, kernelSize: 3, activation: 'relu', kernelInitializer: kernels.next() })
  return lw.sequential({
    layers: [
      lw.input({ shape: inputShape }),
      conv(32),
      maxPooling2d(),
      conv(64),
      maxPooling2d(),
      flatten(),
      dense({ units: 10, kernelInitializer: kernels.next() }),
    ],
  })
}

/** The ResNet of 20 layers for CIFAR of He et al. (2015), with projections where a block changes the shape. */
export function resnet20(inputShape: readonly number[]): lw.Model {
  const kernels = new FormulaKernels()
  const conv = (x: lw.Placeholder, filters: number, kernelSize: number, strides: number) => {
    // One zero on every side, also where strides would leave room for less.
    const padded = kernelSize > 1 && strides > 1 ? zeroPadding2d().apply(x) : x
    const padding = strides === 1 ? 'same' : 'valid'
    const kernelInitializer = kernels.next()
    const layer = conv2d({ filters, kernelSize, strides, padding, useBias: false, kernelInitializer })
    return batchNormalization({ epsilon: 1e-5, momentum: 0.9 }).apply(layer.apply(padded))
  }
  const relu = (x: lw.Placeholder) => lw.layers.activation({ activation: 'relu' }).apply(x)
  const block = (x: lw.Placeholder, filters: number, strides: number) => {
    const inner = relu(conv(x, filters, 3, strides))
    const outer = conv(inner, filters, 3, 1)
    const skip = strides === 1 && x.shape.at(-1) === filters ? x : conv(x, filters, 1, strides)
    return relu(lw.layers.add().apply([outer, skip]))
  }
  const input = lw.input({ shape: inputShape })
  let x = relu(conv(input, 16, 3, 1))
  for (const [filters, first] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    for (let i = 0; i < 3; i++) x = block(x, filters, i === 0 ? first : 1)
  }
  const pooled = lw.layers.globalAveragePooling2d().apply(x)
  const outputs = dense({ units: 10, kernelInitializer: kernels.next() }).apply(pooled)
  return lw.model({ inputs: input, outputs })
}
