import { type Batches, range } from '../data/arrays.js'
import type { Tensor } from '../tensor.js'
import type { Pace } from './pace.js'
import { offsetsOf, type StepPrograms } from './programs.js'
import { untilAborted } from './until-aborted.js'

/** Samples and their targets, all in memory or batch by batch. */
export type Samples =
  | { readonly kind: 'rows'; readonly x: Tensor; readonly y: Tensor; readonly batchSize: number }
  | {
      readonly kind: 'batches'
      readonly batches: Batches<unknown>
      /** Converts and checks a batch. */
      readonly convert: (batch: unknown, index: number) => { x: Tensor; y: Tensor }
    }

/** One call of the executor: some steps, all of one batch size. */
export interface Call {
  readonly steps: number
  readonly batchSize: number
  /** Runs it: the loss of each step. */
  run(): Promise<Tensor>
}

/** The steps of an epoch, or null where they are not known beforehand. */
export function stepsOf(samples: Samples): number | null {
  return samples.kind === 'rows' ? Math.ceil((samples.x.shape[0] as number) / samples.batchSize) : null
}

/** The calls of one pass over the samples, in an order of rows if they are in memory; the last batch may be smaller. */
export async function* callsOf(
  programs: StepPrograms,
  samples: Samples,
  { pace, order, signal }: { pace: Pace; order?: Tensor | undefined; signal: AbortSignal | undefined },
): AsyncGenerator<Call> {
  programs.rewind()
  if (samples.kind === 'batches') {
    let index = 0
    for await (const batch of untilAborted(samples.batches, signal)) {
      const { x, y } = samples.convert(batch, index++)
      const run = () => pace.run(programs.batch, [x, y], 1)
      yield { steps: 1, batchSize: x.shape[0] as number, run }
    }
    return
  }
  const { x, y, batchSize } = samples
  const rows = x.shape[0] as number
  const taken = order ?? range(rows)
  const call = (size: number, steps: number): Call => ({
    steps,
    batchSize: size,
    run: () => pace.run(programs.rows, [x, y, taken, offsetsOf(size)], steps),
  })
  const full = Math.floor(rows / batchSize)
  for (let step = 0; step < full; ) {
    const steps = pace.next(full - step)
    yield call(batchSize, steps)
    step += steps
  }
  if (rows % batchSize > 0) yield call(rows % batchSize, 1)
}
