import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose } from '../expect.js'

const { dense, dropout } = lw.layers
const rows = 37
const features = Array.from({ length: rows }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 5) / 5])
const classes = Array.from({ length: rows }, (_, i) => i % 4)
const x = lw.tensor(features)
const y = lw.tensor(new Int32Array(classes))
const quiet = { verbose: 0, seed: 3 } as const

function createModel(seed = 1, extra: readonly lw.layers.Layer[] = []) {
  lw.seed(seed)
  const layers = [dense({ units: 8, activation: 'tanh', inputShape: [3] }), ...extra]
  const model = lw.sequential({ layers: [...layers, dense({ units: 4, activation: 'softmax' })] })
  const optimizer = lw.optimizers.adam({ learningRate: 0.02 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

const weightsOf = (model: lw.Model) => model.getWeights().map((weight) => weight.arraySync())

describeOnEachBackend('fit', () => {
  it('takes exactly the steps of a loop by hand, the partial last batch included', async () => {
    const [model, twin] = [createModel(), createModel()]
    const epochs = 3
    const history = await model.fit(x, y, { epochs, batchSize: 8, shuffle: false, verbose: 0 })

    const loss = lw.losses.sparseCategoricalCrossentropy()
    const optimizer = lw.optimizers.adam({ learningRate: 0.02 })
    for (let epoch = 0; epoch < epochs; epoch++) {
      let [total, correct] = [0, 0]
      for (let from = 0; from < rows; from += 8) {
        const [xs, ys] = [features.slice(from, from + 8), classes.slice(from, from + 8)]
        const weights = twin.trainableWeights
        const predicted = twin.apply(lw.tensor(xs))
        correct += ys.filter((label, i) => {
          const scores = (predicted.arraySync() as number[][])[i] as number[]
          return scores.indexOf(Math.max(...scores)) === label
        }).length
        const lossOf = (_weights: readonly lw.Variable[]) => loss(lw.tensor(ys), twin.apply(lw.tensor(xs)))
        const [value, gradients] = lw.valueAndGrad(lossOf)(weights)
        optimizer.apply(gradients, weights)
        total += value.item() * ys.length
      }
      expect(history.history.loss?.[epoch]).toBeCloseTo(total / rows, 5)
      expect(history.history.accuracy?.[epoch]).toBeCloseTo(correct / rows, 6)
    }
    model.getWeights().forEach((weight, i) => {
      expectClose(weight, twin.getWeights()[i]?.dataSync() as ArrayLike<number>, 1e-5)
    })
    expect(model.optimizer.iterations).toBe(epochs * 5)
  })

  it('one batch of everything, and batches larger than the data, are the same', async () => {
    const [a, b] = [createModel(), createModel()]
    await a.fit(x, y, { batchSize: rows, shuffle: false, verbose: 0 })
    await b.fit(x, y, { batchSize: 1000, shuffle: false, verbose: 0 })
    expect(weightsOf(a)).toEqual(weightsOf(b))
  })

  it('repeats with a seed, in shuffling and in dropout', async () => {
    const train = async (seed: number) => {
      const model = createModel(1, [dropout({ rate: 0.3 })])
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 8, verbose: 0, seed })
      return { history, weights: weightsOf(model) }
    }
    const first = await train(5)
    expect(await train(5)).toEqual(first)
    expect((await train(6)).history).not.toEqual(first.history)
  })

  it('repeats after lw.seed without a seed of its own', async () => {
    const train = async () => {
      const model = createModel(11)
      return (await model.fit(x, y, { epochs: 2, batchSize: 8, verbose: 0 })).history
    }
    expect(await train()).toEqual(await train())
  })

  it('shuffles every epoch anew, and shows every sample once', async () => {
    const model = lw.sequential({ layers: [dense({ units: 1, inputShape: [1] })] })
    const seen: number[][] = []
    let epoch: number[] = []
    model.compile({
      optimizer: lw.optimizers.sgd({ learningRate: 0 }),
      loss: (yTrue, yPred) => lw.ops.add(lw.ops.mean(yTrue), lw.ops.multiply(0, lw.ops.sum(yPred))),
    })
    const n = 10
    const ids = Array.from({ length: n }, (_, i) => [i])
    await model.fit(ids, ids, {
      epochs: 3,
      batchSize: 1,
      ...quiet,
      callbacks: {
        onEpochBegin: () => {
          epoch = []
          seen.push(epoch)
        },
        onTrainBatchEnd: (batch, { loss }) => {
          epoch.push(Math.round(loss * (batch + 1)) - epoch.reduce((a, b) => a + b, 0))
        },
      },
    })
    for (const order of seen) expect([...order].sort((a, b) => a - b)).toEqual(ids.flat())
    expect(seen[0]).not.toEqual(seen[1])
    expect(seen[1]).not.toEqual(seen[2])
  })

  it('validates on the last part of the data', async () => {
    const [a, b] = [createModel(), createModel()]
    const split = await a.fit(x, y, { epochs: 2, batchSize: 8, validationSplit: 0.25, ...quiet })
    const at = Math.floor(rows * 0.75)
    const validationData = [features.slice(at), classes.slice(at)] as const
    const given = await b.fit(features.slice(0, at), classes.slice(0, at), {
      epochs: 2,
      batchSize: 8,
      validationData,
      ...quiet,
    })
    expect(split.history).toEqual(given.history)
    expect(Object.keys(split.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy'])
    const { loss, accuracy } = await b.evaluate(...validationData, { batchSize: 8 })
    expect([loss, accuracy]).toEqual([given.history.val_loss?.[1], given.history.val_accuracy?.[1]])
  })

  it('takes data in every form', async () => {
    const flat = new Float32Array(features.flat())
    const forms: [lw.ArrayData, lw.ArrayData][] = [
      [features, classes],
      [flat, new Int32Array(classes)],
      [new Float64Array(flat), new Uint8Array(classes)],
      [{ data: flat, shape: [rows, 3] }, lw.tensor(classes)],
      [
        { data: [...flat], shape: [rows, 3] },
        { data: classes, shape: [rows, 1] },
      ],
      [x, y],
    ]
    const losses = []
    for (const [xs, ys] of forms) {
      const { history } = await createModel().fit(xs, ys, { batchSize: 8, ...quiet })
      losses.push(history.loss?.[0])
    }
    expect(new Set(losses).size).toBe(1)
  })

  it('takes iterables of batches, asynchronous ones too', async () => {
    const batches: (readonly [number[][], number[]])[] = []
    for (let from = 0; from < rows; from += 8) {
      batches.push([features.slice(from, from + 8), classes.slice(from, from + 8)])
    }
    const stream = {
      async *[Symbol.asyncIterator]() {
        yield* batches
      },
    }
    const inMemory = await createModel().fit(x, y, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0 })
    for (const source of [stream, new Set(batches), batches]) {
      const model = createModel()
      const { history } = await model.fit(source, { epochs: 2, verbose: 0, validationData: stream })
      inMemory.history.loss?.forEach((loss, epoch) => {
        expect(history.loss?.[epoch]).toBeCloseTo(loss, 6)
      })
      const { loss } = await model.evaluate(source)
      expect(loss).toBeCloseTo(history.val_loss?.[1] as number, 6)
    }
  })

  it('closes an iterator when it stops early', async () => {
    let closed = false
    const stream = {
      *[Symbol.iterator]() {
        try {
          for (;;) yield [features.slice(0, 4), classes.slice(0, 4)] as const
        } finally {
          closed = true
        }
      },
    }
    const model = createModel()
    let steps = 0
    const onTrainBatchEnd = () => {
      if (++steps === 3) model.stopTraining = true
    }
    await model.fit(stream, { verbose: 0, callbacks: { onTrainBatchEnd } })
    expect([steps, closed]).toEqual([3, true])
  })

  it('evaluates exactly for every batch size, and leaves the weights', async () => {
    const model = createModel()
    const before = weightsOf(model)
    const whole = await model.evaluate(x, y, { batchSize: rows })
    for (const batchSize of [1, 5, 32]) {
      const { loss, accuracy } = await model.evaluate(x, y, { batchSize })
      expect(loss).toBeCloseTo(whole.loss, 6)
      expect(accuracy).toBeCloseTo(whole.accuracy as number, 6)
    }
    expect(weightsOf(model)).toEqual(before)
  })

  it('predicts all rows in one tensor, at the same time as others', async () => {
    const model = createModel()
    const [whole, ...others] = await Promise.all([
      model.predict(x, { batchSize: rows }),
      model.predict(features, { batchSize: 5 }),
      model.predict([features.slice(0, 20), features.slice(20)].values()),
      model.predict(new Float32Array(features.flat())),
    ])
    expect(whole?.shape).toEqual([rows, 4])
    for (const prediction of others) expectClose(prediction, whole?.dataSync() as ArrayLike<number>)
  })

  it('evaluations may overlap with each other and with a training', async () => {
    const model = createModel()
    const alone = await model.evaluate(x, y)
    const [first, second] = await Promise.all([model.evaluate(x, y, { batchSize: 4 }), model.evaluate(x, y)])
    expect(first.accuracy).toBe(alone.accuracy)
    expect(second).toEqual(alone)
    const logs: lw.Logs[] = []
    const onTrainBatchEnd = async () => {
      logs.push(await model.evaluate(x, y))
    }
    const watched = await model.fit(x, y, { batchSize: 8, ...quiet, callbacks: { onTrainBatchEnd } })
    const unwatched = await createModel().fit(x, y, { batchSize: 8, ...quiet })
    expect(watched.history).toEqual(unwatched.history)
    expect(new Set(logs.map(({ loss }) => loss)).size).toBe(5)
  })

  it('learns values with meanSquaredError, metrics as functions, and names for all', async () => {
    lw.seed(2)
    const model = lw.sequential({ layers: [dense({ units: 1, inputShape: [1] })] })
    const error = (yTrue: lw.Tensor, yPred: lw.Tensor) => lw.ops.absolute(lw.ops.subtract(yTrue, yPred))
    model.compile({
      optimizer: lw.optimizers.sgd({ learningRate: 0.1 }),
      loss: 'meanSquaredError',
      metrics: [error],
    })
    const [xs, ys] = [
      [[0], [1], [2], [3]],
      [[1], [3], [5], [7]],
    ]
    const { history } = await model.fit(xs, ys, { epochs: 300, batchSize: 4, ...quiet })
    expect(history.loss?.at(-1)).toBeLessThan(1e-4)
    expect(history.error?.at(-1)).toBeLessThan(0.02)
    expectClose(await model.predict([[10]]), [21], 0.01)
    const flat = await model.evaluate(new Float32Array(xs.flat()), new Float64Array(ys.flat()))
    expect(flat).toEqual(await model.evaluate(xs, ys))
    expect(flat).toEqual(await model.evaluate(xs, ys.flat()))
  })

  it('continues where the former fit ended', async () => {
    const [twice, once] = [createModel(), createModel()]
    const options = { batchSize: rows, shuffle: false, verbose: 0 } as const
    await twice.fit(x, y, { ...options, epochs: 2 })
    await twice.fit(x, y, { ...options, epochs: 3 })
    await once.fit(x, y, { ...options, epochs: 5 })
    expect(weightsOf(twice)).toEqual(weightsOf(once))
  })

  it('trains only what is trainable', async () => {
    const model = createModel()
    model.layers[0]!.trainable = false
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    const before = weightsOf(model)
    await model.fit(x, y, quiet)
    const after = weightsOf(model)
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
    expect(after.slice(2)).not.toEqual(before.slice(2))
  })

  it('settles what is trainable at its first step, for all batch sizes, until it is compiled again', async () => {
    const model = createModel()
    await model.fit(x, y, { batchSize: 8, ...quiet })
    model.layers[0]!.trainable = false
    const kernel = () => [...(model.getWeights()[0] as lw.Tensor).dataSync()]
    const before = kernel()
    await model.fit(x, y, { batchSize: 7, ...quiet })
    const moved = kernel()
    expect(moved).not.toEqual(before)
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    await model.fit(x, y, { batchSize: 7, ...quiet })
    expect(kernel()).toEqual(moved)
  })

  it('gives a History as tfjs does, which prints readably', async () => {
    const history = await createModel().fit(x, y, { epochs: 15, batchSize: 8, ...quiet })
    expect(history.epoch).toEqual(Array.from({ length: 15 }, (_, i) => i))
    expect(history.params).toEqual({ epochs: 15, steps: 5, batchSize: 8, samples: rows, validation: false })
    expect(history.history.loss?.length).toBe(15)
    const text = inspect(history).split('\n')
    expect(text.slice(0, 2)).toEqual(['History of 15 epochs', 'epoch    loss  accuracy'])
    expect(text.length).toBe(15)
    expect(text.at(-2)).toMatch(/^ best +\d/)
  })

  it('lets the event loop run', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await createModel().fit(x, y, { epochs: 200, batchSize: 4, ...quiet })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})
