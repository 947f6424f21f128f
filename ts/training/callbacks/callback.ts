import { fail, nearestName } from '../../errors.js'
import type { Model } from '../../models/model.js'
import type { Logs, TrainingParams } from '../history.js'

type Hook<Args extends unknown[]> = (...args: Args) => unknown

/** Functions that training, evaluation and prediction call on their way; each may be asynchronous and is awaited. */
export interface Callback {
  setModel?: Hook<[model: Model]>
  setParams?: Hook<[params: TrainingParams]>
  onTrainBegin?: Hook<[logs: Partial<Logs>]>
  onTrainEnd?: Hook<[logs: Partial<Logs>]>
  /** `epoch` counts from 0. */
  onEpochBegin?: Hook<[epoch: number, logs: Partial<Logs>]>
  onEpochEnd?: Hook<[epoch: number, logs: Logs]>
  /** `batch` counts from 0 in each epoch; `logs` are the means of the epoch so far. With batch hooks, each call makes one step. */
  onTrainBatchBegin?: Hook<[batch: number, logs: Partial<Logs>]>
  onTrainBatchEnd?: Hook<[batch: number, logs: Logs]>
  /** In place of the error that else ends a training whose loss is not finite. */
  onNonfiniteLoss?: Hook<[batch: number, logs: Logs]>
  onTestBegin?: Hook<[logs: Partial<Logs>]>
  onTestEnd?: Hook<[logs: Logs]>
  onTestBatchBegin?: Hook<[batch: number, logs: Partial<Logs>]>
  onTestBatchEnd?: Hook<[batch: number, logs: Logs]>
  onPredictBegin?: Hook<[logs: Partial<Logs>]>
  onPredictEnd?: Hook<[logs: Partial<Logs>]>
  onPredictBatchBegin?: Hook<[batch: number, logs: Partial<Logs>]>
  onPredictBatchEnd?: Hook<[batch: number, logs: Partial<Logs>]>
}

type HookName = keyof Callback

const hookNames: Readonly<Record<HookName, true>> = {
  setModel: true,
  setParams: true,
  onTrainBegin: true,
  onTrainEnd: true,
  onEpochBegin: true,
  onEpochEnd: true,
  onTrainBatchBegin: true,
  onTrainBatchEnd: true,
  onNonfiniteLoss: true,
  onTestBegin: true,
  onTestEnd: true,
  onTestBatchBegin: true,
  onTestBatchEnd: true,
  onPredictBegin: true,
  onPredictEnd: true,
  onPredictBatchBegin: true,
  onPredictBatchEnd: true,
}

/** Several callbacks, called in order. */
export class CallbackList {
  readonly #callbacks: readonly Callback[]

  /** @throws argument.type; argument.unknown for a hook that does not exist */
  constructor(op: string, given: Callback | readonly Callback[] = []) {
    this.#callbacks = [given].flat()
    for (const callback of this.#callbacks) {
      if (typeof callback !== 'object' || callback === null) {
        const expected = 'objects with hooks such as onEpochEnd'
        fail('argument.type', { op, argument: 'callbacks', expected, got: callback })
      }
      for (const [key, hook] of Object.entries(callback)) {
        if (Object.hasOwn(hookNames, key)) {
          if (hook === undefined || typeof hook === 'function') continue
          fail('argument.type', { op: 'a callback', argument: key, expected: 'a function', got: hook })
        }
        if (!/^on[A-Z]/.test(key)) continue
        const known = Object.keys(hookNames)
        const nearest = nearestName(key, known)
        fail('argument.unknown', { op: 'a callback', argument: key, known, ...(nearest && { nearest }) })
      }
    }
  }

  /** Whether any callback has one of these hooks. */
  has(...names: readonly HookName[]): boolean {
    return this.#callbacks.some((callback) => names.some((name) => typeof callback[name] === 'function'))
  }

  /** Calls a hook of each callback that has it, and waits for them. */
  async call<Name extends HookName>(
    name: Name,
    ...args: Parameters<NonNullable<Callback[Name]>>
  ): Promise<void> {
    for (const callback of this.#callbacks) {
      const hook = callback[name] as Hook<unknown[]> | undefined
      if (hook) await hook.apply(callback, args)
    }
  }
}
