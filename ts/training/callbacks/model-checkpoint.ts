import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail } from '../../errors.js'
import type { Model } from '../../models/model.js'
import { checkBoolean, checkInteger, checkInterval, checkOptions, failName } from '../../options.js'
import type { Logs, TrainingParams } from '../history.js'
import type { Callback } from './callback.js'
import { Monitor, type MonitorConfig } from './monitor.js'
import { checkVerbosity, type Verbosity } from './verbosity.js'

export interface ModelCheckpointConfig extends Pick<MonitorConfig, 'monitor' | 'mode'>, Verbosity {
  /** Where to save. '{epoch}', counted from 1, '{batch}' and the logs' names in braces stand for their values: '{epoch:02d}-{val_loss:.2f}'. */
  readonly filepath: string
  /** Whether only models that are better than all before are saved (default false). */
  readonly saveBestOnly?: boolean
  /** Whether the weights alone are saved (default false). */
  readonly saveWeightsOnly?: boolean
  /** 'epoch' (default), or after how many batches; each call of the executor then makes one step. */
  readonly saveFreq?: 'epoch' | number
  /** What the first model has to be better than to be saved, with saveBestOnly (default: nothing). */
  readonly initialValueThreshold?: number
}

export class ModelCheckpoint implements Callback {
  onTrainBatchEnd?: (batch: number, logs: Logs) => Promise<void>
  readonly #config: ModelCheckpointConfig
  readonly #monitor: Monitor
  #model!: Model
  #best: number | undefined
  #epoch = 0

  constructor(config: ModelCheckpointConfig) {
    const own = ['filepath', 'saveBestOnly', 'saveWeightsOnly', 'saveFreq', 'initialValueThreshold']
    checkOptions('modelCheckpoint', config, ['monitor', 'mode', 'verbose', ...own])
    const { filepath, saveBestOnly, saveWeightsOnly, saveFreq = 'epoch', initialValueThreshold } = config
    if (typeof filepath !== 'string' || filepath === '') {
      const expected = "a text, such as 'model.safetensors'"
      fail('argument.type', { op: 'modelCheckpoint', argument: 'filepath', expected, got: filepath })
    }
    checkBoolean('modelCheckpoint', 'saveBestOnly', saveBestOnly)
    checkBoolean('modelCheckpoint', 'saveWeightsOnly', saveWeightsOnly)
    if (saveFreq !== 'epoch') checkInteger('modelCheckpoint', 'saveFreq', saveFreq, 1)
    if (initialValueThreshold !== undefined) {
      const bounds = { minimum: -Infinity }
      checkInterval('modelCheckpoint', 'initialValueThreshold', initialValueThreshold, bounds)
    }
    checkVerbosity('modelCheckpoint', config)
    this.#config = config
    this.#monitor = new Monitor('modelCheckpoint', config)
    this.#best = initialValueThreshold
    if (saveFreq !== 'epoch') this.onTrainBatchEnd = this.#everyBatches(saveFreq)
  }

  setModel(model: Model): void {
    this.#model = model
    this.#monitor.watch(model, undefined)
  }

  setParams(params: TrainingParams): void {
    this.#monitor.watch(undefined, params)
  }

  onEpochBegin(epoch: number): void {
    this.#epoch = epoch
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if ((this.#config.saveFreq ?? 'epoch') === 'epoch') await this.#save({ epoch: epoch + 1 }, logs)
  }

  /** Saves after each so many batches, over epochs. */
  #everyBatches(frequency: number) {
    let batches = 0
    return async (batch: number, logs: Logs) => {
      if (++batches % frequency === 0) await this.#save({ epoch: this.#epoch + 1, batch: batch + 1 }, logs)
    }
  }

  async #save(position: { epoch: number; batch?: number }, logs: Logs): Promise<void> {
    const { filepath, saveBestOnly, saveWeightsOnly, verbose } = this.#config
    if (saveBestOnly) {
      const current = this.#monitor.valueIn(logs)
      if (current === undefined || !this.#monitor.isImprovement(current, this.#best)) return
      this.#best = current
    }
    const path = fillIn(filepath, { ...logs, ...position })
    await mkdir(dirname(path), { recursive: true }).catch((error: Error) =>
      fail('io.write', { path, reason: error.message }),
    )
    await (saveWeightsOnly ? this.#model.saveWeights(path) : this.#model.save(path))
    if (verbose) console.log(`Epoch ${position.epoch}: the model is saved to ${path}`)
  }
}

/** A text with values in the place of names in braces, which may have a format: ':02d' or ':.4f'. */
function fillIn(text: string, values: Readonly<Record<string, number>>): string {
  return text.replace(/\{(\w+)(?::(?:0?(\d+)d|\.(\d+)f))?\}/g, (_, name: string, digits, decimals) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined)
      return failName('log (in filepath of modelCheckpoint)', name, Object.keys(values))
    return decimals === undefined
      ? String(value).padStart(Number(digits ?? 0), '0')
      : value.toFixed(Number(decimals))
  })
}

/**
 * Saves the model, or its weights, while it is trained: after each epoch or so many batches, or whenever it is better than before.
 *
 * @param config filepath; monitor (default 'val_loss'), verbose (0), saveBestOnly (false), saveWeightsOnly (false), mode ('auto'), saveFreq
 *   ('epoch'), initialValueThreshold
 * @throws argument.range, argument.type, argument.unknown; in training name.unknown when no log is called so, and what `model.save` throws
 *
 * @example
 * lw.callbacks.modelCheckpoint({ filepath: 'best.safetensors', saveBestOnly: true })
 */
export function modelCheckpoint(config: ModelCheckpointConfig): ModelCheckpoint {
  return new ModelCheckpoint(config)
}
