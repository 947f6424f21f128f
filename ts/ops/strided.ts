import type { Storage } from '../dtype.js'
import { type Shape, walkRows } from '../shape.js'

/** Fills `to` in row-major order with elements of `from`, beginning at `first`. */
export function copyStrided(
  from: Storage,
  to: Storage,
  shape: Shape,
  first: number,
  strides: readonly number[],
): void {
  if (to.length === 0) return
  walkRows(shape, strides, (row, count, place, stride) => {
    for (let i = 0; i < count; i++) to[row + i] = from[first + place + i * stride]!
  })
}

/** Writes a tensor of some shape to places of `to`, beginning at `first`. */
export function embed(
  from: Storage,
  to: Storage,
  shape: Shape,
  first: number,
  strides: readonly number[],
): void {
  if (from.length === 0) return
  walkRows(shape, strides, (row, count, place, stride) => {
    for (let i = 0; i < count; i++) to[first + place + i * stride] = from[row + i]!
  })
}
