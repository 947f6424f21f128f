import type { Dtype } from '../dtype.js'
import { checkOptions } from '../options.js'
import { checkShape, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Layer } from './layer.js'
import { Placeholder } from './placeholder.js'

export interface InputConfig {
  /** The shape of one sample, without the batch. */
  readonly shape: Shape
  /** Default float32; data of other dtypes is cast to it. */
  readonly dtype?: Dtype
  readonly name?: string
}

/** Where data enters a functional model. */
export class InputLayer extends Layer {
  override call(x: Tensor): Tensor {
    return x
  }
}

/**
 * The input of a functional model: a placeholder that layers are applied to. Also the first of a sequential model's layers.
 *
 * @throws shape.invalid, argument.unknown
 *
 * @example
 * const x = lw.input({ shape: [64] })
 * const y = lw.layers.dense({ units: 10 }).apply(x)
 * const model = lw.model({ inputs: x, outputs: y })
 */
export function input(config: InputConfig): Placeholder {
  checkOptions('input', config, ['shape', 'dtype', 'name'])
  const { shape, dtype = 'float32', name } = config
  checkShape('input', shape)
  const layer = new InputLayer({ inputShape: shape, dtype, ...(name && { name }) })
  layer.ensureBuilt([null, ...shape])
  return new Placeholder([null, ...shape], dtype, layer, [])
}
