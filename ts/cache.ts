/** Keeps the most recently used values, up to a number of them. */
export class Cache<V> {
  readonly #entries = new Map<string, V>()

  constructor(
    private readonly capacity: number,
    private readonly evict: (value: V) => void,
  ) {}

  /** The value of a key, made when it is not there. */
  get(key: string, make: () => V): V {
    let value = this.#entries.get(key)
    if (value === undefined) {
      value = make()
      if (this.#entries.size >= this.capacity) {
        const [oldest, leaving] = this.#entries.entries().next().value as [string, V]
        this.#entries.delete(oldest)
        this.evict(leaving)
      }
    } else {
      this.#entries.delete(key)
    }
    this.#entries.set(key, value)
    return value
  }

  clear(): void {
    for (const value of this.#entries.values()) this.evict(value)
    this.#entries.clear()
  }
}
