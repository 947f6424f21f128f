import { checkInteger, checkOptions, checkSignal, checkVerbose } from '../options.js'
import { type Callback, CallbackList } from './callbacks/callback.js'
import type { SampleWeight } from './sample-weights.js'

/** The options of a pass over data without training: an evaluation or a prediction. */
export interface PassOptions {
  /** The samples of a step (default 32). The result does not depend on it. */
  readonly batchSize?: number
  /** Steps before it ends (default: all). */
  readonly steps?: number
  readonly callbacks?: Callback | readonly Callback[]
  /** 0: silent. 1 (default): a line on a terminal while it takes long. */
  readonly verbose?: 0 | 1
  /** Stops between steps. */
  readonly signal?: AbortSignal
}

/** The options of an evaluation. */
export interface EvaluateOptions extends PassOptions {
  /** How much each sample counts (default 1). For data in memory; batches bring theirs. */
  readonly sampleWeight?: SampleWeight
}

const passOptions: readonly string[] = ['batchSize', 'steps', 'callbacks', 'verbose', 'signal']

/** The keys of {@link EvaluateOptions}. */
export const evaluateOptions: readonly string[] = [...passOptions, 'sampleWeight']

/** The options, checked; `batchSize` and `steps` are undefined where none were given. */
export function checkPassOptions(op: string, options: PassOptions = {}, known = passOptions) {
  checkOptions(op, options, known)
  const { batchSize, steps, verbose = 1, signal } = options
  if (steps !== undefined) checkInteger(op, 'steps', steps, 1)
  if (batchSize !== undefined) checkInteger(op, 'batchSize', batchSize, 1)
  checkVerbose(op, verbose, [0, 1])
  checkSignal(op, signal)
  return { batchSize, steps, verbose, signal, callbacks: new CallbackList(op, options.callbacks) }
}
