import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { dense, Layer } = lw.layers
const quiet = { verbose: 0, shuffle: false } as const
const a = lw.tensor([
  [1, 2],
  [3, 4],
  [5, 6],
])
const b = lw.tensor([[1], [0], [1]])

/** Two inputs, two outputs: the sum of all, and the sum of b. */
function createModel(config: Partial<Parameters<lw.Model['compile']>[0]> = {}) {
  const [x, y] = [lw.input({ shape: [2], name: 'a' }), lw.input({ shape: [1], name: 'b' })]
  const ones = { kernelInitializer: 'ones' } as const
  const left = dense({ units: 1, ...ones }).apply(x)
  const second = dense({ units: 1, ...ones, name: 'second' }).apply(y)
  const first = lw.layers.add({ name: 'first' }).apply([left, second])
  const model = lw.model({ inputs: [x, y], outputs: [first, second] })
  model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError', ...config })
  return model
}

const zeros = lw.tensor([[0], [0], [0]])
const both = [zeros, zeros]
/** Of the outputs [4, 7, 12] and [1, 0, 1] against zeros. */
const [first, second] = [(16 + 49 + 144) / 3, 2 / 3]

describeOnEachBackend('several outputs', () => {
  it('have losses of their own, which are weighted and summed', async () => {
    const lossWeights = [
      [undefined, first + second],
      [[2, 0.5], 2 * first + 0.5 * second],
      [{ second: 3 }, first + 3 * second],
    ] as const
    for (const [weights, total] of lossWeights) {
      const model = createModel(weights && { lossWeights: weights })
      const logs = await model.evaluate([a, b], both, { verbose: 0 })
      expect(Object.keys(logs)).toEqual(['loss', 'first_loss', 'second_loss'])
      expectClose(lw.tensor(Object.values(logs)), [total, first, second], 1e-5)
    }
  })

  it('may be left out of the loss, and then need no targets', async () => {
    for (const loss of [{ second: 'meanSquaredError' }, [null, 'meanSquaredError']] as const) {
      const model = createModel({ loss })
      const logs = await model.evaluate({ a, b }, { second: zeros }, { verbose: 0 })
      expect(Object.keys(logs)).toEqual(['loss'])
      expect(logs.loss).toBeCloseTo(second, 5)
      await expectError('data.targets', () => model.evaluate([a, b], { first: zeros }, {}), {
        output: 'second',
      })
    }
  })

  it('have metrics of their own', async () => {
    const half = (_: lw.Tensor, yPred: lw.Tensor) => lw.ops.multiply(yPred, 0.5)
    const model = createModel({ metrics: { second: half }, weightedMetrics: [[half], [half]] })
    const weights = { first: [1, 0, 0], second: [0, 1, 3] }
    const logs = await model.evaluate([a, b], both, { sampleWeight: weights, verbose: 0 })
    expect(Object.keys(logs)).toEqual([
      'loss',
      'first_loss',
      'second_loss',
      'second_half',
      'first_half',
      'second_weighted_half',
    ])
    expect(logs.first_loss).toBeCloseTo(16 / 3, 5)
    expect(logs.second_loss).toBeCloseTo(1, 5)
    expect(logs.second_half).toBeCloseTo(1 / 3, 5)
    expect([logs.first_half, logs.second_weighted_half]).toEqual([2, 0.375])
  })

  it('and inputs are given in any form, batches and predictions too', async () => {
    const model = createModel()
    const forms = [
      [[a, b], both],
      [
        { b, a },
        { second: zeros, first: zeros },
      ],
      [[a.arraySync(), b.dataSync()], { first: [0, 0, 0], second: new Float64Array(3) }],
    ] as never[]
    const expectLogs = (logs: lw.Logs) =>
      expectClose(lw.tensor(Object.values(logs)), [first + second, first, second], 1e-5)
    for (const [x, y] of forms as [lw.ModelData, lw.ModelData][]) {
      expectLogs(await model.evaluate(x, y, { verbose: 0, batchSize: 2 }))
      expectLogs(await model.evaluate(x, y))
      expectLogs(await model.evaluate(new Set([[x, y] as const])))
      const predicted = await model.predict<lw.Tensor[]>(x, { batchSize: 2 })
      expect(predicted.map((output) => output.arraySync())).toEqual([
        [[4], [7], [12]],
        [[1], [0], [1]],
      ])
      expect((await model.predictOnBatch<lw.Tensor[]>(x)).map(({ shape }) => shape)).toEqual([
        [3, 1],
        [3, 1],
      ])
    }
    const { history } = await model.fit(new Set([[[a, b], both, [1, 1, 2]] as const]), quiet)
    expect(history.second_loss?.[0]).toBeCloseTo(1, 5)
    const split = await model.fit({ a, b }, both, { ...quiet, validationSplit: 0.4 })
    expect(split.history.val_second_loss).toEqual([0.5])
  })

  it('of a subclass are called by their keys', async () => {
    class Pair extends lw.Model {
      readonly one = dense({ units: 1, kernelInitializer: 'ones' })
      override call({ a, b }: { a: lw.Tensor; b: lw.Tensor }) {
        return { sum: lw.ops.add(this.one.apply(a), b), rest: b }
      }
    }
    const model = new Pair()
    model.compile({ optimizer: 'sgd', loss: { sum: 'meanSquaredError', rest: 'meanSquaredError' } })
    const logs = await model.evaluate({ a, b }, { sum: zeros, rest: zeros }, { verbose: 0 })
    expect(Object.keys(logs)).toEqual(['loss', 'sum_loss', 'rest_loss'])
    const { sum } = await model.predict<{ sum: lw.Tensor }>({ a, b }, { batchSize: 1 })
    expect(sum.arraySync()).toEqual([[4], [7], [12]])
  })

  it('refuse what does not fit them', async () => {
    const twice = { metrics: ['accuracy'] } as const
    await expectError('data.structure', () => createModel(twice), { argument: 'metrics' })
    await expectError('data.structure', () => createModel({ loss: { frist: 'meanSquaredError' } }), {
      nearest: 'first',
    })
    await expectError('data.structure', () => createModel({ lossWeights: [1] }), { argument: 'lossWeights' })
    await expectError('argument.range', () => createModel({ lossWeights: { first: NaN } }))
    await expectError('name.unknown', () => createModel({ loss: [null, 'meanSquareError' as never] }))
    const shared = lw.metrics.accuracy()
    await expectError('argument.range', () => createModel({ metrics: [[shared], [shared]] }), { got: shared })
    const model = createModel()
    await expectError('data.structure', () => model.fit([a], both, quiet), { argument: 'x' })
    await expectError('data.structure', () => model.fit([a, b], zeros, quiet), { argument: 'y' })
    await expectError('data.length', () => model.fit([a, [[1]]], both, quiet), { argument: "x 'b'", y: 1 })
    await expectError('data.length', () => model.fit([a, b], [zeros, [[1]]], quiet), {
      argument: "y 'second'",
    })
    await expectError('layer.input', () => model.fit([b, a], both, quiet), { layer: 'a' })
    await expectError('argument.type', () => model.fit([a, b], both, { ...quiet, classWeight: { 0: 1 } }), {
      argument: 'classWeight',
    })
  })
})

