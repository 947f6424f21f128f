import type { Dtype } from '../dtype.js'
import { formatShape } from '../shape.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import type { Layer } from './layer.js'

/** The extents of a tensor of which some are not known yet: null stands for those, such as the batch. */
export type PartialShape = readonly (number | null)[]

/** One placeholder, or several in an array or by name. */
export type Placeholders = Placeholder | readonly Placeholder[] | { readonly [name: string]: Placeholder }

/** What is known of a tensor before there is one. */
export class TensorSpec {
  constructor(
    readonly shape: PartialShape,
    readonly dtype: Dtype,
  ) {}

  toString(): string {
    return `${this.dtype} ${formatShape(this.shape)}`
  }
}

/** A layer applied once to placeholders: a node of a functional model. */
export class LayerCall {
  /** What the layer gives, in the order in which its call returns them. */
  readonly outputs: Placeholder[] = []
  /** The same in the structure that the call returns. */
  readonly results: Tree<Placeholder>

  constructor(
    readonly layer: Layer,
    /** What the layer is applied to; an empty list for a model's input. */
    readonly inputs: Tree<Placeholder>,
    /** Whether the layer trains in this place; undefined where the model decides. */
    readonly training: boolean | undefined,
    results: Tree<TensorSpec>,
  ) {
    this.results = mapTree(results, (spec) => {
      const { shape, dtype } = spec as TensorSpec
      const placeholder = new Placeholder(shape, dtype, this)
      this.outputs.push(placeholder)
      return placeholder
    }) as Tree<Placeholder>
  }

  /** The placeholders that the layer is applied to, in order. */
  get sources(): readonly Placeholder[] {
    return leavesOf(this.inputs) as Placeholder[]
  }
}

/**
 * A tensor of a functional model before there is data: its shape and dtype, and the layer's call that will make it. Layers are applied to it,
 * and `lw.model` makes a model of what lies between some of them.
 */
export class Placeholder extends TensorSpec {
  constructor(
    shape: PartialShape,
    dtype: Dtype,
    readonly call: LayerCall,
  ) {
    super(shape, dtype)
  }

  /** The layer whose output it is. */
  get layer(): Layer {
    return this.call.layer
  }

  override toString(): string {
    return `Placeholder ${this.dtype} ${formatShape(this.shape)} of layer '${this.layer.name}'`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
