import { fail } from '../errors.js'
import { reshape as reshapeTensor } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { type Shape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface ReshapeConfig extends LayerConfig {
  /** The shape of one sample, without the batch; one extent may be -1 and follows from the others. */
  readonly targetShape: Shape
}

/** Gives each sample another shape. */
export class Reshape extends Layer {
  static readonly className = 'reshape'
  readonly targetShape: Shape

  constructor(config: ReshapeConfig) {
    checkOptions('reshape', config, [...layerOptions, 'targetShape'])
    super(config)
    const { targetShape } = config
    const valid =
      Array.isArray(targetShape) &&
      targetShape.every((extent) => Number.isInteger(extent) && extent >= -1) &&
      targetShape.filter((extent) => extent === -1).length <= 1
    if (!valid) {
      const expected = 'an array of extents, of which one may be -1'
      fail('argument.range', { op: 'reshape', argument: 'targetShape', expected, got: targetShape })
    }
    this.inputSpec = { minRank: 1 }
    this.targetShape = [...targetShape]
  }

  override call(x: Tensor): Tensor {
    const [batch, ...sample] = x.shape as [number, ...number[]]
    const [size, known] = [sizeOf(sample), sizeOf(this.targetShape.filter((extent) => extent !== -1))]
    const fits = this.targetShape.includes(-1) ? known > 0 && size % known === 0 : size === known
    if (!fits) {
      const expected = `samples whose elements make a shape [${this.targetShape.join(', ')}]`
      fail('layer.input', { layer: this.name, expected, got: x.shape })
    }
    return reshapeTensor(x, [
      batch,
      ...this.targetShape.map((extent) => (extent === -1 ? size / known : extent)),
    ])
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), targetShape: this.targetShape }
  }
}

/**
 * Gives each sample another shape of as many elements.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.reshape({ targetShape: [3, -1], inputShape: [12] })   // [batch, 12] becomes [batch, 3, 4]
 */
export function reshape(config: ReshapeConfig): Reshape {
  return new Reshape(config)
}