describeOnEachBackend('losses that layers add', () => {
  it('count in training and in evaluation, alone too', async () => {
    class Penalty extends Layer {
      override call(x: lw.Tensor): lw.Tensor {
        this.addLoss(lw.ops.mean(x))
        return x
      }
    }
    const layers = [new Penalty(), dense({ units: 1, kernelInitializer: 'ones' })]
    const model = lw.sequential({ layers })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const { loss } = await model.evaluate(b, zeros, { verbose: 0 })
    expect(loss).toBeCloseTo(2 / 3 + 2 / 3, 5)
    model.compile({ optimizer: 'sgd' })
    expect((await model.fit(b, undefined, quiet)).history.loss?.[0]).toBeCloseTo(2 / 3, 5)
    const error = (yTrue: lw.Tensor, yPred: lw.Tensor) => lw.ops.absolute(lw.ops.subtract(yTrue, yPred))
    model.compile({ optimizer: 'sgd', metrics: [error] })
    await expectError('data.targets', () => model.evaluate(b, undefined))
    expect(Object.keys(await model.evaluate(b, zeros, { verbose: 0 }))).toEqual(['loss', 'error'])
    const none = lw.sequential({ layers: [dense({ units: 1 })] })
    none.compile({ optimizer: 'sgd' })
    await expectError('model.lossless', () => none.fit(b, zeros, quiet))
  })
})
