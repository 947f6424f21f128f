interface Entry<V> {
  readonly value: V
  used: number
}

/** Keeps the most recently used values, up to a number of them. */
export class Cache<V> {
  readonly #entries = new Map<string, Entry<V>>()
  /** Counts uses. */
  #clock = 0

  constructor(
    private readonly capacity: number,
    private readonly evict: (value: V) => void,
  ) {}

  /** The value of a key, made when it is not there. */
  get(key: string, make: () => V): V {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { value: make(), used: 0 }
      if (this.#entries.size >= this.capacity) this.#evictOldest()
      this.#entries.set(key, entry)
    }
    entry.used = this.#clock++
    return entry.value
  }

  clear(): void {
    for (const { value } of this.#entries.values()) this.evict(value)
    this.#entries.clear()
  }

  #evictOldest(): void {
    const oldest = (a: [string, Entry<V>], b: [string, Entry<V>]) => (b[1].used < a[1].used ? b : a)
    const [key, { value }] = [...this.#entries].reduce(oldest)
    this.#entries.delete(key)
    this.evict(value)
  }
}
