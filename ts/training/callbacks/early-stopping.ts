import type { Model } from '../../models/model.js'
import { checkBoolean, checkInteger, checkInterval, checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import type { Logs, TrainingParams } from '../history.js'
import type { Callback } from './callback.js'
import { Monitor, type MonitorConfig } from './monitor.js'
import { checkVerbosity, type Verbosity } from './verbosity.js'

export interface EarlyStoppingConfig extends MonitorConfig, Verbosity {
  /** Epochs without improvement before the training stops (default 0). */
  readonly patience?: number
  /** What an improvement has to be better than as well to end the waiting (default: nothing). */
  readonly baseline?: number
  /** Whether the weights of the best epoch come back when the training ends (default false). */
  readonly restoreBestWeights?: boolean
  /** The epoch to begin with, counted from 0 (default 0). */
  readonly startFromEpoch?: number
}

export class EarlyStopping implements Callback {
  /** The epoch after which it stopped the training, counted from 0; 0 if it did not. */
  stoppedEpoch = 0
  bestEpoch = 0
  best: number | undefined
  readonly #config: EarlyStoppingConfig
  readonly #monitor: Monitor
  #wait = 0
  #bestWeights: readonly Tensor[] | undefined
  #model!: Model

  constructor(config: EarlyStoppingConfig = {}) {
    const own = ['patience', 'baseline', 'restoreBestWeights', 'startFromEpoch']
    checkOptions('earlyStopping', config, ['monitor', 'mode', 'minDelta', 'verbose', ...own])
    const { patience = 0, baseline, restoreBestWeights, startFromEpoch = 0 } = config
    checkInteger('earlyStopping', 'patience', patience, 0)
    checkInteger('earlyStopping', 'startFromEpoch', startFromEpoch, 0)
    checkBoolean('earlyStopping', 'restoreBestWeights', restoreBestWeights)
    checkVerbosity('earlyStopping', config)
    if (baseline !== undefined) checkInterval('earlyStopping', 'baseline', baseline, { minimum: -Infinity })
    this.#monitor = new Monitor('earlyStopping', config)
    this.#config = config
  }

  setModel(model: Model): void {
    this.#model = model
    this.#monitor.watch(model, undefined)
  }

  setParams(params: TrainingParams): void {
    this.#monitor.watch(undefined, params)
  }

  onTrainBegin(): void {
    this.#wait = this.stoppedEpoch = this.bestEpoch = 0
    this.best = this.#bestWeights = undefined
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const { patience = 0, baseline, restoreBestWeights, startFromEpoch = 0 } = this.#config
    const current = this.#monitor.valueIn(logs)
    if (current === undefined || epoch < startFromEpoch) return
    const remember = () => {
      this.bestEpoch = epoch
      if (restoreBestWeights) this.#bestWeights = this.#model.getWeights()
    }
    if (restoreBestWeights && !this.#bestWeights) remember()
    this.#wait++
    if (this.#monitor.isImprovement(current, this.best)) {
      this.best = current
      remember()
      if (baseline === undefined || this.#monitor.isImprovement(current, baseline)) this.#wait = 0
    } else if (this.#wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch
      this.#model.stopTraining = true
    }
  }

  onTrainEnd(): void {
    const { verbose } = this.#config
    if (this.stoppedEpoch > 0 && verbose) console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`)
    if (!this.#bestWeights) return
    if (verbose) console.log(`The weights are those of the best epoch, ${this.bestEpoch + 1}`)
    this.#model.setWeights(this.#bestWeights)
  }
}

/**
 * Stops a training when a value of the logs has not become better for some epochs.
 *
 * @param config monitor (default 'val_loss'), minDelta (0), patience (0), verbose (0), mode ('auto'), baseline, restoreBestWeights (false),
 *   startFromEpoch (0)
 * @throws argument.range, argument.type, argument.unknown; in training name.unknown when no log is called so
 *
 * @example
 * const callbacks = lw.callbacks.earlyStopping({ patience: 5, restoreBestWeights: true })
 * await model.fit(x, y, { epochs: 200, validationSplit: 0.2, callbacks })
 */
export function earlyStopping(config: EarlyStoppingConfig = {}): EarlyStopping {
  return new EarlyStopping(config)
}
