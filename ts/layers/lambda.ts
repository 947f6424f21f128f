import { fromRegistry, isSerialized, type Serialized } from '../described.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'

/** A function of a layer's inputs, made of ops. It is traced: see `lw.jit`. */
export type LambdaFunction = (inputs: Tensor & readonly Tensor[], options: CallOptions) => Tensor

export interface LambdaConfig extends LayerConfig {
  /** Takes the input, or the array of inputs, and { training, mask }. */
  readonly function: LambdaFunction | Serialized
}

/** A function as a layer without weights. */
export class Lambda extends Layer {
  static readonly className = 'lambda'
  readonly function: LambdaFunction

  constructor(config: LambdaConfig) {
    checkOptions('lambda', config, [...layerOptions, 'function'])
    super(config)
    const given = config.function
    const found = isSerialized(given) ? fromRegistry<LambdaFunction>('function', given, {}) : given
    if (typeof found !== 'function') {
      fail('argument.type', {
        op: 'lambda',
        argument: 'function',
        expected: 'a function of tensors',
        got: found,
      })
    }
    this.function = found
  }

  override call(inputs: Tensor | readonly Tensor[], options: CallOptions): Tensor {
    return this.function(inputs as Tensor & readonly Tensor[], options)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), function: this.function }
  }
}

/**
 * A function as a layer. What needs weights is a subclass of `lw.layers.Layer` instead. A file of a model has
 * the name of the function alone, so whoever loads it gives the function again.
 *
 * @throws argument.type, argument.unknown
 *
 * @example
 * lw.layers.lambda({ function: (x) => lw.ops.square(x) })
 */
export function lambda(config: LambdaConfig): Lambda {
  return new Lambda(config)
}
