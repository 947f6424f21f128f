import { fail } from '../errors.js'
import type { Model } from '../models/model.js'
import { permutation } from '../random.js'
import { rowsIn } from './batch.js'
import { type Budget, callsOf, type Samples, stepsOf, stepsWithin } from './calls.js'
import { nonfiniteRow } from './checks.js'
import { Epochs } from './epochs.js'
import { evaluateSamples } from './evaluate.js'
import { checkFitOptions, type FitOptions } from './fit-options.js'
import { hintedAtPixels } from './hints.js'
import { History, type Logs } from './history.js'
import type { Programs } from './programs.js'
import { Progress } from './progress.js'
import { withClassWeight } from './sample-weights.js'
import { samplesFor, splitSamples } from './samples.js'
import { Tally } from './tally.js'

/** The models whose last training ended in a loss that was not finite: their weights are not either. */
const spoiled = new WeakSet<Model>()

/** Trains a compiled model: checks everything first, then runs epoch after epoch. */
export async function fitModel(
  model: Model,
  programs: Programs,
  given: { x: unknown; y: unknown; options: FitOptions | undefined },
): Promise<History> {
  const options = checkFitOptions(given.options ?? {})
  const { epochs, callbacks, signal, stepsPerEpoch } = options
  const { samples: checked, validation } = dataOf(model, programs, given, options)
  if (model.built && !model.trainStep && programs.weights.length === 0) {
    fail('model.untrainable', { model: model.name })
  }
  const steps = stepsWithin('fit', stepsOf(checked), stepsPerEpoch, 'stepsPerEpoch')
  if (validation) stepsWithin('fit', stepsOf(validation), options.validationSteps, 'validationSteps')
  signal?.throwIfAborted()

  const samples = hintedAtPixels(model, checked)
  const inMemory = samples.kind === 'rows'
  const params = {
    epochs,
    steps,
    batchSize: inMemory ? samples.batchSize : null,
    samples: inMemory ? rowsIn(samples.data) : null,
    validation: validation !== undefined,
  }
  const history = new History(params)
  const progress = new Progress(
    params,
    options.verbose,
    process.stdout,
    given.options?.callbacks !== undefined,
  )
  programs.seed(options.seed)
  model.stopTraining = false
  const batchwise = callbacks.has('onTrainBatchBegin', 'onTrainBatchEnd')
  const pass = (budget: Budget) => {
    const order =
      inMemory && options.shuffle
        ? permutation(rowsIn(samples.data), { seed: programs.generator })
        : undefined
    return callsOf(programs.train, samples, { batchwise, order, signal, budget })
  }
  const data = new Epochs(pass, stepsPerEpoch)

  const trainEpoch = async (epoch: number): Promise<{ steps: number; logs: Logs }> => {
    const tally = new Tally(programs.train)
    programs.train.reset()
    let step = 0
    let logs: Logs = { loss: NaN }
    for await (const call of data.next()) {
      signal?.throwIfAborted()
      await callbacks.call('onTrainBatchBegin', step, {})
      const losses = tally.add(await call.run(), call.batchSize)
      const broken = Array.from(losses).findIndex((loss) => !Number.isFinite(loss))
      step += call.steps
      logs = tally.logs
      if (broken >= 0) {
        const at = step - call.steps + broken
        if (!callbacks.has('onNonfiniteLoss')) {
          const first = at === 0 && epoch === options.initialEpoch
          const spoiledBefore = first && spoiled.has(model)
          spoiled.add(model)
          const place = { epoch: epoch + 1, step: at + 1, loss: losses[broken] as number }
          failNonfinite(samples, place, spoiledBefore)
        }
        await callbacks.call('onNonfiniteLoss', at, logs)
      }
      await callbacks.call('onTrainBatchEnd', step - 1, logs)
      progress.update(step, logs)
      if (model.stopTraining) break
    }
    signal?.throwIfAborted()
    if (step === 0) fail('data.exhausted', { argument: 'training data', epoch: epoch + 1 })
    return { steps: step, logs }
  }

  const validate = async (epoch: number): Promise<Logs> =>
    evaluateSamples(programs, validation as Samples, {
      callbacks,
      signal,
      steps: options.validationSteps,
      empty: () => fail('data.exhausted', { argument: 'validationData', epoch: epoch + 1 }),
    })

  try {
    await callbacks.call('setParams', params)
    await callbacks.call('setModel', model)
    await callbacks.call('onTrainBegin', {})
    for (let epoch = options.initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
      await callbacks.call('onEpochBegin', epoch, {})
      progress.begin(epoch)
      const { steps, logs } = await trainEpoch(epoch)
      if (validation && options.validates(epoch)) {
        for (const [name, value] of Object.entries(await validate(epoch))) logs[`val_${name}`] = value
      }
      progress.end(steps, logs)
      await callbacks.call('onEpochEnd', epoch, logs)
      history.add(epoch, logs)
    }
    programs.optimizer.finalizeVariableValues(programs.weights)
    await callbacks.call('onTrainEnd', {})
  } finally {
    await data.close()
    progress.close()
  }
  return history
}

/** What to train on and what to validate with. */
function dataOf(
  model: Model,
  programs: Programs,
  { x, y }: { x: unknown; y: unknown },
  options: ReturnType<typeof checkFitOptions>,
): { samples: Samples; validation: Samples | undefined } {
  const { batchSize, sampleWeight, classWeight, validationData, validationSplit } = options
  const validationBatchSize = options.validationBatchSize ?? batchSize
  let samples = samplesFor('fit', model, programs, { x, y, batchSize, sampleWeight })
  let validation: Samples | undefined
  if (validationData !== undefined) {
    validation = validationSamples(model, programs, validationData, validationBatchSize)
  } else if (validationSplit > 0) {
    ;[samples, validation] = splitSamples(samples, validationSplit, validationBatchSize)
  }
  // Classes are weighted in training alone.
  if (classWeight !== undefined) samples = withClassWeight('fit', samples, classWeight)
  return { samples, validation }
}

function validationSamples(
  model: Model,
  programs: Programs,
  data: NonNullable<FitOptions['validationData']>,
  batchSize: number | undefined,
): Samples {
  const op = 'fit (validationData)'
  if (!Array.isArray(data)) {
    return samplesFor(op, model, programs, { x: data, y: undefined, batchSize: undefined })
  }
  if (data.length !== 2 && data.length !== 3) {
    const expected = 'an array [x, y] or [x, y, sampleWeight], or an iterable of batches'
    fail('argument.type', { op: 'fit', argument: 'validationData', expected, got: data })
  }
  const [x, y, sampleWeight] = data
  return samplesFor(op, model, programs, { x, y, batchSize, sampleWeight })
}

function failNonfinite(
  samples: Samples,
  place: { readonly epoch: number; readonly step: number; readonly loss: number },
  spoiledBefore: boolean,
): never {
  const row = samples.kind === 'rows' ? nonfiniteRow(samples.data.x) : undefined
  const cause = row === undefined ? spoiledBefore && { weights: true } : { row }
  fail('training.nonfinite', { ...place, ...cause })
}
