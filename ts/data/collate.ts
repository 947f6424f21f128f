import { allocate } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { checkShape, formatShape } from '../shape.js'
import { createTensor, storageOf, Tensor, type TypedArray } from '../tensor.js'
import { describeTree, leavesOf, mapTree } from '../tree.js'

/** What the elements of a batch become: tensors with one more axis, in the structure that the elements have. */
export type Batched<Element> = Element extends Tensor | TypedArray | number | boolean
  ? Tensor
  : { readonly [Key in keyof Element]: Batched<Element[Key]> }

/**
 * One batch of alike elements.
 *
 * @param first the number of the first element, for errors
 */
export function collate(elements: readonly unknown[], first: number): unknown {
  const { float64 } = executor()
  const trees = elements.map((element, i) => mapTree(element, (leaf) => tensorOf(leaf, first + i, float64)))
  const kind = (tree: unknown) =>
    describeTree(tree, (leaf) => `${(leaf as Tensor).dtype} ${formatShape((leaf as Tensor).shape)}`)
  const readable = (text: string) => text.replace(/,([\]}])/g, '$1').replace(/([,:])(?=\S)/g, '$1 ')
  const expected = kind(trees[0])
  for (const [i, tree] of trees.entries()) {
    const got = kind(tree)
    if (got !== expected)
      fail('data.alike', { first, index: first + i, expected: readable(expected), got: readable(got) })
  }
  const rows = trees.map((tree) => leavesOf(tree) as Tensor[])
  let leaf = 0
  return mapTree(trees[0], () => {
    const k = leaf++
    return stack(
      rows.map((row) => row[k] as Tensor),
      float64,
    )
  })
}

function tensorOf(leaf: unknown, index: number, float64: boolean): Tensor {
  if (leaf instanceof Tensor) return leaf
  if (typeof leaf !== 'number' && typeof leaf !== 'boolean' && !ArrayBuffer.isView(leaf)) {
    fail('data.leaf', { index, got: leaf })
  }
  return createTensor(leaf as number | boolean | TypedArray, undefined, undefined, float64)
}

/** Tensors of one shape along a new first axis. */
function stack(tensors: readonly Tensor[], float64: boolean): Tensor {
  const [{ shape, dtype, size }] = tensors as readonly [Tensor]
  checkShape('batch', [tensors.length, ...shape])
  const elements = allocate(dtype, tensors.length * size, float64)
  for (const [i, tensor] of tensors.entries()) elements.set(storageOf(tensor), i * size)
  return new Tensor([tensors.length, ...shape], dtype, elements)
}
