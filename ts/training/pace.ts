/** How long one call of the executor should take: long enough to make its cost vanish, short enough to log and to stop. */
const targetMilliseconds = 50

/** Chooses how many steps a call makes from the time that the calls before it took. */
export class Pace {
  #steps = 1

  /** @param fixed one step a call, for callbacks that look at every batch */
  constructor(private readonly fixed = false) {}

  /** The steps of the next call, of those that remain. */
  next(remaining: number): number {
    return Math.min(this.#steps, remaining)
  }

  /** Takes account of a call. */
  took(steps: number, milliseconds: number): void {
    if (this.fixed) return
    const ideal = Math.floor((targetMilliseconds * steps) / Math.max(milliseconds, 0.001))
    this.#steps = Math.max(1, Math.min(ideal, this.#steps * 8))
  }
}
