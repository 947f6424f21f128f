import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'

const { conv2d, dense, flatten, maxPooling2d } = lw.layers

/** Initial kernels by a formula of their number, in the order in which the layers are made: He's uniform distribution. */
export class FormulaKernels {
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
