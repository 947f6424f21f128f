import { reshape } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

/** Makes one axis of all but the batch. */
export class Flatten extends Layer {
  constructor(config: LayerConfig = {}) {
    checkOptions('flatten', config, layerOptions)
    super(config)
  }

  override call(x: Tensor): Tensor {
    return reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))])
  }
}

/**
 * Makes one axis of all but the batch: [batch, 8, 8] becomes [batch, 64].
 *
 * @throws argument.unknown
 */
export function flatten(config: LayerConfig = {}): Flatten {
  return new Flatten(config)
}
