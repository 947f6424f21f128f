import type { ConstraintIdentifier } from '../constraints/registry.js'
import type { InitializerIdentifier } from '../initializers/registry.js'
import { cast, notEqual, take } from '../ops/index.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { Mask } from './mask.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface EmbeddingConfig extends LayerConfig {
  /** How many different integers there are: the input goes from 0 up to but not including it. */
  readonly inputDim: number
  /** The size of the vectors. */
  readonly outputDim: number
  /** Default 'randomUniform'. */
  readonly embeddingsInitializer?: InitializerIdentifier
  /** Default none, like the following one. */
  readonly embeddingsRegularizer?: RegularizerIdentifier
  readonly embeddingsConstraint?: ConstraintIdentifier
  /** Whether 0 stands for a step that does not count: the output carries a mask (default false). */
  readonly maskZero?: boolean
}

/** The initializer by default. */
const weights = { embeddings: 'randomUniform' } as const

/** A vector for each integer. Weights: embeddings [inputDim, outputDim]. */
export class Embedding extends Layer {
  static readonly className = 'embedding'
  readonly inputDim: number
  readonly outputDim: number
  readonly maskZero: boolean
  embeddings!: Variable
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: EmbeddingConfig) {
    const own = ['inputDim', 'outputDim', 'maskZero', ...weightSettingNames(weights)]
    checkOptions('embedding', config, [...layerOptions, ...own])
    super(config)
    const { inputDim, outputDim, maskZero = false } = config
    checkInteger('embedding', 'inputDim', inputDim, 1)
    checkInteger('embedding', 'outputDim', outputDim, 1)
    checkBoolean('embedding', 'maskZero', maskZero)
    this.inputDim = inputDim
    this.outputDim = outputDim
    this.maskZero = maskZero
    this.supportsMasking = maskZero
    this.#settings = weightSettings(config, weights)
  }

  override build(): void {
    const shape = [this.inputDim, this.outputDim]
    this.embeddings = this.addWeight({ name: 'embeddings', shape, ...this.#settings.embeddings })
  }

  override call(x: Tensor): Tensor {
    return take(this.embeddings, cast(x, 'int32'))
  }

  override computeMask(x: Tensor): Mask {
    return this.maskZero ? notEqual(x, 0) : undefined
  }

  override getConfig(): Record<string, unknown> {
    const { inputDim, outputDim, maskZero } = this
    return { ...super.getConfig(), inputDim, outputDim, ...settingsConfig(this.#settings), maskZero }
  }
}

/**
 * A vector for each integer of its input: [batch, …] becomes [batch, …, outputDim]. Its first-layer `dtype` may be 'int32'; numbers of other dtypes
 * are cast to it. An integer that is none of 0 … inputDim - 1 raises index.range when the layer runs.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * lw.layers.embedding({ inputDim: 10000, outputDim: 64 })   // [batch, 20] becomes [batch, 20, 64]
 */
export function embedding(config: EmbeddingConfig): Embedding {
  return new Embedding(config)
}
