import { fail } from '../errors.js'
import { customGradient } from '../graph/custom-gradient.js'
import { truncatedNormal } from '../initializers/index.js'
import { all, divide, equal, matmul, normalize, reshape, transpose, where } from '../ops/index.js'
import { checkInteger, checkOptions } from '../options.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { Tree } from '../tree.js'
import { Variable } from '../variable.js'
import { type CallOptions, type InputShape, layerOptions } from './layer.js'
import { layerWithin } from './registry.js'
import { Wrapper, type WrapperConfig } from './wrapper.js'

export interface SpectralNormalizationConfig extends WrapperConfig {
  /** The steps of the power iteration at each step of training (default 1). */
  readonly powerIterations?: number
}

/** Each is a part of the program. */
const mostIterations = 1000

/**
 * A layer whose kernel, as a matrix of filters, has the largest singular value 1. Weights: the layer's kernel, vectorU [1, filters], which is not
 * trained but moved, then the layer's others.
 */
export class SpectralNormalization extends Wrapper {
  static readonly className = 'spectralNormalization'
  readonly powerIterations: number
  kernel!: Variable
  vectorU!: Variable

  constructor(config: SpectralNormalizationConfig) {
    const op = 'spectralNormalization'
    checkOptions(op, config, [...layerOptions, 'layer', 'powerIterations'])
    const { layer, powerIterations = 1, ...rest } = config
    super(layerWithin(op, layer), rest)
    checkInteger(op, 'powerIterations', powerIterations, 1)
    if (powerIterations > mostIterations) {
      const expected = `at most ${mostIterations}`
      fail('argument.range', { op, argument: 'powerIterations', expected, got: powerIterations })
    }
    this.powerIterations = powerIterations
  }

  override build(inputShape: InputShape): void {
    super.build(inputShape)
    const { kernel, embeddings } = this.layer as { kernel?: unknown; embeddings?: unknown }
    const weight = kernel ?? embeddings
    if (!(weight instanceof Variable)) {
      const expected = 'a layer that has a kernel or embeddings'
      fail('argument.type', { op: this.name, argument: 'layer', expected, got: this.layer })
    }
    this.kernel = weight
    this.shareWeight(weight)
    this.vectorU = this.addWeight({
      name: 'vectorU',
      shape: [1, weight.shape.at(-1) as number],
      initializer: truncatedNormal({ stddev: 0.02 }),
      trainable: false,
    })
  }

  override call(x: Tree<Tensor>, { training }: CallOptions): Tree<Tensor> {
    if (training) this.#normalizeKernel()
    return this.layer.apply<Tree<Tensor>>(x, { training })
  }

  /** Gives the kernel its norm, for this step and those that follow. The gradient takes the new kernel as a weight, not as a function of the old. */
  #normalizeKernel(): void {
    const { kernel, vectorU } = this
    const filters = kernel.shape.at(-1) as number
    const rows = reshape(kernel, [sizeOf(kernel.shape) / Math.max(1, filters), filters])
    let [u, v] = [vectorU.read(), vectorU.read()]
    for (let i = 0; i < this.powerIterations; i++) {
      v = normalize(matmul(u, transpose(rows)))
      u = normalize(matmul(v, rows))
    }
    const norm = reshape(matmul(matmul(v, rows), transpose(u)), [])
    const isZero = all(equal(kernel, 0))
    const normalized = customGradient((given: Tensor) => [
      divide(given, where(isZero, 1, norm)),
      (gradient) => gradient,
    ])
    vectorU.assign(where(isZero, vectorU, u))
    kernel.assign(normalized(kernel.read()))
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), powerIterations: this.powerIterations }
  }
}

/**
 * Spectral normalization (Miyato et al., 2018), for the critics of adversarial networks: each step of training divides the kernel of a layer, or its
 * embeddings, by an estimate of its largest singular value, which the layer keeps a vector for. Outside of training the layer within is
 * applied as it is.
 *
 * @throws argument.type where the layer has neither a kernel nor embeddings; argument.range, argument.unknown
 *
 * @example
 * lw.layers.spectralNormalization({ layer: lw.layers.conv2d({ filters: 64, kernelSize: 3 }) })
 */
export function spectralNormalization(config: SpectralNormalizationConfig): SpectralNormalization {
  return new SpectralNormalization(config)
}
