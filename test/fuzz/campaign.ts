import { setImmediate } from 'node:timers/promises'
import type { Addon } from '../../ts/executors/addon.js'
import { executor, useExecutor } from '../../ts/executors/choice.js'
import { corpus } from './corpus.js'
import { Executor } from './execute.js'
import { type Mutant, mutantOf } from './mutant.js'

/** How many mutants were refused, and how many were accepted and then run. */
export interface Tally {
  accepted: number
  rejected: number
}

/** Which mutants a campaign takes: those whose numbers are `first`, `first + stride`, … below `end`. */
export interface Range {
  readonly seed: number
  readonly first: number
  readonly stride: number
  readonly end: number
}

/** So many mutants are tried in one turn of the event loop. */
const turnEvery = 1000

/** A defect, and the mutant that shows it. */
export class Finding extends Error {
  constructor(
    readonly index: number,
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Makes mutants by their numbers. */
export async function mutants(addon: Addon, seed: number): Promise<(index: number) => Mutant> {
  const former = executor()
  const sources = await corpus()
  useExecutor(former)
  const { isas, fusions } = addon.info()
  return (index) => mutantOf(sources, { isas, fusions }, seed, index)
}

/**
 * Feeds a range of mutants to the addon.
 *
 * @param before is called with the number of each mutant before it is tried
 * @throws Finding
 */
export async function campaign(
  addon: Addon,
  { seed, first, stride, end }: Range,
  before: (index: number, tally: Tally) => void = () => {},
): Promise<Tally> {
  const mutant = await mutants(addon, seed)
  const executor = new Executor(addon)
  const tally = { accepted: 0, rejected: 0 }
  for (let index = first; index < end; index += stride) {
    // Node frees the addon's objects between turns of the event loop only.
    if ((tally.accepted + tally.rejected) % turnEvery === 0) await setImmediate()
    before(index, tally)
    try {
      tally[executor.execute(mutant(index)) ? 'accepted' : 'rejected']++
    } catch (error) {
      throw new Finding(index, error)
    }
  }
  return tally
}
