import type { Tensor } from '../tensor.js'
import type { Logs } from './history.js'
import type { StepPrograms } from './programs.js'

/** The logs of a pass: what its steps gave and what the metrics have gathered. */
export class Tally {
  readonly #totals: number[] = []
  #samples = 0

  constructor(private readonly programs: StepPrograms) {}

  /** Takes the steps of a call into account: `results` are lists of a number for each step. Gives the losses. */
  add(results: readonly Tensor[], batchSize: number): ArrayLike<number> {
    const { averaged } = this.programs
    const columns = results.map((result) => result.dataSync())
    const steps = columns[0]?.length ?? 0
    columns.forEach((column, k) => {
      if (!averaged) this.#totals[k] = column[steps - 1] as number
      else for (const value of column) this.#totals[k] = (this.#totals[k] ?? 0) + value * batchSize
    })
    this.#samples += averaged ? steps * batchSize : 0
    const loss = this.programs.names.indexOf('loss')
    return columns[loss] ?? []
  }

  /** Means over the samples so far, or what the last step of a model's own gave; then the metrics' results. */
  get logs(): Logs {
    const { averaged, names, measured } = this.programs
    const logs: Partial<Logs> = {}
    names.forEach((name, k) => {
      const total = this.#totals[k] ?? NaN
      logs[name] = averaged ? total / this.#samples : total
    })
    for (const { name, metric } of measured) logs[name] = metric.result().item()
    return logs as Logs
  }
}
