import { sliceRows } from '../data/arrays.js'
import type { Tensor } from '../tensor.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'

/** Samples as training programs take them: of all data in memory, or of one batch. */
export interface Batch {
  /** In the structure that the model's call takes. */
  readonly x: Tree<Tensor>
  /** The targets of each output; undefined for outputs that have none. */
  readonly y: readonly (Tensor | undefined)[]
  /** The weights of samples for each output; undefined where all count alike. */
  readonly sampleWeight: readonly (Tensor | undefined)[]
}

/** The number of samples. */
export function rowsIn({ x }: { readonly x: Tree<Tensor> }): number {
  return (leavesOf(x)[0] as Tensor).shape[0] as number
}

/** Rows `from` up to `to`, over the same memory. */
export function sliceBatch({ x, y, sampleWeight }: Batch, from: number, to: number): Batch {
  const slice = (leaf: unknown) => leaf && sliceRows(leaf as Tensor, from, to)
  return {
    x: mapTree(x, slice) as Tree<Tensor>,
    y: mapTree(y, slice) as Batch['y'],
    sampleWeight: mapTree(sampleWeight, slice) as Batch['sampleWeight'],
  }
}

/** Some rows of everything, picked by the tensors' own rows. */
export function mapBatch({ x, y, sampleWeight }: Batch, f: (tensor: Tensor) => Tensor): Batch {
  const each = (leaf: unknown) => leaf && f(leaf as Tensor)
  return {
    x: mapTree(x, each) as Tree<Tensor>,
    y: mapTree(y, each) as Batch['y'],
    sampleWeight: mapTree(sampleWeight, each) as Batch['sampleWeight'],
  }
}
