import { fail } from '../errors.js'
import { any, broadcastTo, cast, concatenate as concatenateTensors, expandDims } from '../ops/index.js'
import { checkInteger, checkOptions } from '../options.js'
import { maximumRank } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { isShapeList } from './input-spec.js'
import { type InputShape, Layer, type LayerConfig, layerOptions } from './layer.js'
import type { Mask } from './mask.js'
import type { PartialShape } from './placeholder.js'

export interface ConcatenateConfig extends LayerConfig {
  /** The axis along which the inputs follow one another (default -1). */
  readonly axis?: number
}

/** Puts its inputs one after the other along an axis. */
export class Concatenate extends Layer {
  static readonly className = 'concatenate'
  override supportsMasking = true
  readonly axis: number

  constructor(config: ConcatenateConfig = {}) {
    checkOptions('concatenate', config, [...layerOptions, 'axis'])
    super(config)
    const { axis = -1 } = config
    checkInteger('concatenate', 'axis', axis, -maximumRank)
    this.axis = axis
  }

  protected override checkInputShape(inputShape: InputShape): void {
    if (isShapeList(inputShape) && this.#fits(inputShape)) return
    const expected = `an array of inputs that differ along axis ${this.axis} alone`
    fail('layer.input', { layer: this.name, expected, got: inputShape })
  }

  #fits(shapes: readonly PartialShape[]): boolean {
    const [first] = shapes as readonly [PartialShape]
    const axis = this.axis < 0 ? this.axis + first.length : this.axis
    const same = (x: number | null, y: number | null | undefined) => x === y || x === null || y === null
    return (
      axis >= 0 &&
      axis < first.length &&
      shapes.every(
        (shape) =>
          shape.length === first.length && first.every((extent, i) => i === axis || same(extent, shape[i])),
      )
    )
  }

  override call(inputs: readonly Tensor[]): Tensor {
    return concatenateTensors(inputs, { axis: this.axis })
  }

  /** A step counts where one of its features does; inputs without a mask count throughout. */
  override computeMask(inputs: readonly Tensor[], masks: readonly Mask[] | undefined): Mask {
    if (!masks?.some((mask) => mask !== undefined)) return undefined
    const counting = inputs.map(({ shape, rank }, i) => {
      const mask = masks[i]
      if (!mask) return broadcastTo(cast(1, 'bool'), shape)
      return mask.rank < rank ? broadcastTo(expandDims(mask, -1), shape) : mask
    })
    return any(concatenateTensors(counting, { axis: this.axis }), { axis: -1 })
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis }
  }
}

/**
 * Puts its inputs one after the other along an axis.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.layers.concatenate().apply([x, y])   // x [batch, 3] and y [batch, 5] give [batch, 8]
 */
export function concatenate(config: ConcatenateConfig = {}): Concatenate {
  return new Concatenate(config)
}
