import { fail } from '../errors.js'
import type { Model } from '../models/model.js'
import type { CallbackList } from './callbacks.js'
import { callsOf, type Samples, stepsOf } from './calls.js'
import type { Logs } from './history.js'
import { Pace } from './pace.js'
import { checkPassOptions, type PassOptions } from './pass-options.js'
import { PassProgress } from './pass-progress.js'
import type { Programs, StepPrograms } from './programs.js'
import { samplesFor } from './samples.js'

interface Pass {
  /** What the passes before have shown, if there were any. */
  readonly pace?: Pace
  readonly callbacks: CallbackList
  readonly signal: AbortSignal | undefined
  readonly progress?: PassProgress
  /** Raises: there was no batch. */
  readonly empty: () => never
}

/** Evaluates a compiled model. */
export async function evaluateModel(
  model: Model,
  programs: Programs,
  { x, y, options }: { x: unknown; y: unknown; options: PassOptions | undefined },
): Promise<Logs> {
  const { batchSize, verbose, signal, callbacks } = checkPassOptions('evaluate', options)
  const samples = samplesFor('evaluate', model, programs.loss, { x, y, batchSize })
  await callbacks.call('setModel', model)
  const progress = new PassProgress('Evaluate', stepsOf(samples), verbose)
  const empty = () => fail('data.empty', { op: 'evaluate' })
  try {
    return await evaluateSamples(programs, samples, { callbacks, signal, progress, empty })
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
  { callbacks, signal, progress, empty, pace = testPace(callbacks) }: Pass,
): Promise<Logs> {
  const loss = new WeightedMean()
  let step = 0
  let logs: Logs = { loss: NaN }
  await callbacks.call('onTestBegin', {})
  for await (const call of callsOf(programs, samples, { pace, signal })) {
    signal?.throwIfAborted()
    await callbacks.call('onTestBatchBegin', step, {})
    const losses = (await call.run()).dataSync()
    for (const value of losses) loss.add(value, call.batchSize)
    step += call.steps
    logs = currentLogs(loss, programs)
    await callbacks.call('onTestBatchEnd', step - 1, logs)
    progress?.update(step, logs)
  }
  signal?.throwIfAborted()
  if (step === 0) empty()
  await callbacks.call('onTestEnd', logs)
  return logs
}

/** The pace of evaluations. */
export function testPace(callbacks: CallbackList): Pace {
  return new Pace(callbacks.has('onTestBatchBegin', 'onTestBatchEnd'))
}

/** The loss so far and the metrics' results. */
export function currentLogs(loss: WeightedMean, { metrics }: StepPrograms): Logs {
  const logs: Logs = { loss: loss.value }
  for (const metric of metrics) logs[metric.name] = metric.result().item()
  return logs
}

/** A mean in which each value counts by a weight, in float64. */
export class WeightedMean {
  #total = 0
  #weight = 0

  add(value: number, weight: number): void {
    this.#total += value * weight
    this.#weight += weight
  }

  get value(): number {
    return this.#total / this.#weight
  }
}
