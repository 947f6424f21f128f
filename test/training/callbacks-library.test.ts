import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { callbacks } = lw
const quiet = { verbose: 0, shuffle: false } as const
const x = lw.tensor([[1], [2], [3], [4]])
const y = lw.tensor([[0], [0], [0], [0]])

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A model whose one weight an optimizer lowers to zero: its losses fall. */
function createModel(learningRate = 0.01, metrics: lw.CompileConfig['metrics'] = []) {
  const layers = [lw.layers.dense({ units: 1, kernelInitializer: 'ones', useBias: false, inputShape: [1] })]
  const model = lw.sequential({ layers })
  model.compile({ optimizer: lw.optimizers.sgd({ learningRate }), loss: 'meanSquaredError', metrics })
  return model
}

describeOnEachBackend('callbacks of the library', () => {
  it('stop early, and restore the best weights', async () => {
    const model = createModel(0.3)
    const kernel = () => model.getWeights()[0]?.item()
    const stopping = callbacks.earlyStopping({ monitor: 'loss', patience: 1, restoreBestWeights: true })
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const { epoch } = await model.fit(x, y, { ...quiet, epochs: 20, callbacks: stopping })
    expect([epoch, stopping.stoppedEpoch, stopping.bestEpoch]).toEqual([[0, 1], 1, 0])
    expect(kernel()).toBeCloseTo(1 - 0.3 * 15, 4)
    const loud = callbacks.earlyStopping({ monitor: 'loss', restoreBestWeights: true, verbose: 1 })
    await model.fit(x, y, { ...quiet, epochs: 20, callbacks: loud })
    expect(log.mock.calls).toEqual([
      ['Epoch 2: early stopping'],
      ['The weights are those of the best epoch, 1'],
    ])
    log.mockRestore()
  })

  it('watch the validation where it comes, and metrics in their direction', async () => {
    const model = createModel(0.3)
    const options = { ...quiet, epochs: 9, validationData: [x, y] as const, validationFreq: 2 }
    const { epoch } = await model.fit(x, y, { ...options, callbacks: callbacks.earlyStopping() })
    expect(epoch).toEqual([0, 1, 2, 3])
    const classifier = lw.sequential({
      layers: [lw.layers.dense({ units: 2, activation: 'softmax', inputShape: [1] })],
    })
    const loss = 'sparseCategoricalCrossentropy'
    classifier.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0 }), loss, metrics: ['accuracy'] })
    const stopping = callbacks.earlyStopping({ monitor: 'accuracy' })
    const history = await classifier.fit(x, [0, 0, 1, 1], { ...quiet, epochs: 5, callbacks: stopping })
    expect(history.epoch).toEqual([0, 1])
  })

  it('refuse a log that does not come, with those that do', async () => {
    for (const monitor of ['val_loss', 'los']) {
      const watching = [callbacks.earlyStopping({ monitor }), callbacks.reduceLROnPlateau({ monitor })]
      for (const callback of watching) {
        const options = { ...quiet, epochs: 3, callbacks: callback }
        await expectError('name.unknown', () => createModel().fit(x, y, options), {
          name: monitor,
          known: ['loss'],
        })
      }
    }
    const error = (_: lw.Tensor, yPred: lw.Tensor) => lw.ops.absolute(yPred)
    const options = { ...quiet, epochs: 3, callbacks: callbacks.earlyStopping({ monitor: 'error' }) }
    await expectError('argument.range', () => createModel(0.01, [error]).fit(x, y, options), {
      argument: 'mode',
    })
  })

  it('reduce and schedule the learning rate, which the History has', async () => {
    const model = createModel(0)
    const reducing = callbacks.reduceLROnPlateau({ monitor: 'loss', patience: 1, factor: 0.5 })
    model.optimizer.learningRate = 0.3
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3, callbacks: reducing })
    expect(history.learningRate).toEqual([0.3, 0.3, 0.15].slice(0, 3))
    const schedule = (epoch: number, rate: number) => (epoch < 2 ? 0.01 : rate / 2)
    const scheduled = callbacks.learningRateScheduler({ schedule })
    const rates = await model.fit(x, y, { ...quiet, epochs: 4, callbacks: scheduled })
    expect(rates.history.learningRate).toEqual([0.01, 0.01, 0.005, 0.0025])
    const wrong = callbacks.learningRateScheduler({ schedule: () => NaN })
    await expectError('argument.range', () => model.fit(x, y, { callbacks: wrong }), { argument: 'schedule' })
  })

  it('end a training whose loss is not finite as if it were done', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const options = { ...quiet, epochs: 1000, batchSize: 1 }
    const model = createModel(1e10)
    const { history } = await model.fit(x, y, { ...options, callbacks: callbacks.terminateOnNaN() })
    expect(history.loss?.length).toBeLessThan(20)
    expect(history.loss?.at(-1)).not.toBe(0)
    expect(Number.isFinite(history.loss?.at(-1))).toBe(false)
    expect(log.mock.calls[0]?.[0]).toMatch(/^Batch \d: the loss is not finite/)
    const raising = callbacks.terminateOnNaN({ raiseError: true })
    await expectError('training.nonfinite', () =>
      createModel(1e10).fit(x, y, { ...options, callbacks: raising }),
    )
    log.mockRestore()
  })

  it('write logs to a file, and add to one that is there', async () => {
    const filename = join(folder, 'training.csv')
    const model = createModel(0)
    const options = { ...quiet, epochs: 2 }
    await model.fit(x, y, { ...options, callbacks: callbacks.csvLogger({ filename }) })
    expect(readFileSync(filename, 'utf8')).toBe('epoch,loss,val_loss\r\n0,7.5,NA\r\n1,7.5,NA\r\n')
    const append = callbacks.csvLogger({ filename, append: true })
    await model.fit(x, y, { ...options, initialEpoch: 1, callbacks: append, validationSplit: 0.25 })
    expect(readFileSync(filename, 'utf8').split('\r\n')[3]).toMatch(/^1,4\.66666\d*,16$/)
    await model.fit(x, y, { ...options, callbacks: callbacks.csvLogger({ filename, separator: ';' }) })
    expect(readFileSync(filename, 'utf8').split('\r\n')[1]).toBe('0;7.5;NA')
    const nowhere = callbacks.csvLogger({ filename: join(folder, 'none', 'a.csv') })
    await expectError('io.write', () => model.fit(x, y, { callbacks: nowhere, verbose: 0 }))
  })

  it('save models while they are trained', async () => {
    const within = join(folder, 'checkpoints', lw.backend())
    const model = createModel()
    const filepath = join(within, '{epoch:02d}-{loss:.1f}.safetensors')
    await model.fit(x, y, { ...quiet, epochs: 2, callbacks: callbacks.modelCheckpoint({ filepath }) })
    const saved = readdirSync(within).sort()
    expect(saved.map((name) => name.slice(0, 3))).toEqual(['01-', '02-'])
    const loaded = await lw.loadModel(join(within, saved[1] as string))
    expect(loaded.getWeights()[0]?.item()).toBe(model.getWeights()[0]?.item())

    const best = join(within, 'best.safetensors')
    const rising = createModel(0.3)
    const config = { filepath: best, monitor: 'loss', saveBestOnly: true, saveWeightsOnly: true } as const
    await rising.fit(x, y, { ...quiet, epochs: 3, callbacks: callbacks.modelCheckpoint(config) })
    const last = rising.getWeights()[0]?.item()
    await rising.loadWeights(best)
    expect(rising.getWeights()[0]?.item()).toBeCloseTo(1 - 0.3 * 15, 4)
    expect(rising.getWeights()[0]?.item()).not.toBe(last)

    const batches = callbacks.modelCheckpoint({ filepath: join(within, 'b{epoch}-{batch}'), saveFreq: 3 })
    await createModel().fit(x, y, { ...quiet, epochs: 2, batchSize: 1, callbacks: batches })
    expect(readdirSync(within).filter((name) => name.startsWith('b') && !name.startsWith('best'))).toEqual([
      'b1-3',
      'b2-2',
    ])
    const unknown = callbacks.modelCheckpoint({ filepath: join(within, '{accuracy}') })
    await expectError('name.unknown', () => createModel().fit(x, y, { ...quiet, callbacks: unknown }))
  })

  it('of functions are checked at once', async () => {
    const epochs: number[] = []
    const lambda = callbacks.lambdaCallback({ onEpochEnd: (epoch) => epochs.push(epoch) })
    await createModel().fit(x, y, { ...quiet, epochs: 2, callbacks: lambda })
    expect(epochs).toEqual([0, 1])
    await expectError('argument.unknown', () => callbacks.lambdaCallback({ onEpochEnds: () => {} } as never))
  })

  it('refuse options out of range', async () => {
    const refused = [
      () => callbacks.earlyStopping({ patience: -1 }),
      () => callbacks.earlyStopping({ verbose: 2 as never }),
      () => callbacks.earlyStopping({ minDelta: NaN }),
      () => callbacks.earlyStopping({ startFromEpoch: 0.5 }),
      () => callbacks.reduceLROnPlateau({ factor: 1 }),
      () => callbacks.reduceLROnPlateau({ cooldown: -1 }),
      () => callbacks.modelCheckpoint({ filepath: 'a', saveFreq: 0 }),
    ]
    for (const make of refused) await expectError('argument.range', make)
    await expectError('argument.unknown', () => callbacks.earlyStopping({ patince: 1 } as never), {
      nearest: 'patience',
    })
    await expectError('name.unknown', () => callbacks.earlyStopping({ mode: 'less' as never }))
    await expectError('argument.type', () => callbacks.csvLogger({ filename: '' }))
    await expectError('argument.type', () => callbacks.modelCheckpoint({ filepath: 3 as never }))
    await expectError('argument.type', () => callbacks.learningRateScheduler({ schedule: 0.1 as never }))
    await expectError('argument.type', () => callbacks.terminateOnNaN({ raiseError: 1 as never }))
  })
})
