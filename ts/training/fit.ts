import type { ArrayData, Batches } from '../data/arrays.js'
import { fail } from '../errors.js'
import type { Model } from '../models/model.js'
import {
  checkBoolean,
  checkInteger,
  checkInterval,
  checkOptions,
  checkSignal,
  checkVerbose,
} from '../options.js'
import { permutation, uniform } from '../random.js'
import { type Callback, CallbackList } from './callbacks.js'
import { callsOf, type Samples, stepsOf } from './calls.js'
import { nonfiniteRow } from './checks.js'
import { currentLogs, evaluateSamples, testPace, WeightedMean } from './evaluate.js'
import { History, type Logs } from './history.js'
import { Pace } from './pace.js'
import type { Programs } from './programs.js'
import { Progress } from './progress.js'
import { samplesFor, splitSamples } from './samples.js'

export interface FitOptions {
  /** Passes over the data (default 1). */
  readonly epochs?: number
  /** Samples a step (default 32); the last batch of an epoch may be smaller. */
  readonly batchSize?: number
  /** The share of samples at the end that is kept for validation (default 0). */
  readonly validationSplit?: number
  /** [x, y], or an iterable of batches, to evaluate after each epoch. */
  readonly validationData?: readonly [x: ArrayData, y: ArrayData] | Batches<readonly [ArrayData, ArrayData]>
  /** Whether each epoch takes the samples in a new random order (default true). Iterables keep theirs. */
  readonly shuffle?: boolean
  /** Makes shuffling and dropout of this training repeatable (default: drawn from what `lw.seed` started). */
  readonly seed?: number
  readonly callbacks?: Callback | readonly Callback[]
  /** 0: silent. 1 (default): a live line on a terminal, else a line an epoch. 2: a line an epoch. */
  readonly verbose?: 0 | 1 | 2
  /** Stops the training between calls of the executor; `fit` then rejects with the signal's reason, and the model stays usable. */
  readonly signal?: AbortSignal
}

const fitOptions = [
  'epochs',
  'batchSize',
  'validationSplit',
  'validationData',
  'shuffle',
  'seed',
  'callbacks',
  'verbose',
  'signal',
]

/** Trains a compiled model: checks everything first, then runs epoch after epoch. */
export async function fitModel(
  model: Model,
  programs: Programs,
  { x, y, options = {} }: { x: unknown; y: unknown; options: FitOptions | undefined },
): Promise<History> {
  checkOptions('fit', options, fitOptions)
  const { epochs = 1, batchSize, validationSplit = 0, shuffle = true, verbose = 1, signal } = options
  checkInteger('fit', 'epochs', epochs, 1)
  if (batchSize !== undefined) checkInteger('fit', 'batchSize', batchSize, 1)
  checkBoolean('fit', 'shuffle', shuffle)
  checkSignal('fit', signal)
  checkVerbose('fit', verbose, [0, 1, 2])
  checkInterval('fit', 'validationSplit', validationSplit, { minimum: 0, limit: 1 })
  const callbacks = new CallbackList('fit', options.callbacks)
  let samples = samplesFor('fit', model, programs.loss, { x, y, batchSize })
  let validation = validationSamples(model, programs, options.validationData, batchSize)
  if (validationSplit > 0 && !validation) [samples, validation] = splitSamples(samples, validationSplit)
  if (model.built && model.trainableWeights.length === 0) fail('model.untrainable', { model: model.name })
  signal?.throwIfAborted()

  const params = {
    epochs,
    steps: stepsOf(samples),
    batchSize: samples.kind === 'rows' ? samples.batchSize : null,
    samples: samples.kind === 'rows' ? (samples.x.shape[0] as number) : null,
  }
  const history = new History(params)
  const progress = new Progress(params, verbose, process.stdout, options.callbacks !== undefined)
  seedGenerator(programs, options.seed)
  model.stopTraining = false
  const pace = new Pace(callbacks.has('onTrainBatchBegin', 'onTrainBatchEnd'))
  const validationPace = testPace(callbacks)

  const trainEpoch = async (epoch: number): Promise<{ steps: number; logs: Logs }> => {
    const loss = new WeightedMean()
    const order =
      samples.kind === 'rows' && shuffle
        ? permutation(samples.x.shape[0] as number, { seed: programs.generator })
        : undefined
    let step = 0
    let logs: Logs = { loss: NaN }
    for await (const call of callsOf(programs.train, samples, { pace, order, signal })) {
      signal?.throwIfAborted()
      await callbacks.call('onTrainBatchBegin', step, {})
      const losses = (await call.run()).dataSync()
      losses.forEach((value, i) => {
        if (!Number.isFinite(value)) failNonfinite(samples, epoch, step + i, value)
        loss.add(value, call.batchSize)
      })
      step += call.steps
      logs = currentLogs(loss, programs.train)
      await callbacks.call('onTrainBatchEnd', step - 1, logs)
      progress.update(step, logs)
      if (model.stopTraining) break
    }
    signal?.throwIfAborted()
    if (step === 0) fail('data.exhausted', { argument: 'training data', epoch: epoch + 1 })
    return { steps: step, logs }
  }

  try {
    await callbacks.call('setParams', params)
    await callbacks.call('setModel', model)
    await callbacks.call('onTrainBegin', {})
    for (let epoch = 0; epoch < epochs && !model.stopTraining; epoch++) {
      await callbacks.call('onEpochBegin', epoch, {})
      progress.begin(epoch)
      const { steps, logs } = await trainEpoch(epoch)
      if (validation) {
        const empty = () => fail('data.exhausted', { argument: 'validationData', epoch: epoch + 1 })
        const measured = await evaluateSamples(programs, validation, {
          callbacks,
          signal,
          empty,
          pace: validationPace,
        })
        for (const [name, value] of Object.entries(measured)) logs[`val_${name}`] = value
      }
      history.add(epoch, logs)
      progress.end(steps, logs)
      await callbacks.call('onEpochEnd', epoch, logs)
    }
    await callbacks.call('onTrainEnd', {})
  } finally {
    progress.close()
  }
  return history
}

function validationSamples(
  model: Model,
  programs: Programs,
  data: FitOptions['validationData'],
  batchSize: number | undefined,
): Samples | undefined {
  if (data === undefined) return undefined
  const op = 'fit (validationData)'
  if (!Array.isArray(data)) {
    return samplesFor(op, model, programs.loss, { x: data, y: undefined, batchSize: undefined })
  }
  if (data.length !== 2) {
    const expected = 'an array [x, y] or an iterable of batches'
    fail('argument.type', { op: 'fit', argument: 'validationData', expected, got: data })
  }
  return samplesFor(op, model, programs.loss, { x: data[0], y: data[1], batchSize })
}

/** Starts the training's own generator: from the seed, or from a number that the default generator draws. */
function seedGenerator({ generator }: Programs, seed: number | undefined): void {
  if (seed !== undefined) {
    generator.seed(seed)
    return
  }
  const [high, low] = uniform([2]).dataSync() as unknown as [number, number]
  generator.seed(high * 2 ** 48 + low * 2 ** 24)
}

function failNonfinite(samples: Samples, epoch: number, step: number, loss: number): never {
  const row = samples.kind === 'rows' ? nonfiniteRow(samples.x) : undefined
  fail('training.nonfinite', { epoch: epoch + 1, step: step + 1, loss, ...(row !== undefined && { row }) })
}
