import { fail } from '../errors.js'
import type { Model } from '../models/model.js'
import type { CallbackList } from './callbacks/callback.js'
import { callsOf, type Samples, stepsOf, stepsWithin } from './calls.js'
import type { Logs } from './history.js'
import { checkPassOptions, type EvaluateOptions, evaluateOptions } from './pass-options.js'
import { PassProgress } from './pass-progress.js'
import type { Programs, StepPrograms } from './programs.js'
import { samplesFor } from './samples.js'
import { Tally } from './tally.js'

interface Pass {
  readonly callbacks: CallbackList
  readonly signal: AbortSignal | undefined
  readonly progress?: PassProgress
  /** Steps before it ends (default: all). */
  readonly steps?: number | undefined
  /** Raises: there was no batch. */
  readonly empty: () => never
}

/** Evaluates a compiled model. */
export async function evaluateModel(
  model: Model,
  programs: Programs,
  { x, y, options }: { x: unknown; y: unknown; options: EvaluateOptions | undefined },
): Promise<Logs> {
  const { batchSize, steps, verbose, signal, callbacks } = checkPassOptions(
    'evaluate',
    options,
    evaluateOptions,
  )
  const { sampleWeight } = options ?? {}
  const samples = samplesFor('evaluate', model, programs, { x, y, batchSize, sampleWeight })
  const count = stepsWithin('evaluate', stepsOf(samples), steps, 'steps')
  await callbacks.call('setModel', model)
  const progress = new PassProgress('Evaluate', count, verbose)
  const empty = () => fail('data.empty', { op: 'evaluate' })
  try {
    return await evaluateSamples(programs, samples, { callbacks, signal, progress, empty, steps })
  } finally {
    progress.close()
  }
}

/** The loss and the metrics over samples: each batch counts by its size. */
export function evaluateSamples(programs: Programs, samples: Samples, pass: Pass): Promise<Logs> {
  return programs.withTest((test) => evaluateWith(test, samples, pass))
}

async function evaluateWith(
  programs: StepPrograms,
  samples: Samples,
  { callbacks, signal, progress, empty, steps = Infinity }: Pass,
): Promise<Logs> {
  const tally = new Tally(programs)
  const batchwise = callbacks.has('onTestBatchBegin', 'onTestBatchEnd')
  programs.reset()
  let step = 0
  let logs: Logs = { loss: NaN }
  await callbacks.call('onTestBegin', {})
  for await (const call of callsOf(programs, samples, { batchwise, signal, budget: { steps } })) {
    signal?.throwIfAborted()
    await callbacks.call('onTestBatchBegin', step, {})
    tally.add(await call.run(), call.batchSize)
    step += call.steps
    logs = tally.logs
    await callbacks.call('onTestBatchEnd', step - 1, logs)
    progress?.update(step, logs)
  }
  signal?.throwIfAborted()
  if (step === 0) empty()
  await callbacks.call('onTestEnd', logs)
  return logs
}
