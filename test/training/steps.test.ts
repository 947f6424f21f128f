import { expect, it, onTestFinished, vi } from 'vitest'
import { executor } from '../../ts/executors/choice.js'
import { NativeExecutorPlan } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const quiet = { verbose: 0, shuffle: false } as const
const x = lw.tensor([[1], [2], [3], [4], [5]])
const y = lw.tensor([[0], [0], [0], [0], [0]])

/** Gives x itself: losses are squares of x. */
function createModel(learningRate = 0) {
  const layers = [lw.layers.dense({ units: 1, kernelInitializer: 'ones', inputShape: [1] })]
  const model = lw.sequential({ layers })
  model.compile({ optimizer: lw.optimizers.sgd({ learningRate }), loss: 'meanSquaredError' })
  return model
}

/** The squares of x that each step of a training sees, epoch by epoch. */
async function seen(options: lw.FitOptions, data: unknown, targets?: lw.Tensor) {
  const epochs: number[][] = []
  let [total, steps] = [0, 0]
  const model = createModel()
  const history = await model.fit(data as lw.Tensor, targets as lw.Tensor, {
    ...quiet,
    ...options,
    callbacks: {
      onEpochBegin: () => {
        epochs.push([])
        total = steps = 0
      },
      onTrainBatchEnd: (_, { loss }) => {
        epochs.at(-1)?.push(Math.round(++steps * loss - total))
        total = steps * loss
      },
    },
  })
  return { epochs, history }
}

describeOnEachBackend('steps', () => {
  it('of an epoch can be fewer than the data has; the next epoch goes on from there', async () => {
    const options = { epochs: 4, batchSize: 1, stepsPerEpoch: 2 }
    const { epochs, history } = await seen(options, x, y)
    expect(epochs).toEqual([
      [1, 4],
      [9, 16],
      [25, 1],
      [4, 9],
    ])
    expect(history.params.steps).toBe(2)
    let closed = 0
    const stream = {
      *[Symbol.iterator]() {
        try {
          for (let i = 1; i <= 3; i++) yield [[[i]], [[0]]] as const
        } finally {
          closed++
        }
      },
    }
    const batches = await seen({ epochs: 2, stepsPerEpoch: 4 }, stream)
    expect(batches.epochs).toEqual([
      [1, 4, 9, 1],
      [4, 9, 1, 4],
    ])
    expect(closed).toBe(3)
  })

  it('of an epoch end where an iterable that can be read once ends', async () => {
    const once = [1, 2].map((i) => [[[i]], [[0]]] as const).values()
    const { epochs } = await seen({ stepsPerEpoch: 5 }, once)
    expect(epochs).toEqual([[1, 4]])
  })

  it('are as many in one call as an epoch has', async () => {
    const model = createModel()
    const { history } = await model.fit(x, y, { ...quiet, epochs: 40, batchSize: 1, stepsPerEpoch: 7 })
    expect(model.optimizer.iterations).toBe(280)
    expect(history.loss?.[0]).toBeCloseTo(60 / 7, 4)
    expect(history.loss?.[1]).toBeCloseTo(80 / 7, 4)
  })

  it('of evaluation, validation and prediction can be fewer', async () => {
    const model = createModel()
    expect((await model.evaluate(x, y, { batchSize: 2, steps: 2 })).loss).toBe(7.5)
    expect((await model.predict(x, { batchSize: 2, steps: 2 })).arraySync()).toEqual([[1], [2], [3], [4]])
    const endless = {
      *[Symbol.iterator]() {
        for (;;) yield [[[2]], [[0]]] as const
      },
    }
    expect((await model.evaluate(endless, { steps: 3 })).loss).toBe(4)
    const options = { epochs: 3, validationData: [x, y] as const, validationSteps: 1 }
    const { history } = await model.fit(x, y, { ...quiet, ...options, validationBatchSize: 2 })
    expect(history.val_loss).toEqual([2.5, 2.5, 2.5])
  })

  it('of validation can come after some epochs only', async () => {
    const validated = async (validationFreq: number | readonly number[]) => {
      const epochs: number[] = []
      const callbacks = {
        onEpochEnd: (epoch: number, logs: lw.Logs) => {
          if ('val_loss' in logs) epochs.push(epoch)
        },
      }
      const options = { epochs: 5, validationData: [x, y] as const, validationFreq, callbacks }
      await createModel().fit(x, y, { ...quiet, ...options })
      return epochs
    }
    expect(await validated(2)).toEqual([1, 3])
    expect(await validated([1, 5])).toEqual([0, 4])
  })

  it('go on from an initial epoch', async () => {
    const { history, epoch } = await createModel().fit(x, y, { ...quiet, epochs: 5, initialEpoch: 3 })
    expect([epoch, history.loss?.length]).toEqual([[3, 4], 2])
  })

  it('options out of range are refused', async () => {
    for (const argument of ['stepsPerEpoch', 'validationSteps', 'validationBatchSize'] as const) {
      await expectError('argument.range', () => createModel().fit(x, y, { [argument]: 0 }), { argument })
    }
    await expectError('argument.range', () => createModel().fit(x, y, { initialEpoch: -1 }))
    await expectError('argument.range', () => createModel().fit(x, y, { validationFreq: [0] }))
    await expectError('argument.range', () => createModel().evaluate(x, y, { steps: 0 }))
  })
})

