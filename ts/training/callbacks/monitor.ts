import { fail } from '../../errors.js'
import type { Model } from '../../models/model.js'
import { checkInterval, failName } from '../../options.js'
import type { Logs, TrainingParams } from '../history.js'

/** What is watched of the logs, and what counts as better. */
export interface MonitorConfig {
  /** The name of a loss or a metric in the logs (default 'val_loss'). */
  readonly monitor?: string
  /** Whether less or more is better (default 'auto': what the metric says; of losses, less). */
  readonly mode?: 'auto' | 'min' | 'max'
  /** The change that is not yet an improvement. */
  readonly minDelta?: number
}

/** Watches a value of the logs. */
export class Monitor {
  readonly name: string
  readonly #mode: 'auto' | 'min' | 'max'
  readonly #minDelta: number
  #model: Model | undefined
  #validation = false

  constructor(
    private readonly op: string,
    { monitor = 'val_loss', mode = 'auto', minDelta = 0 }: MonitorConfig,
  ) {
    if (typeof monitor !== 'string') {
      fail('argument.type', {
        op,
        argument: 'monitor',
        expected: 'the name of a loss or a metric',
        got: monitor,
      })
    }
    if (!['auto', 'min', 'max'].includes(mode)) failName(`mode of ${op}`, mode, ['auto', 'min', 'max'])
    checkInterval(op, 'minDelta', minDelta, { minimum: -Infinity })
    this.name = monitor
    this.#mode = mode
    this.#minDelta = Math.abs(minDelta)
  }

  /** Learns which training is watched. */
  watch(model: Model | undefined, params: TrainingParams | undefined): void {
    this.#model = model ?? this.#model
    this.#validation = params?.validation ?? this.#validation
  }

  /**
   * The value in the logs of an epoch; undefined in an epoch without validation.
   *
   * @throws name.unknown when no epoch will have it
   */
  valueIn(logs: Partial<Logs>): number | undefined {
    const value = logs[this.name]
    if (value !== undefined) return value
    const awaited = this.#validation && this.name.startsWith('val_') && this.name.slice(4) in logs
    if (awaited) return undefined
    return failName(`log (monitor of ${this.op})`, this.name, Object.keys(logs))
  }

  /** Whether a value is better than another by more than the least change; anything is better than nothing. */
  isImprovement(value: number, reference: number | undefined): boolean {
    if (reference === undefined) return true
    return this.#lessIsBetter() ? value + this.#minDelta < reference : value - this.#minDelta > reference
  }

  #lessIsBetter(): boolean {
    if (this.#mode !== 'auto') return this.#mode === 'min'
    const name = this.name.replace(/^val_/, '')
    if (name === 'loss' || name.endsWith('_loss')) return true
    const direction = this.#model?.metricDirection(name)
    if (direction === undefined) {
      const expected = `'min' or 'max', since '${this.name}' does not say whether less is better`
      fail('argument.range', { op: this.op, argument: 'mode', expected, got: 'auto' })
    }
    return direction === 'down'
  }
}
