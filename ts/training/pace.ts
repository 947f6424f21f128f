import type { Jitted } from '../graph/jit.js'
import { Tensor } from '../tensor.js'
import { leavesOf } from '../tree.js'

/** How long one call of the executor should take: long enough to make its cost vanish, short enough to log and to stop. */
const targetMilliseconds = 50

/** How long the event loop may wait for calls that are over sooner than they could be handed to another thread and back. */
const holdMilliseconds = 2

/** Runs the calls of a pass: chooses from the time that those before took how many steps each makes, and on which thread. */
export class Pace {
  #steps = 1
  #stepMilliseconds = Infinity
  /** When the event loop last had its turn. */
  #turn = -Infinity

  /** @param fixed one step a call, for callbacks that look at every batch */
  constructor(private readonly fixed = false) {}

  /** The steps of the next call, of those that remain. */
  next(remaining: number): number {
    return Math.min(this.#steps, remaining)
  }

  /** Runs one call of a program: its results in order. */
  async run<Args extends unknown[]>(
    program: Jitted<Args, unknown>,
    args: Args,
    steps?: number,
  ): Promise<readonly Tensor[]> {
    const plan = program.plan(...args)
    const inputs = leavesOf(args).filter((leaf) => leaf instanceof Tensor)
    const start = performance.now()
    const expected = (steps ?? 1) * this.#stepMilliseconds
    const brief = start + expected - this.#turn < holdMilliseconds
    const results = brief ? plan.runSync(inputs, steps) : await plan.run(inputs, steps)
    const end = performance.now()
    if (!brief) this.#turn = end
    this.#took(steps ?? 1, end - start)
    return results
  }

  #took(steps: number, milliseconds: number): void {
    this.#stepMilliseconds = milliseconds / steps
    if (this.fixed) return
    const ideal = Math.floor((targetMilliseconds * steps) / Math.max(milliseconds, 0.001))
    this.#steps = Math.max(1, Math.min(ideal, this.#steps * 8))
  }
}
