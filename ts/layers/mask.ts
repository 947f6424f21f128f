import { activeTrace } from '../graph/trace.js'
import { storageOf, Tensor } from '../tensor.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import type { Layer } from './layer.js'

/** Which steps of a sequence count: bool, of a tensor's first axes, true where they do. */
export type Mask = Tensor | undefined

const masks = new WeakMap<Tensor, Tensor>()

/** The mask that a tensor carries, if any: what `masking` and `embedding` give theirs, and layers that support masking pass on. */
export function maskOf(tensor: Tensor): Mask {
  return masks.get(tensor)
}

/** Makes a tensor, which the caller has just made, carry a mask: layers that it is given to see it, and losses and metrics leave out what it marks as false. */
export function withMask(tensor: Tensor, mask: Mask): Tensor {
  if (mask) masks.set(tensor, mask)
  return tensor
}

/** The tensor with a mask, where it may be its owner's: a caller's tensor stays as it is. */
export function masked(tensor: Tensor, mask: Mask): Tensor {
  if (!mask || maskOf(tensor) === mask) return tensor
  const alias = activeTrace()?.alias(tensor) ?? new Tensor(tensor.shape, tensor.dtype, storageOf(tensor))
  return withMask(alias, mask)
}

/** The masks of tensors in arrays and objects, in the same structure; undefined where none of them carries one. */
export function masksOf(tensors: Tree<Tensor>): Tree<Mask> {
  const found = mapTree(tensors, (tensor) => maskOf(tensor as Tensor)) as Tree<Mask>
  return leavesOf(found).some((mask) => mask !== undefined) ? found : undefined
}

const warned = new WeakSet<Layer>()

/** A layer's outputs with the masks that follow from those of its inputs. */
export function passMasks(
  layer: Layer,
  inputs: Tree<Tensor>,
  outputs: Tree<Tensor>,
  mask: Tree<Mask>,
): Tree<Tensor> {
  if (layer.supportsMasking) {
    const made = leavesOf(layer.computeMask(inputs, mask)) as Mask[]
    const given = new Set(leavesOf(inputs))
    let next = 0
    return mapTree(outputs, (leaf) => {
      const [output, mask] = [leaf as Tensor, made[next++]]
      if (maskOf(output) || !mask) return output
      return given.has(output) ? masked(output, mask) : withMask(output, mask)
    }) as Tree<Tensor>
  }
  if (mask !== undefined && !warned.has(layer)) {
    warned.add(layer)
    const lost = `Layer '${layer.name}' (${layer.constructor.name}) does not support masking: its output carries no mask.`
    process.emitWarning(lost, 'LayerwiseWarning')
  }
  return outputs
}
