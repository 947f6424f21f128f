import { hashed } from '../../ts/ops/samples.js'

/** Repeatable choices for generators of tests. */
export class RandomSource {
  #draws = 0

  constructor(private readonly seed: number) {}

  /** A number in [0, 1). */
  number(): number {
    return hashed(this.#draws++, 5000 + this.seed)
  }

  /** An integer from 0 up to, but not including, n. */
  below(n: number): number {
    return Math.floor(this.number() * n)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  chance(probability: number): boolean {
    return this.number() < probability
  }
}
