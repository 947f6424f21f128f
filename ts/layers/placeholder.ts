import type { Dtype } from '../dtype.js'
import { formatShape } from '../shape.js'
import type { Layer } from './layer.js'

/** The extents of a tensor of which some are not known yet: null stands for those, such as the batch. */
export type PartialShape = readonly (number | null)[]

/**
 * A tensor of a functional model before there is data: its shape and dtype, and the layer and inputs that will make it. Layers are applied
 * to it, and `lw.model` makes a model of what lies between two of them.
 */
export class Placeholder {
  constructor(
    readonly shape: PartialShape,
    readonly dtype: Dtype,
    /** The layer whose output it is. */
    readonly layer: Layer,
    /** What that layer is applied to; nothing for a model's input. */
    readonly inputs: readonly Placeholder[],
  ) {}

  toString(): string {
    return `Placeholder ${this.dtype} ${formatShape(this.shape)} of layer '${this.layer.name}'`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
