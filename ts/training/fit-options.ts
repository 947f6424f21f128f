import type { Batches } from '../data/arrays.js'
import { fail } from '../errors.js'
import {
  checkBoolean,
  checkInteger,
  checkInterval,
  checkOptions,
  checkSignal,
  checkVerbose,
} from '../options.js'
import { type Callback, CallbackList } from './callbacks/callback.js'
import type { ClassWeight, SampleWeight } from './sample-weights.js'
import type { ModelData } from './samples.js'

/** A batch: samples, targets and, where they are not to count alike, weights. */
export type GivenBatch = readonly [x: ModelData, y: ModelData, sampleWeight?: SampleWeight]

export interface FitOptions {
  /** The epoch to stop before, counted from 0: the number of passes over the data where `initialEpoch` is 0 (default 1). */
  readonly epochs?: number
  /** The epoch to begin with, to go on with a former training (default 0). */
  readonly initialEpoch?: number
  /** Samples a step (default 32); the last batch of an epoch may be smaller. */
  readonly batchSize?: number
  /** Steps an epoch; the next epoch goes on where it ended (default: a pass over the data). */
  readonly stepsPerEpoch?: number
  /** The share of samples at the end that is kept for validation (default 0). */
  readonly validationSplit?: number
  /** [x, y] or [x, y, sampleWeight], or an iterable of batches, to evaluate after each epoch. */
  readonly validationData?: GivenBatch | Batches<GivenBatch>
  /** Steps of each validation (default: all). */
  readonly validationSteps?: number
  /** Samples a step of validation (default: batchSize). */
  readonly validationBatchSize?: number
  /** After how many epochs each validation comes (default 1), or after which, counted from 1. */
  readonly validationFreq?: number | readonly number[]
  /** How much the samples of each class count (default 1): `{ 0: 1, 1: 20 }`. For models of one output. */
  readonly classWeight?: ClassWeight
  /** How much each sample counts (default 1). For data in memory; batches bring theirs. */
  readonly sampleWeight?: SampleWeight
  /** Whether each pass takes the samples in a new random order (default true). Iterables keep theirs. */
  readonly shuffle?: boolean
  /** Makes shuffling and dropout of this training repeatable (default: drawn from what `lw.seed` started). */
  readonly seed?: number
  readonly callbacks?: Callback | readonly Callback[]
  /** 0: silent. 1 (default): a live line on a terminal, else a line an epoch. 2: a line an epoch. */
  readonly verbose?: 0 | 1 | 2
  /** Stops the training between calls of the executor; `fit` then rejects with the signal's reason, and the model stays usable. */
  readonly signal?: AbortSignal
}

const known: Readonly<Record<keyof FitOptions, true>> = {
  epochs: true,
  initialEpoch: true,
  batchSize: true,
  stepsPerEpoch: true,
  validationSplit: true,
  validationData: true,
  validationSteps: true,
  validationBatchSize: true,
  validationFreq: true,
  classWeight: true,
  sampleWeight: true,
  shuffle: true,
  seed: true,
  callbacks: true,
  verbose: true,
  signal: true,
}

/** The keys of {@link FitOptions}. */
export const fitOptions: readonly string[] = Object.keys(known)

/** The options, checked and with their defaults. */
export function checkFitOptions(options: FitOptions) {
  checkOptions('fit', options, fitOptions)
  const { epochs = 1, initialEpoch = 0, shuffle = true, verbose = 1, validationSplit = 0 } = options
  checkInteger('fit', 'epochs', epochs, 1)
  checkInteger('fit', 'initialEpoch', initialEpoch, 0)
  for (const argument of ['batchSize', 'stepsPerEpoch', 'validationSteps', 'validationBatchSize'] as const) {
    if (options[argument] !== undefined) checkInteger('fit', argument, options[argument], 1)
  }
  checkBoolean('fit', 'shuffle', shuffle)
  checkSignal('fit', options.signal)
  checkVerbose('fit', verbose, [0, 1, 2])
  checkInterval('fit', 'validationSplit', validationSplit, { minimum: 0, limit: 1 })
  const callbacks = new CallbackList('fit', options.callbacks)
  const validates = validationEpochs(options.validationFreq ?? 1)
  return { ...options, epochs, initialEpoch, shuffle, verbose, validationSplit, callbacks, validates }
}

/** Whether a validation follows an epoch, counted from 0. */
function validationEpochs(frequency: number | readonly number[]): (epoch: number) => boolean {
  if (!Array.isArray(frequency)) {
    checkInteger('fit', 'validationFreq', frequency, 1)
    return (epoch) => (epoch + 1) % (frequency as number) === 0
  }
  if (!frequency.every((epoch) => Number.isInteger(epoch) && epoch >= 1)) {
    const expected = 'a positive integer, or an array of epochs counted from 1'
    fail('argument.range', { op: 'fit', argument: 'validationFreq', expected, got: frequency })
  }
  return (epoch) => frequency.includes(epoch + 1)
}
