import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

/** Gives its input. */
export class Identity extends Layer {
  static readonly className = 'identity'
  override supportsMasking = true

  constructor(config: LayerConfig = {}) {
    checkOptions('identity', config, layerOptions)
    super(config)
  }

  override call(x: Tensor): Tensor {
    return x
  }
}

/**
 * Gives its input: a place holder for a layer that may be left out.
 *
 * @throws argument.unknown
 */
export function identity(config: LayerConfig = {}): Identity {
  return new Identity(config)
}
