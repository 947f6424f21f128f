import { Tensor } from './tensor.js'
import { Variable } from './variable.js'

/** Tensors in arrays and plain objects, nested to any depth: what traced functions take and return. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> }

/** The leaves in order, and the structure around them as text that is equal for equal structures. */
export function flattenTree(tree: unknown): {
  readonly leaves: readonly unknown[]
  readonly structure: string
} {
  const leaves: unknown[] = []
  const visit = (node: unknown): string => {
    if (Array.isArray(node)) return `[${node.map(visit).join()}]`
    if (isPlainObject(node)) {
      return `{${Object.entries(node)
        .map(([key, value]) => `${JSON.stringify(key)}:${visit(value)}`)
        .join()}}`
    }
    leaves.push(node)
    return '*'
  }
  return { structure: visit(tree), leaves }
}

/** The same structure with each leaf replaced. */
export function mapTree(tree: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((node) => mapTree(node, leaf))
  if (isPlainObject(tree)) {
    return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, mapTree(value, leaf)]))
  }
  return leaf(tree)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Tensor || value instanceof Variable)
    return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
