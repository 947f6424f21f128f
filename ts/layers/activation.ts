import type { Activation as ActivationFunction } from '../activations/activation.js'
import { type ActivationIdentifier, getActivation } from '../activations/registry.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface ActivationConfig extends LayerConfig {
  /** A name, a function, or a name with options: `{ className: 'elu', config: { alpha: 0.5 } }`. */
  readonly activation: ActivationIdentifier
}

/** An activation as a layer of its own. */
export class Activation extends Layer {
  static readonly className = 'activation'
  override supportsMasking = true
  readonly activation: ActivationFunction
  readonly #config: ActivationConfig

  constructor(config: ActivationConfig) {
    checkOptions('activation', config, [...layerOptions, 'activation'])
    super(config)
    this.activation = getActivation(config.activation)
    this.#config = config
  }

  override call(x: Tensor): Tensor {
    return this.activation(x)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: this.#config.activation }
  }
}

/**
 * An activation as a layer of its own.
 *
 * @throws argument.unknown, name.unknown
 *
 * @example
 * lw.layers.activation({ activation: 'softmax' })
 */
export function activation(config: ActivationConfig): Activation {
  return new Activation(config)
}