describeOnEachBackend('steps on single batches', () => {
  it('train as fit does, and gather their logs until they are reset', async () => {
    const [model, twin] = [createModel(0.01), createModel(0.01)]
    const batches = [
      [
        [[1], [2]],
        [[0], [0]],
      ],
      [[[3]], [[0]]],
    ] as const
    const logs = []
    for (const [x, y] of batches) logs.push(await model.trainOnBatch(x, y))
    const { history } = await twin.fit(batches, quiet)
    expect(logs[1]).toEqual({ loss: history.loss?.[0] })
    expect(logs[0]?.loss).toBe(2.5)
    expect(model.getWeights()[0]?.arraySync()).toEqual(twin.getWeights()[0]?.arraySync())
    model.resetMetrics()
    const [x, y] = batches[1]
    const alone = await model.trainOnBatch(x, y)
    expect(alone.loss).toBeLessThan(9)
    expect(await model.trainOnBatch(x, y, { sampleWeight: [0] })).toEqual({ loss: alone.loss / 2 })
    await model.fit([[x, y]], quiet)
    expect((await model.trainOnBatch(x, y)).loss).toBeLessThan(alone.loss)
  })

  it('measure without training', async () => {
    const model = createModel()
    expect(await model.testOnBatch([[1], [2]], [[0], [0]])).toEqual({ loss: 2.5 })
    expect(await model.testOnBatch([[1], [2]], [[0], [0]], { sampleWeight: [2, 0] })).toEqual({ loss: 1.75 })
    model.resetMetrics()
    expect(await model.testOnBatch([[3]], [[0]])).toEqual({ loss: 9 })
    expect((await model.predictOnBatch([[3], [4]])).arraySync()).toEqual([[3], [4]])
    expect(model.optimizer.iterations).toBe(0)
  })

  it('let the event loop have its turn, however short they are', async () => {
    const model = createModel()
    for (let i = 0; i < 3; i++) await model.predictOnBatch([[3], [4]])
    let turned = false
    setImmediate(() => {
      turned = true
    })
    for (let i = 0; i < 2000 && !turned; i++) await model.predictOnBatch([[3], [4]])
    expect(turned).toBe(true)
  })

  it('may be of more sizes at once than plans are kept for', async () => {
    const model = createModel()
    const rows = (count: number) => Array.from({ length: count }, (_, row) => [row])
    for (let i = 0; i < 3; i++) await model.predictOnBatch(rows(1))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const sizes = Array.from({ length: 20 }, (_, i) => i + 1)
    const outputs = await Promise.all(sizes.map((count) => model.predictOnBatch<lw.Tensor>(rows(count))))
    expect(outputs.map(({ shape }) => shape)).toEqual(sizes.map((count) => [count, 1]))
  })

  it('leave this thread while another run is under way, for which they might have to wait', async () => {
    if (executor().name !== 'native') return expect(executor().busy).toBe(false)
    onTestFinished(() => void vi.restoreAllMocks())
    const model = createModel()
    for (let i = 0; i < 3; i++) await model.predictOnBatch([[3], [4]])
    const here = vi.spyOn(NativeExecutorPlan.prototype, 'runSync')
    const busy = vi.spyOn(executor(), 'busy', 'get')
    await model.predictOnBatch([[3], [4]])
    expect(here).toHaveBeenCalledTimes(1)
    busy.mockReturnValue(true)
    await model.predictOnBatch([[3], [4]])
    expect(here).toHaveBeenCalledTimes(1)
    vi.restoreAllMocks()
    const run = lw.jit((a: lw.Tensor) => lw.ops.add(a, 1)).run([x])
    expect(executor().busy).toBe(true)
    await run
    expect(executor().busy).toBe(false)
  })

  it('refuse what fit refuses', async () => {
    const model = createModel()
    await expectError('data.length', () => model.trainOnBatch([[1], [2]], [[0]]))
    await expectError('data.targets', () => model.trainOnBatch([[1]]), { op: 'trainOnBatch' })
    await expectError('argument.unknown', () => model.trainOnBatch([[1]], [[0]], { weight: 1 } as never))
    const training = model.fit(x, y, { ...quiet, epochs: 50 })
    await expectError('training.busy', () => model.trainOnBatch([[1]], [[0]]), { op: 'trainOnBatch' })
    await training
    const fresh = lw.sequential({ layers: [lw.layers.dense({ units: 1, inputShape: [1] })] })
    await expectError('model.uncompiled', () => fresh.trainOnBatch([[1]], [[0]]))
    await expectError('model.uncompiled', () => fresh.resetMetrics())
    fresh.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [(_, yPred) => yPred] })
    fresh.resetMetrics()
    expect(Object.keys(await fresh.trainOnBatch([[1]], [[0]]))).toEqual(['loss', 'metric'])
  })
})
