import { fail } from '../../errors.js'
import type { Model } from '../../models/model.js'
import { checkOptions } from '../../options.js'
import type { Logs } from '../history.js'
import type { Callback } from './callback.js'
import { checkVerbosity, type Verbosity } from './verbosity.js'

export interface LearningRateSchedulerConfig extends Verbosity {
  /** The learning rate of an epoch, counted from 0, from that of the epoch before. */
  readonly schedule: (epoch: number, learningRate: number) => number
}

/**
 * Sets the learning rate at the beginning of each epoch. Logs have the learning rate of each epoch. Schedules of `lw.optimizers` change it from
 * step to step instead.
 *
 * @param config schedule; verbose (default 0)
 * @throws argument.type, argument.unknown; in training argument.range when the schedule gives no learning rate
 *
 * @example
 * lw.callbacks.learningRateScheduler({ schedule: (epoch, rate) => (epoch < 10 ? rate : rate * 0.9) })
 */
export function learningRateScheduler(config: LearningRateSchedulerConfig): Callback {
  checkOptions('learningRateScheduler', config, ['schedule', 'verbose'])
  const { schedule, verbose } = config
  if (typeof schedule !== 'function') {
    const expected = 'a function of the epoch and the learning rate'
    fail('argument.type', { op: 'learningRateScheduler', argument: 'schedule', expected, got: schedule })
  }
  checkVerbosity('learningRateScheduler', config)
  let model: Model
  return {
    setModel: (given: Model) => {
      model = given
    },
    onEpochBegin: (epoch: number) => {
      const { optimizer } = model
      const rate: unknown = schedule(epoch, optimizer.learningRate)
      if (typeof rate !== 'number' || !(rate >= 0)) {
        const expected = 'a function that gives a number of at least 0'
        fail('argument.range', { op: 'learningRateScheduler', argument: 'schedule', expected, got: rate })
      }
      optimizer.learningRate = rate
      if (verbose) console.log(`Epoch ${epoch + 1}: the learning rate is ${rate}`)
    },
    onEpochEnd: (_: number, logs: Logs) => {
      logs.learningRate = model.optimizer.learningRate
    },
  }
}
