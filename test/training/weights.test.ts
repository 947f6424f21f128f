import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const quiet = { verbose: 0, shuffle: false } as const
const x = lw.tensor([[1], [2], [3], [4]])
const y = lw.tensor([[0], [0], [0], [0]])

/** Gives x itself until it is trained: losses are squares of x. */
function createModel(config: Partial<Parameters<lw.Model['compile']>[0]> = {}) {
  const layers = [lw.layers.dense({ units: 1, kernelInitializer: 'ones', inputShape: [1] })]
  const model = lw.sequential({ layers })
  model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError', ...config })
  return model
}

describeOnEachBackend('weights of samples', () => {
  it('multiply the losses of samples, in memory and in batches', async () => {
    const model = createModel()
    const sampleWeight = [1, 0, 0, 2]
    const expected = (1 + 2 * 16) / 4
    for (const weights of [sampleWeight, new Float32Array(sampleWeight), lw.tensor(sampleWeight)]) {
      const { history } = await model.fit(x, y, { ...quiet, batchSize: 3, sampleWeight: weights })
      expect(history.loss?.[0]).toBeCloseTo(expected, 5)
      expect((await model.evaluate(x, y, { sampleWeight: weights })).loss).toBeCloseTo(expected, 5)
      const { history: batches } = await model.fit([[x, y, weights]], {
        ...quiet,
        validationData: [x, y, weights],
      })
      expect([batches.loss?.[0], batches.val_loss?.[0]]).toEqual([expected, expected])
    }
  })

  it('go with the samples when they are shuffled or split', async () => {
    const model = createModel()
    const options = { verbose: 0, batchSize: 1, sampleWeight: [1, 0, 0, 2] } as const
    expect((await model.fit(x, y, options)).history.loss?.[0]).toBeCloseTo(33 / 4, 5)
    const { history } = await model.fit(x, y, { ...options, validationSplit: 0.25 })
    expect([history.loss?.[0], history.val_loss?.[0]]).toEqual([1 / 3, 32])
  })

  it('follow from classes, in training alone', async () => {
    const layers = [lw.layers.dense({ units: 2, activation: 'softmax', inputShape: [1] })]
    const model = lw.sequential({ layers })
    model.compile({
      optimizer: lw.optimizers.sgd({ learningRate: 0 }),
      loss: 'sparseCategoricalCrossentropy',
    })
    const labels = [0, 1, 1, 0]
    const classWeight = { 1: 5 }
    const weighted = await model.fit(x, labels, { ...quiet, sampleWeight: [1, 5, 5, 1] })
    const options = { ...quiet, classWeight, validationData: [x, labels] as const }
    const { history } = await model.fit(x, labels, options)
    expect(history.loss).toEqual(weighted.history.loss)
    expect(history.val_loss?.[0]).toBe((await model.evaluate(x, labels)).loss)
    const batches = await model.fit([[x, labels]], { ...quiet, classWeight })
    expect(batches.history.loss).toEqual(weighted.history.loss)
    const split = await model.fit(x, labels, { ...quiet, classWeight, validationSplit: 0.5 })
    const half = await model.evaluate([[3], [4]], labels.slice(2))
    expect(split.history.val_loss?.[0]).toBe(half.loss)
  })

  it('follow from classes of one-hot rows, too', async () => {
    const layers = [lw.layers.dense({ units: 2, kernelInitializer: 'ones', inputShape: [1] })]
    const model = lw.sequential({ layers })
    model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' })
    const rows = [
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ]
    const { history } = await model.fit(x, rows, { ...quiet, classWeight: { 0: 2, 1: 0 } })
    expect(history.loss?.[0]).toBeCloseTo((2 * (0 + 1) + 2 * (9 + 16)) / 2 / 4, 5)
  })

  it('count in weighted metrics alone', async () => {
    const error = (_: lw.Tensor, yPred: lw.Tensor) => lw.ops.absolute(yPred)
    const model = createModel({ metrics: [error], weightedMetrics: [error] })
    const logs = await model.evaluate(x, y, { sampleWeight: [1, 0, 0, 3], batchSize: 3 })
    expect(logs).toEqual({ loss: expect.closeTo(49 / 4, 5), error: 2.5, weighted_error: 13 / 4 })
  })

  it('that do not fit are refused before the first step', async () => {
    const model = createModel()
    await expectError('data.length', () => model.fit(x, y, { sampleWeight: [1, 2] }), {
      argument: 'sampleWeight',
    })
    await expectError('argument.range', () => model.fit(x, y, { sampleWeight: [1, 2, 3, NaN] }))
    await expectError('data.structure', () => model.fit(x, y, { sampleWeight: { other: [1] } }))
    await expectError('data.stream', () => model.fit([[x, y]], { sampleWeight: [1, 1, 1, 1] }), {
      argument: 'sampleWeight',
    })
    const both = { sampleWeight: [1, 1, 1, 1], classWeight: { 0: 1 } }
    await expectError('argument.type', () => model.fit(x, y, both), { argument: 'classWeight' })
    for (const classWeight of [{ a: 1 }, { 0: NaN }, [1, 2], 3]) {
      await expectError('argument.type', () => model.fit(x, y, { classWeight: classWeight as never }))
    }
    expect(model.optimizer.iterations).toBe(0)
  })
})
