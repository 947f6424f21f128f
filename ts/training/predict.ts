import { type ArrayData, type Batches, isBatches, rowsOf, sliceRows } from '../data/arrays.js'
import { allocate } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import type { Jitted } from '../graph/jit.js'
import type { Model } from '../models/model.js'
import { storageOf, Tensor } from '../tensor.js'
import { checkLengths } from './checks.js'
import { Pace } from './pace.js'
import { checkPassOptions, type PassOptions } from './pass-options.js'
import { PassProgress } from './pass-progress.js'
import { defaultBatchSize, sampleShape } from './samples.js'
import { untilAborted } from './until-aborted.js'

/** Runs the model over all rows, batch by batch, and joins the outputs. */
export async function predictRows(
  model: Model,
  program: Jitted<[x: Tensor], Tensor>,
  data: ArrayData | Batches<ArrayData>,
  options: PassOptions | undefined,
): Promise<Tensor> {
  const { batchSize = defaultBatchSize, verbose, signal, callbacks } = checkPassOptions('predict', options)
  const convert = (op: string, given: ArrayData): Tensor => {
    const x = rowsOf(op, 'x', given, sampleShape(model))
    checkLengths(op, x, undefined)
    model.prepare(x)
    return x
  }
  const x = isBatches(data) ? undefined : convert('predict', data)
  if (!x && options?.batchSize !== undefined) fail('data.stream', { op: 'predict', argument: 'batchSize' })
  const batches = x
    ? slices(x, batchSize)
    : converted(untilAborted(data as Batches<ArrayData>, signal), convert)
  const steps = x ? Math.ceil((x.shape[0] as number) / batchSize) : null
  const progress = new PassProgress('Predict', steps, verbose)
  await callbacks.call('setModel', model)
  await callbacks.call('onPredictBegin', {})
  const pace = new Pace(true)
  const outputs: Tensor[] = []
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted()
      const index = outputs.length
      await callbacks.call('onPredictBatchBegin', index, {})
      outputs.push(await pace.run(program, [batch]))
      await callbacks.call('onPredictBatchEnd', index, {})
      progress.update(index + 1)
    }
  } finally {
    progress.close()
  }
  signal?.throwIfAborted()
  if (outputs.length === 0) fail('data.empty', { op: 'predict' })
  await callbacks.call('onPredictEnd', {})
  return concatenate(outputs)
}

async function* converted(
  batches: Batches<ArrayData>,
  convert: (op: string, batch: ArrayData) => Tensor,
): AsyncGenerator<Tensor> {
  let index = 0
  for await (const batch of batches) yield convert(`predict, batch ${index++}`, batch)
}

function* slices(x: Tensor, batchSize: number): Generator<Tensor> {
  const rows = x.shape[0] as number
  for (let from = 0; from < rows; from += batchSize) {
    yield sliceRows(x, from, Math.min(from + batchSize, rows))
  }
}

/** Rows after rows: all but the first extent are equal. */
function concatenate(parts: readonly Tensor[]): Tensor {
  const [first] = parts as readonly [Tensor]
  if (parts.length === 1) return first
  const joined = allocate(
    first.dtype,
    parts.reduce((size, part) => size + part.size, 0),
    executor().float64,
  )
  let offset = 0
  for (const part of parts) {
    joined.set(storageOf(part), offset)
    offset += part.size
  }
  const rows = parts.reduce((total, part) => total + (part.shape[0] as number), 0)
  return new Tensor([rows, ...first.shape.slice(1)], first.dtype, joined)
}
