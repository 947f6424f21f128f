import { type ArrayData, type Batches, isBatches, isShaped, rowsOf, sliceRows } from '../data/arrays.js'
import { fail } from '../errors.js'
import type { PartialShape, TensorSpec } from '../layers/placeholder.js'
import type { LossFunction } from '../losses/loss.js'
import type { Model } from '../models/model.js'
import { reshape } from '../ops/index.js'
import type { Samples } from './calls.js'
import { checkLengths, checkTargets } from './checks.js'

/**
 * The arguments of `fit` and `evaluate`, (x, y, options) or (batches, options), told apart. An array without y is a list of batches.
 */
export function splitArguments<Options extends object>(
  op: string,
  first: unknown,
  second: unknown,
  third: Options | undefined,
): { x: unknown; y: unknown; options: Options | undefined } {
  const isOptions =
    typeof second === 'object' && second !== null && Object.getPrototypeOf(second) === Object.prototype
  if (second === undefined || (isOptions && !isShaped(second))) {
    if (second !== undefined && third !== undefined) {
      fail('argument.type', { op, argument: 'y', expected: 'data with a row for each sample', got: second })
    }
    return { x: first, y: undefined, options: (second ?? third) as Options | undefined }
  }
  return { x: first, y: second, options: third }
}

/** The samples of a step, for data in memory. */
export const defaultBatchSize = 32

/** Samples for a compiled model, checked before anything runs: shapes, lengths, targets. */
export function samplesFor(
  op: string,
  model: Model,
  loss: LossFunction,
  { x, y, batchSize }: { x: unknown; y: unknown; batchSize: number | undefined },
): Samples {
  const convert = (op: string, x: ArrayData, y: ArrayData) => {
    const xRows = rowsOf(op, 'x', x, sampleShape(model))
    checkLengths(op, xRows, undefined)
    const output = (model.prepare(xRows) as TensorSpec).shape
    const valued = loss.targets !== undefined && loss.targets !== 'classes'
    const given = rowsOf(op, 'y', y, valued ? output.slice(1) : undefined)
    // One value a sample may stand without an axis of its own.
    const bare = valued && output.length === given.rank + 1 && output.at(-1) === 1
    const yRows = bare ? reshape(given, [...given.shape, 1]) : given
    checkLengths(op, xRows, yRows)
    checkTargets(op, yRows, loss, output)
    return { x: xRows, y: yRows }
  }
  if (y !== undefined) {
    return {
      kind: 'rows',
      ...convert(op, x as ArrayData, y as ArrayData),
      batchSize: batchSize ?? defaultBatchSize,
    }
  }
  if (!isBatches(x) && !Array.isArray(x)) fail('data.targets', { op })
  if (batchSize !== undefined) fail('data.stream', { op, argument: 'batchSize' })
  return {
    kind: 'batches',
    batches: x as Batches<unknown>,
    convert: (batch, index) => {
      if (!Array.isArray(batch) || batch.length !== 2) fail('data.batch', { op, batch: index, got: batch })
      return convert(`${op}, batch ${index}`, batch[0], batch[1])
    },
  }
}

/** The shape of one sample, if the model knows it. */
export function sampleShape(model: Model): PartialShape | undefined {
  return model.inputs[0]?.shape.slice(1)
}

/** The first and the last part of samples in memory, before any shuffling. */
export function splitSamples(samples: Samples, validationSplit: number): [Samples, Samples] {
  if (samples.kind !== 'rows') fail('data.stream', { op: 'fit', argument: 'validationSplit' })
  const { x, y, batchSize } = samples
  const rows = x.shape[0] as number
  const at = Math.floor(rows * (1 - validationSplit))
  if (at === 0 || at === rows) {
    const expected = `a share that leaves samples on both sides of ${rows}`
    fail('argument.range', { op: 'fit', argument: 'validationSplit', expected, got: validationSplit })
  }
  const part = (from: number, to: number): Samples => ({
    kind: 'rows',
    x: sliceRows(x, from, to),
    y: sliceRows(y, from, to),
    batchSize,
  })
  return [part(0, at), part(at, rows)]
}
