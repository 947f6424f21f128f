import type { Tensor } from '../../tensor.js'
import { leavesOf, mapTree } from '../../tree.js'
import { reshape } from '../array.js'
import { concatenate, stack } from '../join.js'
import { slice } from '../slice.js'
import { restore } from './body.js'

/** One iteration: the next carry, and what is stacked. */
export type Step = (carry: unknown, x: unknown) => readonly [carry: unknown, y: unknown]

/** The iterations over all slices of some tensors, recorded one after the other; at least one. */
export function inTurn(
  step: Step,
  start: unknown,
  xs: unknown,
  length: number,
  reverse: boolean,
): readonly [carry: unknown, ys: unknown] {
  let carry = start
  const results = new Array<unknown>(length)
  for (let iteration = 0; iteration < length; iteration++) {
    const i = reverse ? length - 1 - iteration : iteration
    const x = mapTree(xs, (stacked) => entry(stacked as Tensor, i))
    ;[carry, results[i]] = step(carry, x)
  }
  const leaves = results.map((result) => leavesOf(result) as Tensor[])
  const stacks = (leaves[0] as Tensor[]).map((_, k) => stack(leaves.map((list) => list[k] as Tensor)))
  return [carry, restore(results[0], stacks)]
}

/** A tree of tensors with some slices alone. */
export function part(xs: unknown, start: number, count: number): unknown {
  return mapTree(xs, (stacked) => {
    const { shape } = stacked as Tensor
    const starts = shape.map((_, axis) => (axis === 0 ? start : 0))
    return slice(stacked as Tensor, starts, [count, ...shape.slice(1)])
  })
}

/** Slices in groups of so many, and back. */
export function grouped(xs: unknown, size: number): unknown {
  return mapTree(xs, (stacked) => {
    const { shape } = stacked as Tensor
    return reshape(stacked as Tensor, [(shape[0] as number) / size, size, ...shape.slice(1)])
  })
}

export function ungrouped(ys: unknown): unknown {
  return mapTree(ys, (stacked) => {
    const { shape } = stacked as Tensor
    return reshape(stacked as Tensor, [(shape[0] as number) * (shape[1] as number), ...shape.slice(2)])
  })
}

/** One tree after the other, along the first axis. */
export function joined(a: unknown, b: unknown): unknown {
  const rest = leavesOf(b) as Tensor[]
  return restore(
    a,
    (leavesOf(a) as Tensor[]).map((x, i) => concatenate([x, rest[i] as Tensor])),
  )
}

function entry(stacked: Tensor, i: number): Tensor {
  const one = leavesOf(part(stacked, i, 1))[0] as Tensor
  return reshape(one, one.shape.slice(1))
}
