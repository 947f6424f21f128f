import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const x = lw.tensor(Array.from({ length: 10 }, (_, i) => [i / 10, 1 - i / 10]))
const y = lw.tensor(new Int32Array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]))

function createModel() {
  const model = lw.sequential({
    layers: [lw.layers.dense({ units: 2, activation: 'softmax', inputShape: [2] })],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

describeOnEachBackend('callbacks', () => {
  it("are called as Keras's are", async () => {
    const calls: string[] = []
    const names = [
      'onTrainBegin',
      'onTrainEnd',
      'onEpochBegin',
      'onEpochEnd',
      'onTrainBatchBegin',
      'onTrainBatchEnd',
      'onTestBegin',
      'onTestEnd',
      'onTestBatchBegin',
      'onTestBatchEnd',
    ] as const
    const callback = Object.fromEntries(
      names.map((name) => [
        name,
        (...args: unknown[]) => {
          const [index] = args.filter((arg) => typeof arg === 'number')
          calls.push(index === undefined ? name : `${name} ${index}`)
        },
      ]),
    ) as lw.Callback
    await createModel().fit(x, y, {
      epochs: 2,
      batchSize: 4,
      validationSplit: 0.5,
      verbose: 0,
      callbacks: [callback],
    })
    const epoch = (n: number) => [
      `onEpochBegin ${n}`,
      'onTrainBatchBegin 0',
      'onTrainBatchEnd 0',
      'onTrainBatchBegin 1',
      'onTrainBatchEnd 1',
      'onTestBegin',
      'onTestBatchBegin 0',
      'onTestBatchEnd 0',
      'onTestBatchBegin 1',
      'onTestBatchEnd 1',
      'onTestEnd',
      `onEpochEnd ${n}`,
    ]
    expect(calls).toEqual(['onTrainBegin', ...epoch(0), ...epoch(1), 'onTrainEnd'])
  })

  it('of prediction and evaluation are called too', async () => {
    const calls: string[] = []
    const model = createModel()
    await model.predict(x, {
      batchSize: 6,
      callbacks: {
        onPredictBegin: () => calls.push('begin'),
        onPredictBatchBegin: (batch) => calls.push(`batch ${batch}`),
        onPredictBatchEnd: (batch) => calls.push(`end of batch ${batch}`),
        onPredictEnd: () => calls.push('end'),
      },
    })
    expect(calls).toEqual(['begin', 'batch 0', 'end of batch 0', 'batch 1', 'end of batch 1', 'end'])
    let logs: lw.Logs | undefined
    const result = await model.evaluate(x, y, {
      callbacks: {
        onTestEnd: (given) => {
          logs = given
        },
      },
    })
    expect(logs).toEqual(result)
  })

  it('get the model, the parameters and the logs of the epoch', async () => {
    const seen: unknown[] = []
    const model = createModel()
    const callback = {
      model: undefined as lw.Model | undefined,
      setModel(given: lw.Model) {
        this.model = given
      },
      setParams: (params: unknown) => seen.push(params),
      onEpochEnd: (epoch: number, logs: lw.Logs) => seen.push([epoch, Object.keys(logs)]),
    }
    const { params } = await model.fit(x, y, { verbose: 0, validationData: [x, y], callbacks: callback })
    expect(callback.model).toBe(model)
    expect(seen).toEqual([params, [0, ['loss', 'accuracy', 'val_loss', 'val_accuracy']]])
  })

  it('can stop the training after an epoch, and change the learning rate', async () => {
    const model = createModel()
    const rates: number[] = []
    const { epoch } = await model.fit(x, y, {
      epochs: 10,
      verbose: 0,
      callbacks: {
        onEpochBegin: (epoch) => {
          model.optimizer.learningRate = 0.1 / 2 ** epoch
        },
        async onEpochEnd(epoch) {
          rates.push(model.optimizer.learningRate)
          model.stopTraining = epoch === 2
        },
      },
    })
    expect(epoch).toEqual([0, 1, 2])
    expect(rates).toEqual([0.1, 0.05, 0.025])
    expect((await model.fit(x, y, { verbose: 0 })).epoch).toEqual([0])
  })

  it('that fail end the training with their error', async () => {
    const model = createModel()
    const onEpochEnd = () => {
      throw new RangeError('mine')
    }
    await expect(model.fit(x, y, { verbose: 0, callbacks: { onEpochEnd } })).rejects.toThrow('mine')
    await model.fit(x, y, { verbose: 0 })
  })

  it('with a misspelt hook are refused', async () => {
    const callbacks = { onEpochEnds: () => {} } as lw.Callback
    await expectError('argument.unknown', () => createModel().fit(x, y, { callbacks }), {
      nearest: 'onEpochEnd',
    })
    await expectError('argument.type', () => createModel().fit(x, y, { callbacks: [3] as never }))
  })
})

describeOnEachBackend('an AbortSignal', () => {
  it('stops a training, and the model stays usable', async () => {
    const model = createModel()
    const controller = new AbortController()
    const epochs: number[] = []
    const training = model.fit(x, y, {
      epochs: 1e6,
      verbose: 0,
      signal: controller.signal,
      callbacks: { onEpochEnd: (epoch) => epochs.push(epoch) },
    })
    setTimeout(() => controller.abort(), 20)
    await expect(training).rejects.toMatchObject({ name: 'AbortError' })
    expect(epochs.length).toBeLessThan(1e5)
    expect((await model.fit(x, y, { verbose: 0 })).epoch).toEqual([0])
  })

  it('rejects with its reason, also before the first step', async () => {
    const model = createModel()
    const signal = AbortSignal.abort(new Error('not today'))
    const options = { verbose: 0, signal } as const
    await expect(model.fit(x, y, options)).rejects.toThrow('not today')
    expect(model.optimizer.iterations).toBe(0)
    await expect(model.evaluate(x, y, { signal })).rejects.toThrow('not today')
    await expect(model.predict(x, { signal })).rejects.toThrow('not today')
  })

  it('ends the wait for a batch that never comes', async () => {
    const model = createModel()
    const never = new Promise<never>(() => {})
    async function* stuck<Batch>(batch: Batch) {
      yield batch
      yield await never
    }
    const aborted = { name: 'AbortError' }
    const soon = () => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 20)
      return { verbose: 0, signal: controller.signal } as const
    }
    await expect(model.fit(stuck([x, y] as const), soon())).rejects.toMatchObject(aborted)
    await expect(model.evaluate(stuck([x, y] as const), soon())).rejects.toMatchObject(aborted)
    await expect(model.predict(stuck(x), soon())).rejects.toMatchObject(aborted)
  })

  it('is no hindrance to an iterable that ends early', async () => {
    const model = createModel()
    let closed = false
    async function* endless() {
      try {
        for (;;) yield [x, y] as const
      } finally {
        closed = true
      }
    }
    const onTrainBatchEnd = (batch: number) => {
      model.stopTraining = batch === 2
    }
    const { signal } = new AbortController()
    await model.fit(endless(), { verbose: 0, signal, callbacks: { onTrainBatchEnd } })
    expect([closed, model.optimizer.iterations]).toEqual([true, 3])
  })

  it('may come from the event loop, which goes on while short epochs follow each other', async () => {
    const model = createModel()
    const turn = () => new Promise(setImmediate)
    let turns = 0
    const stop = async () => {
      while (++turns < 20) await turn()
      model.stopTraining = true
    }
    const training = model.fit(x, y, { epochs: 1_000_000, verbose: 0 })
    await Promise.all([training, stop()])
    expect((await training).epoch.length).toBeLessThan(1_000_000)
  })
})
