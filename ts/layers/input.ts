import type { Dtype } from '../dtype.js'
import { checkInteger, checkOptions } from '../options.js'
import { checkShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Layer } from './layer.js'
import { LayerCall, type PartialShape, type Placeholder, TensorSpec } from './placeholder.js'

export interface InputConfig {
  /** The shape of one sample, without the batch; null where extents differ from batch to batch. */
  readonly shape: PartialShape
  /** Default float32; data of other dtypes is cast to it. */
  readonly dtype?: Dtype
  /** What data for it is called where a model has several inputs. */
  readonly name?: string
  /** The number of samples in each batch, for layers that have to know it (default any). */
  readonly batchSize?: number
}

/** Where data enters a functional model. */
export class InputLayer extends Layer {
  static readonly className = 'input'
  override supportsMasking = true
  readonly #config: InputConfig
  readonly #placeholder: Placeholder

  constructor(config: InputConfig) {
    checkOptions('input', config, ['shape', 'dtype', 'name', 'batchSize'])
    const { shape, dtype, name, batchSize } = config
    checkShape('input', Array.isArray(shape) ? shape.map((extent) => extent ?? 1) : shape)
    if (batchSize !== undefined) checkInteger('input', 'batchSize', batchSize, 1)
    super({ ...(dtype !== undefined && { dtype }), ...(name !== undefined && { name }) })
    this.#config = config
    this.ensureBuilt([null, ...shape])
    const spec = new TensorSpec([batchSize ?? null, ...shape], this.dtype)
    this.#placeholder = new LayerCall(this, [], undefined, spec).results as Placeholder
  }

  /** What stands for the data. */
  override get output(): Placeholder {
    return this.#placeholder
  }

  override call(x: Tensor): Tensor {
    return x
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.#config, name: this.name, dtype: this.dtype }
  }
}

/**
 * The input of a functional model: a placeholder that layers are applied to. Also the first of a sequential model's layers.
 *
 * @param config shape, dtype (default float32), name and batchSize
 * @throws shape.invalid, argument.unknown, argument.range
 *
 * @example
 * const x = lw.input({ shape: [64] })
 * const y = lw.layers.dense({ units: 10 }).apply(x)
 * const model = lw.model({ inputs: x, outputs: y })
 */
export function input(config: InputConfig): Placeholder {
  return new InputLayer(config).output
}
