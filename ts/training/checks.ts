import { fail } from '../errors.js'
import type { PartialShape } from '../layers/placeholder.js'
import type { LossFunction, Targets } from '../losses/loss.js'
import { storageOf, type Tensor } from '../tensor.js'
import { leavesOf, type Tree } from '../tree.js'

/** Raises unless data has a row for each of so many samples. */
export function checkLengths(op: string, rows: number, data: Tensor, argument: string): void {
  if (data.shape[0] === rows) return
  fail('data.length', { op, x: rows, y: data.shape[0] as number, ...(argument !== 'y' && { argument }) })
}

/**
 * Raises unless the targets can be trained on: they have the shape that the loss compares with, class numbers are integers within the classes
 * of the output, binary labels lie between 0 and 1, and nothing is NaN. This runs before training, not in its middle.
 */
export function checkTargets(op: string, y: Tensor, loss: LossFunction, output: PartialShape): void {
  if (loss.targets) checkTargetShape(op, y, loss.targets, output)
  const targets = storageOf(y)
  const classes = loss.targets === 'classes' ? output.at(-1) : undefined
  const size = y.size / (y.shape[0] as number)
  for (let i = 0; i < targets.length; i++) {
    const got = targets[i] as number
    const row = Math.floor(i / size)
    if (Number.isNaN(got)) fail('labels.nan', { op, row })
    if (loss.targets === 'binary' && (got < 0 || got > 1)) fail('labels.binary', { op, row, got })
    if (typeof classes !== 'number' || got === loss.ignoreClass) continue
    if (!Number.isInteger(got)) fail('labels.integer', { op, row, got })
    if (got < 0 || got >= classes) fail('labels.range', { op, row, got, classes })
  }
}

function checkTargetShape(op: string, y: Tensor, targets: Targets, output: PartialShape): void {
  const positions = product(output.slice(1, -1))
  const row = y.size / (y.shape[0] as number)
  if (targets === 'classes') {
    if (typeof output.at(-1) !== 'number' || row === positions) return
    fail('labels.shape', { op, expected: output.slice(0, -1), got: y.shape, oneHot: fits(y, output) })
  }
  if (fits(y, output)) return
  const several = (output.at(-1) ?? 1) > 1
  const numbers = targets === 'values' && several && storageOf(y).every((value) => Number.isInteger(value))
  const classNumbers = row === positions && (targets === 'oneHot' || numbers)
  fail('labels.shape', { op, expected: output, got: y.shape, classNumbers })
}

/** The first row of some data that holds a number that is not finite, if any. */
export function nonfiniteRow(data: Tree<Tensor>): number | undefined {
  const rows = (leavesOf(data) as Tensor[]).flatMap((tensor) => rowNotFinite(tensor) ?? [])
  return rows.length > 0 ? Math.min(...rows) : undefined
}

function rowNotFinite(data: Tensor): number | undefined {
  if (data.dtype !== 'float32') return undefined
  const at = (storageOf(data) as Float32Array).findIndex((value) => !Number.isFinite(value))
  return at < 0 ? undefined : Math.floor(at / (data.size / (data.shape[0] as number)))
}

function fits({ shape }: Tensor, output: PartialShape): boolean {
  return (
    shape.length === output.length &&
    output.every((extent, axis) => axis === 0 || extent === null || extent === shape[axis])
  )
}

function product(shape: PartialShape): number {
  return shape.reduce<number>((size, extent) => size * (extent ?? 1), 1)
}
