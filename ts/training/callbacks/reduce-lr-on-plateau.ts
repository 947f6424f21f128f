import type { Model } from '../../models/model.js'
import { checkInteger, checkInterval, checkOptions } from '../../options.js'
import type { Logs, TrainingParams } from '../history.js'
import type { Callback } from './callback.js'
import { Monitor, type MonitorConfig } from './monitor.js'
import { checkVerbosity, type Verbosity } from './verbosity.js'

export interface ReduceLROnPlateauConfig extends MonitorConfig, Verbosity {
  /** What the learning rate is multiplied by, below 1 (default 0.1). */
  readonly factor?: number
  /** Epochs without improvement before it is reduced (default 10). */
  readonly patience?: number
  /** Epochs after a reduction in which nothing is waited for (default 0). */
  readonly cooldown?: number
  /** What it never goes below (default 0). */
  readonly minLr?: number
}

export class ReduceLROnPlateau implements Callback {
  readonly #config: ReduceLROnPlateauConfig
  readonly #monitor: Monitor
  #model!: Model
  #best: number | undefined
  #cooldown = 0
  #wait = 0

  constructor(config: ReduceLROnPlateauConfig = {}) {
    const own = ['factor', 'patience', 'cooldown', 'minLr']
    checkOptions('reduceLROnPlateau', config, ['monitor', 'mode', 'minDelta', 'verbose', ...own])
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0, minDelta = 1e-4 } = config
    checkInterval('reduceLROnPlateau', 'factor', factor, { minimum: 0, limit: 1 })
    checkInteger('reduceLROnPlateau', 'patience', patience, 0)
    checkInteger('reduceLROnPlateau', 'cooldown', cooldown, 0)
    checkInterval('reduceLROnPlateau', 'minLr', minLr, { minimum: 0 })
    checkVerbosity('reduceLROnPlateau', config)
    this.#config = config
    this.#monitor = new Monitor('reduceLROnPlateau', { ...config, minDelta })
  }

  setModel(model: Model): void {
    this.#model = model
    this.#monitor.watch(model, undefined)
  }

  setParams(params: TrainingParams): void {
    this.#monitor.watch(undefined, params)
  }

  onTrainBegin(): void {
    this.#best = undefined
    this.#cooldown = this.#wait = 0
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const { patience = 10, cooldown = 0 } = this.#config
    const current = this.#monitor.valueIn(logs)
    logs.learningRate = this.#model.optimizer.learningRate
    if (current === undefined) return
    if (this.#cooldown > 0) {
      this.#cooldown--
      this.#wait = 0
    }
    if (this.#monitor.isImprovement(current, this.#best)) {
      this.#best = current
      this.#wait = 0
    } else if (this.#cooldown === 0 && ++this.#wait >= patience && this.#reduce(epoch)) {
      this.#cooldown = cooldown
      this.#wait = 0
    }
  }

  /** Whether the learning rate was above its bound and is less now. */
  #reduce(epoch: number): boolean {
    const { factor = 0.1, minLr = 0, verbose } = this.#config
    const { optimizer } = this.#model
    if (Math.fround(optimizer.learningRate) <= Math.fround(minLr)) return false
    optimizer.learningRate = Math.max(optimizer.learningRate * factor, minLr)
    if (verbose) console.log(`Epoch ${epoch + 1}: the learning rate is ${optimizer.learningRate} from now on`)
    return true
  }
}

/**
 * Reduces the learning rate when a value of the logs has not become better for some epochs. Logs have the learning rate of each epoch.
 *
 * @param config monitor (default 'val_loss'), factor (0.1), patience (10), verbose (0), mode ('auto'), minDelta (1e-4), cooldown (0), minLr (0)
 * @throws argument.range, argument.type, argument.unknown; in training name.unknown when no log is called so
 *
 * @example
 * lw.callbacks.reduceLROnPlateau({ factor: 0.2, patience: 5, minLr: 1e-5 })
 */
export function reduceLROnPlateau(config: ReduceLROnPlateauConfig = {}): ReduceLROnPlateau {
  return new ReduceLROnPlateau(config)
}
