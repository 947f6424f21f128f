import { fail } from './errors.js'

/** The extents of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[]

/** The largest rank that programs may have. */
export const maximumRank = 8

/** The number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis])
}

/** A text that is equal for equal shapes, made faster than by joining. */
export function shapeKey(shape: Shape): string {
  let key = ''
  for (const extent of shape) key += `,${extent}`
  return key
}

/** `[2, 3]`, as messages and printed tensors show it. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((extent) => extent ?? 'null').join(', ')}]`
}

/** The elements between neighbours along each axis of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis] as number
  }
  return strides
}

/**
 * Walks through a contiguous tensor row by row along its last axis, beside a second one with strides of its own. Calls `visit` with where
 * the row starts, its length, where it starts in the second tensor, and the stride there.
 */
export function walkRows(
  shape: Shape,
  strides: readonly number[],
  visit: (row: number, count: number, place: number, stride: number) => void,
): void {
  const [count, stride] = [shape.at(-1) ?? 1, strides.at(-1) ?? 0]
  let row = 0
  const walk = (axis: number, place: number): void => {
    if (axis >= shape.length - 1) {
      visit(row, count, place, stride)
      row += count
    } else {
      for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, place + i * strides[axis]!)
    }
  }
  walk(0, 0)
}

/** An axis counted from the front, where negative ones count from the back; errors name the op. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) fail('axis.range', { op, axis, rank })
  return axis < 0 ? axis + rank : axis
}

/** Axes counted from the front, ascending; all of them when none are given. */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (axes === null || axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = [axes].flat().map((axis) => normalizeAxis(op, axis, rank))
  if (new Set(list).size !== list.length) fail('axis.repeated', { op, axes: list })
  return list.sort((a, b) => a - b)
}

/** Checks that a caller's shape is made of non-negative integers whose product is exact. */
export function checkShape(op: string, shape: unknown): asserts shape is Shape {
  const valid =
    Array.isArray(shape) &&
    shape.length <= maximumRank &&
    shape.every((extent) => Number.isInteger(extent) && extent >= 0) &&
    sizeOf(shape.map((extent) => Math.max(1, extent))) <= 2 ** 31 - 1
  if (!valid) fail('shape.invalid', { op, got: shape })
}

/** The shape that both broadcast to by NumPy's rules. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[axis - rank + a.length] ?? 1
    const n = b[axis - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1) fail('shape.broadcast', { op, a, b })
    return m === 1 ? n : m
  })
}
