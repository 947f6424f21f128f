import { Tensor } from './tensor.js'
import { Variable } from './variable.js'

/** Tensors in arrays and plain objects, nested to any depth: what traced functions take and return. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> }

/** A text that is equal for equal structures, in which each leaf stands as the text that a function gives it. */
export function describeTree(tree: unknown, leaf: (value: unknown) => string): string {
  if (Array.isArray(tree)) {
    let text = '['
    for (const node of tree) text += `${describeTree(node, leaf)},`
    return `${text}]`
  }
  if (isPlainObject(tree)) {
    let text = '{'
    for (const [key, node] of Object.entries(tree))
      text += `${JSON.stringify(key)}:${describeTree(node, leaf)},`
    return `${text}}`
  }
  return leaf(tree)
}

/** The leaves in order. */
export function leavesOf(tree: unknown, into: unknown[] = []): unknown[] {
  if (Array.isArray(tree)) for (const node of tree) leavesOf(node, into)
  else if (isPlainObject(tree)) for (const key of Object.keys(tree)) leavesOf(tree[key], into)
  else into.push(tree)
  return into
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
