import { describe, expect, it } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import * as lw from '../../ts/index.js'
import { sizeOf } from '../../ts/shape.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { batchNormalization } = lw.layers

describeOnEachBackend('batchNormalization', () => {
  const x = lw.tensor([
    [1, 10],
    [3, 30],
    [5, 80],
  ])

  it('moves its statistics in every step of a program', async () => {
    const layer = batchNormalization({ momentum: 0.5, inputShape: [2] })
    layer.apply(x)
    const step = lw.jit((x: lw.Tensor) => layer.apply(x, { training: true }))
    await step.run([x], { steps: 2 })
    expectClose(layer.movingMean.read(), [3 * 0.75, 40 * 0.75])
    expectClose(layer.movingVariance.read(), [0.25 + (8 / 3) * 0.75, 0.25 + (2600 / 3) * 0.75])
  })

  it('learns the statistics of the data in fit, which predict then uses', async () => {
    const model = lw.sequential({
      layers: [
        batchNormalization({ momentum: 0.1, center: false, scale: false, epsilon: 0, inputShape: [2] }),
        lw.layers.dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const [normalization] = model.layers as [lw.layers.Layer]
    await model.fit(x, lw.tensor([[0], [1], [2]]), { epochs: 20, batchSize: 3, verbose: 0 })
    expectClose(normalization.apply(x), [-1.2247449, -1.0190493, 0, -0.3396831, 1.2247449, 1.3587324], 1e-5)
    expect(model.trainableWeights.length).toBe(2)
  })

  it('keeps its statistics, and uses them, where it or a model around it is frozen', () => {
    const layer = batchNormalization({ inputShape: [2] })
    const model = lw.sequential({ layers: [layer] })
    for (const frozen of [layer, model]) {
      frozen.trainable = false
      expect(model.apply(x, { training: true }).arraySync()).toEqual(model.apply(x).arraySync())
      expect(layer.movingMean.read().arraySync()).toEqual([0, 0])
      expect(model.trainableWeights).toEqual([])
      model.trainable = true
    }
    expectClose(lw.ops.sum(model.apply(x, { training: true }), { axis: 0 }), [0, 0], 1e-5)
    expect(layer.movingMean.read().arraySync()).not.toEqual([0, 0])
  })

  it('leaves out the steps that a mask marks', () => {
    const layer = batchNormalization({ momentum: 0, epsilon: 0 })
    const sequences = lw.tensor([
      [[1], [3], [100]],
      [[5], [100], [100]],
    ])
    const mask = lw.tensor([
      [true, true, false],
      [true, false, false],
    ])
    const y = layer.apply(sequences, { training: true, mask })
    expectClose(layer.movingMean.read(), [3])
    expectClose(layer.movingVariance.read(), [8 / 3])
    expectClose(lw.ops.where(lw.ops.expandDims(mask, -1), y, 0), [-1.2247449, 0, 0, 1.2247449, 0, 0])
  })

  it('has the gradient of the moments, and of that gradient', () => {
    const layer = batchNormalization({ epsilon: 0 })
    const f = (x: lw.Tensor) =>
      lw.ops.sum(lw.ops.multiply(layer.apply(lw.ops.expandDims(x, -1), { training: true }), [[1], [2], [5]]))
    const slope = (x: lw.Tensor) => lw.ops.sum(lw.ops.multiply(lw.grad(f)(x), [1, 0, 0]))
    const point = [1, 3, 6]
    const differences = (g: (x: lw.Tensor) => lw.Tensor) =>
      point.map((_, i) => {
        const at = (step: number) =>
          g(lw.tensor(point.map((value, k) => value + (k === i ? step : 0)))).item()
        return (at(0.01) - at(-0.01)) / 0.02
      })
    expectClose(lw.grad(f)(lw.tensor(point)), differences(f), 1e-3)
    expectClose(lw.grad(slope)(lw.tensor(point)), differences(slope), 1e-3)
  })

  it('refuses what cannot be', async () => {
    await expectError('argument.range', () => batchNormalization({ momentum: 2 }), { argument: 'momentum' })
    await expectError('argument.range', () => batchNormalization({ epsilon: -1 }), { argument: 'epsilon' })
    await expectError('argument.range', () => batchNormalization({ axis: [1] as never }), {
      argument: 'axis',
    })
    await expectError('argument.unknown', () => batchNormalization({ movingMeanRegularizer: 'l2' } as never))
    await expectError('layer.input', () => batchNormalization({ axis: 3 }).apply(x))
  })
})

describe.runIf(nativeAddon())('batchNormalization on the native executor', () => {
  it('writes one tensor of the size of its input in a step, the gradient', () => {
    lw.setBackend('native')
    const layer = batchNormalization()
    const x = lw.ops.broadcastTo(1, [40, 30])
    layer.apply(x)
    const weights = layer.trainableWeights
    const loss = (x: lw.Tensor, upstream: lw.Tensor) =>
      lw.ops.sum(lw.ops.multiply(layer.apply(x, { training: true }), upstream))
    const step = lw.jit((x: lw.Tensor, upstream: lw.Tensor) =>
      lw.grad(([x]: readonly [lw.Tensor, readonly lw.Variable[]]) => loss(x, upstream))([x, weights]),
    )
    const { instructions } = step.plan(x, x).info()
    expect(
      instructions.flatMap(({ outputs }) => outputs).filter(({ shape }) => sizeOf(shape) === 1200).length,
    ).toBe(1)
  })
})
