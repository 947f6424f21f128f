import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { serialize } from '../../ts/io/serialize.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('metrics', () => {
  it('accuracy adds up over batches until it is reset', () => {
    const metric = lw.metrics.accuracy()
    metric.update(
      lw.tensor(new Int32Array([0, 1])),
      lw.tensor([
        [0.9, 0.1],
        [0.8, 0.2],
      ]),
    )
    metric.update(lw.tensor([1]), lw.tensor([[0.1, 0.9]]))
    expect(metric.result().item()).toBeCloseTo(2 / 3, 6)
    metric.reset()
    metric.update(lw.tensor([1]), lw.tensor([[0.9, 0.1]]))
    expect(metric.result().item()).toBe(0)
  })

  it('accuracy takes one-hot targets', () => {
    const metric = lw.metrics.accuracy()
    metric.update(
      lw.tensor([
        [0, 1],
        [1, 0],
      ]),
      lw.tensor([
        [0.2, 0.8],
        [0.3, 0.7],
      ]),
    )
    expect(metric.result().item()).toBe(0.5)
  })

  it('clones share nothing', () => {
    const metric = lw.metrics.accuracy()
    const twin = metric.clone()
    metric.update(lw.tensor([0]), lw.tensor([[1, 0]]))
    twin.update(lw.tensor([1]), lw.tensor([[1, 0]]))
    expect([metric.result().item(), twin.result().item()]).toEqual([1, 0])
  })

  it('keeps its state through a traced function', () => {
    const metric = lw.metrics.accuracy()
    const update = lw.jit((y: lw.Tensor, p: lw.Tensor) => metric.update(y, p))
    update(lw.tensor([0]), lw.tensor([[1, 0]]))
    update(lw.tensor([0]), lw.tensor([[0, 1]]))
    expect(metric.result().item()).toBe(0.5)
  })

  it('accuracy takes the form that fits the shapes', () => {
    const accuracyOf = (yTrue: lw.Tensor, yPred: lw.Tensor) => {
      const metric = lw.metrics.accuracy()
      metric.update(yTrue, yPred)
      return metric.result().item()
    }
    expect(accuracyOf(lw.tensor([1, 0, 1]), lw.tensor([[0.9], [0.2], [0.4]]))).toBeCloseTo(2 / 3, 6)
    expect(accuracyOf(lw.tensor([[1], [0]]), lw.tensor([[0.9], [0.8]]))).toBe(0.5)
    expect(
      accuracyOf(
        lw.tensor([[1], [0]]),
        lw.tensor([
          [0, 1],
          [1, 0],
        ]),
      ),
    ).toBe(1)
  })

  it('weigh samples', () => {
    const metric = lw.metrics.precision()
    const [yTrue, yPred] = [lw.tensor([1, 0, 0]), lw.tensor([0.9, 0.8, 0.7])]
    metric.update(yTrue, yPred, { sampleWeight: [3, 1, 0] })
    expect(metric.result().item()).toBe(0.75)
    metric.reset()
    metric.update(yTrue, yPred, { mask: [true, true, false] })
    expect(metric.result().item()).toBe(0.5)
  })

  it('give zero before there is data, not NaN', () => {
    for (const metric of [
      lw.metrics.accuracy(),
      lw.metrics.precision(),
      lw.metrics.auc(),
      lw.metrics.f1Score(),
    ]) {
      expect(metric.result().item()).toBe(0)
    }
  })

  it('of several classes appear in logs, and are known by name and in serialized form', async () => {
    const model = lw.sequential({
      layers: [lw.layers.dense({ units: 3, activation: 'softmax', inputShape: [2] })],
    })
    model.compile({
      optimizer: 'sgd',
      loss: 'categoricalCrossentropy',
      metrics: [
        'recall',
        { className: 'auc', config: { curve: 'PR', name: 'pr' } },
        lw.metrics.f1Score({ average: 'macro' }),
      ],
    })
    const y = [
      [1, 0, 0],
      [0, 0, 1],
    ]
    const logs = await model.evaluate(
      [
        [0, 1],
        [1, 0],
      ],
      y,
      { verbose: 0 },
    )
    expect(Object.keys(logs)).toEqual(['loss', 'recall', 'pr', 'f1Score'])
    const form = { className: 'auc', config: { curve: 'PR' } }
    expect(serialize(lw.metrics.auc({ curve: 'PR' }))).toEqual(form)
  })

  it('can be a class of one’s own', async () => {
    class Largest extends lw.metrics.Metric {
      readonly largest = this.addState('largest')
      override update(_: lw.Tensor, yPred: lw.Tensor) {
        this.largest.assign(lw.ops.maximum(this.largest, lw.ops.max(yPred)))
      }
      override result() {
        return this.largest.read()
      }
      override clone() {
        return new Largest(this.name)
      }
    }
    const model = lw.sequential({ layers: [lw.layers.flatten({ inputShape: [1] })] })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [new Largest('largest')] })
    const logs = await model.evaluate([[1], [3], [2]], [[0], [0], [0]], { verbose: 0, batchSize: 1 })
    expect(logs.largest).toBe(3)
  })

  it('are refused where they cannot be', async () => {
    const { auc, f1Score, meanIoU, precision, topKCategoricalAccuracy } = lw.metrics
    await expectError('argument.unknown', () => precision({ threshold: 0.5 } as never), {
      nearest: 'thresholds',
    })
    await expectError('argument.range', () => precision({ thresholds: 1.5 }))
    await expectError('name.unknown', () => auc({ curve: 'roc' as never }), { nearest: 'ROC' })
    await expectError('argument.range', () => auc({ numThresholds: 1 }))
    await expectError('argument.range', () => f1Score({ average: 'mean' as never }))
    await expectError('argument.range', () => meanIoU({ numClasses: 0 }))
    await expectError('argument.range', () => topKCategoricalAccuracy({ k: 0 }))
    await expectError('argument.type', () => precision({ name: '' }))
    await expectError('shape.mismatch', () => precision().update(lw.tensor([1, 0]), lw.tensor([1, 0, 1])))
    await expectError('shape.mismatch', () => f1Score().update(lw.tensor([1]), lw.tensor([1])))
  })

  it('refuses outputs without classes', async () => {
    const metric = lw.metrics.accuracy()
    await expectError('shape.mismatch', () => metric.update(lw.tensor([1]), lw.tensor([1])))
    await expectError('shape.mismatch', () => metric.update(lw.tensor([1, 0]), lw.tensor([[1, 0]])))
  })
})
