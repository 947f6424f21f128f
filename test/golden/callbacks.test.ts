import { expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { readFixture } from './fixtures.js'

interface Entry {
  readonly callback: 'earlyStopping' | 'reduceLROnPlateau'
  readonly config: object
  /** The scripted val_loss of each epoch. */
  readonly values: readonly number[]
  readonly epochs?: number
  readonly stopped?: number
  readonly best?: number
  /** The number of the epoch whose weights the training ends with. */
  readonly weights?: number
  readonly rates?: readonly number[]
}

const entries = readFixture<Entry>('callbacks.json')
const logs = (value: number): lw.Logs => ({ loss: value, val_loss: value })

/** What callbacks see of a model: its weights are the number of the present epoch. */
class ScriptedModel {
  stopTraining = false
  weights = -1
  readonly optimizer = { learningRate: 0.1 }
  getWeights = () => [this.weights]
  setWeights = ([weights]: [number]) => {
    this.weights = weights
  }
}

test.each(
  entries
    .filter(({ callback }) => callback === 'earlyStopping')
    .map((entry, i) => [`${JSON.stringify(entry.config)}, sequence ${i % 5}`, entry] as const),
)('earlyStopping %s', (_, { values, config, epochs, stopped, best, weights }) => {
  const model = new ScriptedModel()
  const callback = lw.callbacks.earlyStopping(config)
  callback.setModel(model as never)
  callback.onTrainBegin()
  for (const [epoch, value] of values.entries()) {
    model.weights = epoch
    callback.onEpochEnd(epoch, logs(value))
    if (model.stopTraining) break
  }
  const trained = model.weights + 1
  callback.onTrainEnd()
  expect([trained, callback.stoppedEpoch, callback.bestEpoch, model.weights]).toEqual([
    epochs,
    stopped,
    best,
    weights,
  ])
})

test.each(
  entries
    .filter(({ callback }) => callback === 'reduceLROnPlateau')
    .map((entry, i) => [`${JSON.stringify(entry.config)}, sequence ${i % 5}`, entry] as const),
)('reduceLROnPlateau %s', (_, { values, config, rates }) => {
  const model = new ScriptedModel()
  const callback = lw.callbacks.reduceLROnPlateau(config)
  callback.setModel(model as never)
  callback.onTrainBegin()
  values.forEach((value, epoch) => {
    const given = logs(value)
    const before = model.optimizer.learningRate
    callback.onEpochEnd(epoch, given)
    expect(given.learningRate).toBe(before)
    expect(model.optimizer.learningRate).toBeCloseTo(rates?.[epoch] as number, 12)
  })
})
