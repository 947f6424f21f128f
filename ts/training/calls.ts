import { type Batches, range } from '../data/arrays.js'
import { fail } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { type Batch, rowsIn } from './batch.js'
import { runCall, stepsOfCall } from './pace.js'
import { offsetsOf, type StepPrograms } from './programs.js'
import { untilAborted } from './until-aborted.js'

/** Samples and their targets, all in memory or batch by batch. */
export type Samples =
  | { readonly kind: 'rows'; readonly data: Batch; readonly batchSize: number }
  | {
      readonly kind: 'batches'
      readonly batches: Batches<unknown>
      /** How many there are, where it is known. */
      readonly count: number | null
      /** Converts and checks a batch. */
      readonly convert: (batch: unknown, index: number) => Batch
    }

/** One call of the executor: some steps, all of one batch size. */
export interface Call {
  readonly steps: number
  readonly batchSize: number
  /** Runs it: what the steps give, each a list of a number for each step. */
  run(): Promise<readonly Tensor[]>
}

/** How many steps may follow. A pass takes from it what it yields. */
export interface Budget {
  steps: number
}

interface PassOfCalls {
  /** One step a call, for callbacks that look at every batch. */
  readonly batchwise: boolean
  readonly order?: Tensor | undefined
  readonly signal: AbortSignal | undefined
  readonly budget?: Budget
}

/** The steps of a pass, or null where they are not known beforehand. */
export function stepsOf(samples: Samples): number | null {
  return samples.kind === 'rows' ? Math.ceil(rowsIn(samples.data) / samples.batchSize) : samples.count
}

/**
 * The steps of a pass over at most so many, or null where they are not known beforehand.
 *
 * @param argument what limits them
 * @throws data.infinite
 */
export function stepsWithin(
  op: string,
  count: number | null,
  limit: number | undefined,
  argument: string,
): number | null {
  if (limit === undefined && count === Infinity) fail('data.infinite', { op, argument })
  return limit ?? count
}

/** The calls of one pass over the samples, in an order of rows if they are in memory; the last batch may be smaller. */
export async function* callsOf(
  programs: StepPrograms,
  samples: Samples,
  { batchwise, order, signal, budget = { steps: Infinity } }: PassOfCalls,
): AsyncGenerator<Call> {
  if (samples.kind === 'batches') {
    let index = 0
    for await (const given of untilAborted(samples.batches, signal)) {
      const batch = samples.convert(given, index++)
      budget.steps--
      yield { steps: 1, batchSize: rowsIn(batch), run: () => runCall(programs.batch, [batch], 1) }
      if (budget.steps === 0) return
    }
    return
  }
  programs.rewind()
  const { data, batchSize } = samples
  const rows = rowsIn(data)
  const taken = order ?? range(rows)
  const call = (size: number, remaining: number): Call => {
    const args: Parameters<typeof programs.rows> = [data, taken, offsetsOf(size)]
    const most = batchwise ? 1 : Math.min(remaining, budget.steps)
    const steps = stepsOfCall(programs.rows, args, most)
    budget.steps -= steps
    return { steps, batchSize: size, run: () => runCall(programs.rows, args, steps) }
  }
  const full = Math.floor(rows / batchSize)
  for (let step = 0; step < full && budget.steps > 0; ) {
    const next = call(batchSize, full - step)
    yield next
    step += next.steps
  }
  if (rows % batchSize > 0 && budget.steps > 0) yield call(rows % batchSize, 1)
}
