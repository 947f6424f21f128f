import { fail } from '../errors.js'
import { divide, exp, max, softmax as softmaxOf, stopGradient, subtract, sum, where } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { Tensor } from '../tensor.js'
import { type Axes, axesOf, checkAxes } from './axes.js'
import { type CallOptions, Layer, type LayerConfig, layerOptions } from './layer.js'

export interface SoftmaxConfig extends LayerConfig {
  /** The axis or axes whose elements sum to 1 together (default -1). */
  readonly axis?: Axes
}

/** Probabilities along some axes. */
export class Softmax extends Layer {
  static readonly className = 'softmax'
  override supportsMasking = true
  readonly axis: Axes

  constructor(config: SoftmaxConfig = {}) {
    checkOptions('softmax', config, [...layerOptions, 'axis'])
    super(config)
    this.axis = config.axis ?? -1
    checkAxes('softmax', this.axis)
  }

  override call(x: Tensor, { mask }: CallOptions): Tensor {
    const axis = axesOf(this.name, this.axis, x.shape)
    if (mask === undefined) return softmaxOver(x, axis)
    const kept = this.#checkedMask(mask, x)
    // Where all of them are masked, softmax alone would give equal probabilities.
    return where(kept, softmaxOver(where(kept, x, -1e9), axis), 0)
  }

  #checkedMask(mask: CallOptions['mask'], x: Tensor): Tensor {
    const fits =
      mask instanceof Tensor &&
      mask.rank <= x.rank &&
      mask.shape.every((extent, i) => extent === 1 || extent === x.shape[i + x.rank - mask.rank])
    if (fits) return mask
    const expected = 'a mask that broadcasts to its input'
    return fail('layer.input', { layer: this.name, expected, got: (mask as Tensor).shape })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis }
  }
}

function softmaxOver(x: Tensor, axis: readonly number[]): Tensor {
  if (axis.length === 1) return softmaxOf(x, { axis: axis[0] as number })
  const options = { axis, keepdims: true }
  const powers = exp(subtract(x, stopGradient(max(x, options))))
  return divide(powers, sum(powers, options))
}

/**
 * Softmax as a layer: exp(x) over its sum along an axis. A mask, which must broadcast to the input, leaves elements out: they become 0.
 *
 * @throws argument.range, argument.unknown
 */
export function softmax(config: SoftmaxConfig = {}): Softmax {
  return new Softmax(config)
}
