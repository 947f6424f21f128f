/** The loss and the metrics by name: 'loss', 'accuracy', 'val_loss', … */
export interface Logs {
  loss: number
  [metric: string]: number
}

/** What a training was asked to do. `steps` is null for iterables, whose length is not known. */
export interface TrainingParams {
  readonly epochs: number
  readonly steps: number | null
  readonly batchSize: number | null
  readonly samples: number | null
  /** Whether some epochs are followed by a validation. */
  readonly validation: boolean
}

/** What `fit` gives: for each epoch the loss and the metrics, also those of the validation data. */
export class History {
  /** The numbers of the epochs, from 0. */
  readonly epoch: number[] = []
  /** For 'loss' and each metric the value of each epoch; 'val_…' are those of the validation data. */
  readonly history: Record<string, number[]> = {}

  constructor(readonly params: TrainingParams) {}

  /** Adds an epoch. */
  add(epoch: number, logs: Logs): void {
    this.epoch.push(epoch)
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= []
      this.history[name].push(value)
    }
  }

  /** For each loss and accuracy its best value and the epoch of that; nothing where it is not known which way is better. */
  #best(names: readonly string[]): string[][] {
    const found = names.map((name) => {
      const values = this.history[name] as number[]
      const better = betterIs(name)
      const best = better && values.reduce((a, b) => (better(b, a) ? b : a))
      return best === undefined ? ['', ''] : [formatNumber(best), String(1 + values.indexOf(best))]
    })
    return [
      ['best', ...found.map(([value]) => value as string)],
      ['at', ...found.map(([, epoch]) => epoch as string)],
    ]
  }

  /** A table of the epochs, the middle of long ones left out. */
  toString(): string {
    const names = Object.keys(this.history)
    const rows = this.epoch.map((epoch, i) => [
      String(epoch + 1),
      ...names.map((name) => formatNumber(this.history[name]?.[i] as number)),
    ])
    const shown =
      rows.length > 12 ? [...rows.slice(0, 5), ['…', ...names.map(() => '…')], ...rows.slice(-5)] : rows
    const table = [['epoch', ...names], ...shown, ...(rows.length > 1 ? this.#best(names) : [])]
    const widths = (table[0] as string[]).map((_, k) => Math.max(...table.map((row) => row[k]?.length ?? 0)))
    const lines = table.map((row) => row.map((cell, k) => cell.padStart(widths[k] as number)).join('  '))
    return [`History of ${this.epoch.length} epoch${this.epoch.length === 1 ? '' : 's'}`, ...lines].join('\n')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** Which of two values of a metric is better, where its name tells. */
function betterIs(name: string): ((a: number, b: number) => boolean) | undefined {
  if (/loss|error|crossentropy|divergence/i.test(name)) return (a, b) => a < b
  return /accuracy|auc|precision|recall|score|iou/i.test(name) ? (a, b) => a > b : undefined
}

/** A loss or a metric in a few characters. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const magnitude = Math.abs(value)
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5) ? value.toExponential(2) : value.toFixed(4)
}
