import { checkInteger, checkOptions, checkSignal, checkVerbose } from '../options.js'
import { type Callback, CallbackList } from './callbacks.js'

/** The options of a pass over data without training: an evaluation or a prediction. */
export interface PassOptions {
  /** The samples of a step (default 32). The result does not depend on it. */
  readonly batchSize?: number
  readonly callbacks?: Callback | readonly Callback[]
  /** 0: silent. 1 (default): a line on a terminal while it takes long. */
  readonly verbose?: 0 | 1
  /** Stops between steps. */
  readonly signal?: AbortSignal
}

/** The options, checked; `batchSize` is undefined where none was given. */
export function checkPassOptions(op: string, options: PassOptions = {}) {
  checkOptions(op, options, ['batchSize', 'callbacks', 'verbose', 'signal'])
  const { batchSize, verbose = 1, signal } = options
  if (batchSize !== undefined) checkInteger(op, 'batchSize', batchSize, 1)
  checkVerbose(op, verbose, [0, 1])
  checkSignal(op, signal)
  return { batchSize, verbose, signal, callbacks: new CallbackList(op, options.callbacks) }
}
