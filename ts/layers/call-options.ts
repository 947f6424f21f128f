import type { Tree } from '../tree.js'
import type { Mask } from './mask.js'
import type { PartialShape } from './placeholder.js'

/** How a layer is called. What a layer hands on of it to layers within is `training` alone: masks go with the tensors. */
export interface CallOptions {
  /** Whether this is a training step: dropout drops. */
  readonly training: boolean
  /** The masks that the inputs carry, in their structure; undefined where none does. */
  readonly mask?: Tree<Mask>
}

/** What `call` gets, told apart from what a caller of `apply` gives. */
export class PresentCall implements CallOptions {
  constructor(
    readonly training: boolean,
    readonly mask: Tree<Mask>,
  ) {}
}

/** One shape, or arrays and objects of them for a layer that takes several tensors. */
export type InputShape = PartialShape | readonly PartialShape[] | { readonly [name: string]: PartialShape }
