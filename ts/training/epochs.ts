import type { Budget, Call } from './calls.js'

/** Training data, epoch by epoch: an epoch is a pass, or a number of steps, where a pass may go on in the next epoch. */
export class Epochs {
  #rest: AsyncGenerator<Call> | undefined
  readonly #budget: Budget = { steps: Infinity }

  constructor(
    /** Begins a pass that takes from the budget what it yields. */
    private readonly begin: (budget: Budget) => AsyncGenerator<Call>,
    private readonly steps: number | undefined,
  ) {}

  /** The calls of the next epoch. Fewer steps than asked for come where the data gives no more. */
  async *next(): AsyncGenerator<Call> {
    if (this.steps === undefined) {
      yield* this.begin({ steps: Infinity })
      return
    }
    const budget = this.#budget
    budget.steps = this.steps
    let begun = 0
    while (budget.steps > 0) {
      if (!this.#rest) begun++
      this.#rest ??= this.begin(budget)
      const before = budget.steps
      const { done, value } = await this.#rest.next()
      if (!done) {
        yield value
        begun = 0
        continue
      }
      this.#rest = undefined
      // A pass that gives nothing from its beginning will never give anything.
      if (begun > 0 && before === budget.steps) return
    }
  }

  /** Ends a pass that is under way. */
  async close(): Promise<void> {
    await this.#rest?.return(undefined)
  }
}
