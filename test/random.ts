/** Repeatable random choices: SplitMix with 32 bits of state, begun anew for each case so that any one can be made again alone. */
export class Random {
  #state: number

  constructor(seed: number, index = 0) {
    this.#state = Math.imul(seed ^ 0x5bf03635, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }

  /** A number in [0, 1). */
  number(): number {
    return this.bits() / 2 ** 32
  }

  /** An integer from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor(this.number() * limit)
  }

  chance(probability: number): boolean {
    return this.number() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}
