import { type Batches, isBatches, isWhole } from '../data/arrays.js'
import { countOf } from '../data/dataset.js'
import { allocate } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import type { Jitted } from '../graph/jit.js'
import type { Model } from '../models/model.js'
import { storageOf, Tensor } from '../tensor.js'
import { mapTree, type Tree } from '../tree.js'
import { rowsIn, sliceBatch } from './batch.js'
import { stepsWithin } from './calls.js'
import { runCall } from './pace.js'
import { checkPassOptions, type PassOptions } from './pass-options.js'
import { PassProgress } from './pass-progress.js'
import { checkBatched, defaultBatchSize, inputsOf, type ModelData } from './samples.js'
import { untilAborted } from './until-aborted.js'

/** The program of predictions. */
type Prediction = Jitted<[x: Tree<Tensor>], Tree<Tensor>>

/** Runs the model over all rows, batch by batch, and joins the outputs. */
export async function predictRows(
  model: Model,
  program: Prediction,
  data: ModelData | Batches<ModelData>,
  options: PassOptions | undefined,
): Promise<Tree<Tensor>> {
  const {
    batchSize = defaultBatchSize,
    verbose,
    signal,
    callbacks,
    ...limits
  } = checkPassOptions('predict', options)
  let structure: Tree<unknown>
  const convert = (op: string, given: unknown): Tree<Tensor> => {
    const x = inputsOf(op, model, given)
    structure = model.prepare(x)
    return x
  }
  const x = isBatches(data) ? undefined : convert('predict', data)
  if (!x && options?.batchSize !== undefined) fail('data.stream', { op: 'predict', argument: 'batchSize' })
  const batches = x ? slices(x, batchSize) : converted(model, data as Batches<ModelData>, signal, convert)
  const count = x ? Math.ceil(rowsIn({ x }) / batchSize) : countOf(data as Batches<ModelData>)
  const steps = stepsWithin('predict', count, limits.steps, 'steps')
  const progress = new PassProgress('Predict', steps, verbose)
  await callbacks.call('setModel', model)
  await callbacks.call('onPredictBegin', {})
  const results: (readonly Tensor[])[] = []
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted()
      const index = results.length
      await callbacks.call('onPredictBatchBegin', index, {})
      results.push(await runCall(program, [batch]))
      await callbacks.call('onPredictBatchEnd', index, {})
      progress.update(index + 1)
      if (results.length === limits.steps) break
    }
  } finally {
    progress.close()
  }
  signal?.throwIfAborted()
  if (results.length === 0) fail('data.empty', { op: 'predict' })
  await callbacks.call('onPredictEnd', {})
  let output = 0
  return mapTree(structure, () => {
    const k = output++
    return concatenate(results.map((result) => result[k] as Tensor))
  }) as Tree<Tensor>
}

/** x alone of a batch [x, y] or [x, y, sampleWeight], where it cannot be a list of inputs. */
function inputOf(model: Model, batch: unknown): unknown {
  const labelled = Array.isArray(batch) && (batch.length === 2 || batch.length === 3) && batch.every(isWhole)
  return labelled && model.inputs.length === 1 ? batch[0] : batch
}

async function* converted(
  model: Model,
  batches: Batches<unknown>,
  signal: AbortSignal | undefined,
  convert: (op: string, batch: unknown) => Tree<Tensor>,
): AsyncGenerator<Tree<Tensor>> {
  let index = 0
  for await (const batch of untilAborted(batches, signal)) {
    const x = inputOf(model, batch)
    checkBatched('predict', model, batches, x)
    yield convert(`predict, batch ${index++}`, x)
  }
}

function* slices(x: Tree<Tensor>, batchSize: number): Generator<Tree<Tensor>> {
  const rows = rowsIn({ x })
  for (let from = 0; from < rows; from += batchSize) {
    yield sliceBatch({ x, y: [], sampleWeight: [] }, from, Math.min(from + batchSize, rows)).x
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
