import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('losses', () => {
  const labels = lw.tensor(new Int32Array([1, 2]))
  const logits = lw.tensor([
    [0.5, 1.5, -1],
    [2, 0, 1],
  ])
  const expected =
    [
      [0.5, 1.5, -1],
      [2, 0, 1],
    ]
      .map((row, i) => Math.log(row.reduce((a, x) => a + Math.exp(x), 0)) - (row[i + 1] as number))
      .reduce((a, b) => a + b) / 2

  it('sparseCategoricalCrossentropy of logits, probabilities and a softmax in the trace agree', () => {
    const { sparseCategoricalCrossentropy } = lw.losses
    const fromLogits = sparseCategoricalCrossentropy({ fromLogits: true })
    const fromProbabilities = sparseCategoricalCrossentropy()
    expect(fromLogits(labels, logits).item()).toBeCloseTo(expected, 5)
    expect(fromProbabilities(labels, lw.ops.softmax(logits)).item()).toBeCloseTo(expected, 5)
    const traced = lw.jit((x: lw.Tensor, y: lw.Tensor) => fromProbabilities(y, lw.ops.softmax(x)))
    expect(traced(logits, labels).item()).toBeCloseTo(expected, 5)
    expect(
      traced
        .plan(logits, labels)
        .info()
        .instructions.map(({ name }) => name),
    ).not.toContain('softmax')
  })

  it('stays finite, and keeps its gradient, where the softmax saturates', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy()
    const f = (x: lw.Tensor) => loss(lw.tensor(new Int32Array([0])), lw.ops.softmax(x))
    const [value, gradient] = lw.valueAndGrad(f)(lw.tensor([[-500, 500]]))
    expect(value.item()).toBeCloseTo(1000, 3)
    expect(gradient.arraySync()).toEqual([[-1, 1]])
  })

  it('clips probabilities as Keras does', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy()
    expect(loss(lw.tensor([0]), lw.tensor([[0, 1]])).item()).toBeCloseTo(-Math.log(1e-7), 4)
  })

  it('takes labels of any dtype, as [batch] or [batch, 1]', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
    for (const given of [lw.tensor([1, 2]), lw.tensor(new Uint8Array([1, 2])), lw.tensor([[1], [2]])]) {
      expect(loss(given, logits).item()).toBeCloseTo(expected, 5)
    }
  })

  it('meanSquaredError is the mean over everything', () => {
    const loss = lw.losses.meanSquaredError()
    expect(loss(lw.tensor([[1, 2]]), lw.tensor([[3, 5]])).item()).toBe(6.5)
  })

  it('reduce what is weighted and masked as Keras does', async () => {
    const [yTrue, yPred] = [
      lw.tensor([
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
      lw.tensor([
        [1, 1],
        [2, 2],
        [3, 3],
      ]),
    ]
    const reduced = (reduction: lw.losses.Reduction, weights: lw.losses.LossWeights = {}) =>
      lw.losses.meanSquaredError({ reduction })(yTrue, yPred, weights).arraySync()
    expect(reduced('none')).toEqual([1, 4, 9])
    expect(reduced('sum')).toBe(14)
    const weights = { sampleWeight: [1, 2, 0] }
    expect(reduced('sumOverBatchSize', weights)).toBe(3)
    expect(reduced('mean', { sampleWeight: [[1], [2], [0]] })).toBe(3)
    expect(reduced('meanWithSampleWeight', weights)).toBe(3)
    expect(reduced('none', weights)).toEqual([1, 8, 0])
    const mask = [true, false, true]
    expect(reduced('sumOverBatchSize', { mask })).toBe(5)
    expect(reduced('sum', { mask })).toBe(10)
    expect(reduced('sumOverBatchSize', { mask, ...weights })).toBe(0.5)
    expect(reduced('sumOverBatchSize', { mask: [false, false, false] })).toBe(0)
    await expectError('shape.mismatch', () => reduced('sum', { mask: [true] }))
    await expectError('name.unknown', () => reduced('total' as never))
    await expectError('argument.unknown', () => reduced('sum', { sampleWeights: [1] } as never))
  })

  it('weigh samples that have several positions', () => {
    const loss = lw.losses.meanSquaredError()
    const zeros = lw.tensor([
      [[0], [0]],
      [[0], [0]],
    ])
    const yPred = lw.tensor([
      [[1], [2]],
      [[3], [4]],
    ])
    expect(loss.values(zeros, yPred).arraySync()).toEqual([
      [1, 4],
      [9, 16],
    ])
    expect(loss(zeros, yPred, { sampleWeight: [1, 0] }).item()).toBe(1.25)
    const mask = [
      [true, false],
      [true, true],
    ]
    expect(loss(zeros, yPred, { mask }).item()).toBeCloseTo(26 / 3, 6)
    expect(loss(zeros, yPred, { mask, sampleWeight: [1, 0] }).item()).toBeCloseTo(1 / 3, 6)
  })

  it('sparseCategoricalCrossentropy leaves out a class', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 })
    const given = lw.tensor(new Int32Array([1, -1, 2]))
    const rows = lw.tensor([
      [0.5, 1.5, -1],
      [7, 8, 9],
      [2, 0, 1],
    ])
    expect(loss(given, rows).item()).toBeCloseTo(expected, 5)
    expect((loss.values(given, rows).arraySync() as number[])[1]).toBe(0)
  })

  it('crossentropies of a sigmoid or softmax in the trace are those of its logits', () => {
    const x = lw.tensor([[-60, 0.5, 60]])
    const y = lw.tensor([[1, 0, 0]])
    const { binaryCrossentropy, categoricalCrossentropy } = lw.losses
    const pairs = [
      [binaryCrossentropy, lw.ops.sigmoid],
      [categoricalCrossentropy, (logits: lw.Tensor) => lw.ops.softmax(logits)],
    ] as const
    for (const [loss, activation] of pairs) {
      const traced = lw.jit((logits: lw.Tensor) =>
        loss()(y, lw.ops.reshape(activation(lw.ops.reshape(logits, [3])), [1, 3])),
      )
      expect(traced(x).item()).toBeCloseTo(loss({ fromLogits: true })(y, x).item(), 4)
      expect(traced(x).item()).toBeGreaterThan(30)
    }
  })

  it('say what to do when targets are of another kind', async () => {
    const model = (units: number, loss: lw.losses.LossIdentifier) => {
      const made = lw.sequential({ layers: [lw.layers.dense({ units, inputShape: [2] })] })
      made.compile({ optimizer: 'sgd', loss })
      return made
    }
    const x = [
      [0, 1],
      [1, 0],
    ]
    const fails = async (units: number, loss: lw.losses.LossIdentifier, y: lw.ArrayData, cure: RegExp) => {
      const code = cure.source.startsWith('y must') ? 'labels.binary' : 'labels.shape'
      const error = await expectError(code, () => model(units, loss).fit(x, y, { verbose: 0 }))
      expect(error.message).toMatch(cure)
    }
    await fails(3, 'categoricalCrossentropy', [0, 2], /class numbers: use 'sparseCategoricalCrossentropy'/)
    await fails(3, 'categoricalCrossentropy', [[0], [2]], /class numbers/)
    const oneHot = [
      [1, 0, 0],
      [0, 0, 1],
    ]
    await fails(3, 'sparseCategoricalCrossentropy', oneHot, /one-hot rows: use 'categoricalCrossentropy'/)
    await fails(1, 'binaryCrossentropy', [0, 2], /y must be from 0 to 1/)
    await fails(1, 'binaryCrossentropy', [-1, 1], /y must be from 0 to 1/)
    const ignoring = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 })
    const history = await model(3, ignoring).fit(x, [-1, 2], { verbose: 0 })
    expect(history.history.loss?.[0]).toBeGreaterThan(0)
  })

  it('can be a plain function or a class of one’s own', async () => {
    class Pinball extends lw.losses.Loss {
      constructor(private readonly quantile: number) {
        super()
      }
      override call(yTrue: lw.Tensor, yPred: lw.Tensor) {
        const error = lw.ops.subtract(yTrue, yPred)
        const upper = lw.ops.multiply(error, this.quantile)
        return lw.ops.mean(lw.ops.maximum(upper, lw.ops.multiply(error, this.quantile - 1)), { axis: -1 })
      }
    }
    const pinball = new Pinball(0.75)
    const [yTrue, yPred] = [lw.tensor([4, 0]), lw.tensor([[0], [4]])]
    expect(pinball.apply(yTrue, yPred).item()).toBe(2)
    expect(pinball.apply(yTrue, yPred, { sampleWeight: [1, 0] }).item()).toBe(1.5)
    const model = lw.sequential({ layers: [lw.layers.flatten({ inputShape: [1] })] })
    const lossOf = async (loss: lw.losses.LossIdentifier) => {
      model.compile({ optimizer: 'sgd', loss })
      return (await model.evaluate(yPred, yTrue, { verbose: 0 })).loss
    }
    expect(await lossOf(pinball)).toBe(2)
    expect(await lossOf((a, b) => lw.ops.square(lw.ops.subtract(a, b)))).toBe(16)
    expect(await lossOf((a, b) => lw.ops.sum(lw.ops.subtract(a, b)))).toBe(0)
    expect(await lossOf({ className: 'meanSquaredError', config: { reduction: 'sum' } })).toBe(32)
  })

  it('refuses shapes that do not belong together', async () => {
    const { meanSquaredError, sparseCategoricalCrossentropy } = lw.losses
    await expectError('shape.mismatch', () => meanSquaredError()(lw.tensor([1, 2, 3]), lw.tensor([[1], [2]])))
    await expectError('shape.mismatch', () => sparseCategoricalCrossentropy()(lw.tensor([1, 2, 3]), logits))
    await expectError(
      'argument.unknown',
      () => sparseCategoricalCrossentropy({ fromLogit: true } as object),
      {
        nearest: 'fromLogits',
      },
    )
  })
})
