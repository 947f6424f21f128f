import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const weight = [
  [1, -2],
  [0.5, 4],
]

/** Data and a compiled model whose loss is the squared error of 2 · 1 + 3 · (-1) = -1 from 0, and some penalty. */
function compiled(
  config: Partial<lw.layers.DenseConfig>,
  optimizer = lw.optimizers.sgd({ learningRate: 0 }),
) {
  const model = lw.sequential({ layers: [lw.layers.dense({ units: 1, inputShape: [2], ...config })] })
  model.setWeights([[[1], [-1]], [0.5]])
  model.compile({ optimizer, loss: 'meanSquaredError' })
  return model
}

const [x, y] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[-0.5], [-0.5]],
]

describeOnEachBackend('regularizers', () => {
  it("follow Keras's formulas", () => {
    const { l1, l1l2, l2, orthogonalRegularizer } = lw.regularizers
    const t = lw.tensor(weight)
    expectClose(l1({ l1: 0.1 })(t), [0.75])
    expectClose(l2()(t), [0.2125])
    expectClose(l1l2({ l1: 0.1, l2: 0.01 })(t), [0.9625])
    const cosine = Math.abs(0.5 - 8) / (Math.sqrt(5) * Math.sqrt(16.25))
    expectClose(orthogonalRegularizer({ factor: 2 })(t), [2 * cosine])
  })

  it('add to the loss of training and of evaluation, and to the gradient', async () => {
    const model = compiled(
      { kernelRegularizer: lw.regularizers.l2({ l2: 0.1 }), biasRegularizer: 'l1' },
      lw.optimizers.sgd({ learningRate: 1 }),
    )
    const { loss } = await model.evaluate(x, y, { verbose: 0 })
    expect(loss).toBeCloseTo(0.1 * 2 + 0.01 * 0.5, 6)
    const { history } = await model.fit(x, y, { verbose: 0 })
    expect(history.loss?.[0]).toBeCloseTo(0.205, 6)
    // The error itself is zero, so that only the penalties move the weights.
    expectClose(model.getWeights()[0] as lw.Tensor, [0.8, -0.8])
    expectClose(model.getWeights()[1] as lw.Tensor, [0.49])
  })

  it('of activities count once a sample', async () => {
    const model = compiled({ activityRegularizer: lw.regularizers.l1({ l1: 0.1 }) })
    expect((await model.evaluate(x, y, { verbose: 0 })).loss).toBeCloseTo(0.05, 6)
  })

  it('leave out weights that are not trained', () => {
    const layer = lw.layers.dense({ units: 1, kernelRegularizer: 'l2' })
    layer.apply(lw.tensor([[1, 2]]))
    expect(layer.losses.length).toBe(1)
    layer.trainable = false
    expect(layer.losses).toEqual([])
  })

  it('come of what layers add in their last call, those within included', () => {
    class Penalty extends lw.layers.Layer {
      readonly inner = lw.layers.dense({ units: 1, kernelInitializer: 'ones', activityRegularizer: 'l1' })
      override call(input: lw.Tensor) {
        this.addLoss(lw.ops.mean(input))
        return this.inner.apply(input)
      }
    }
    const layer = new Penalty()
    layer.apply(lw.tensor([[7, 7]]))
    layer.apply(lw.tensor([[1, 2]]))
    expect(layer.losses.map((loss) => loss.item())).toEqual([1.5, Math.fround(0.03)])
    const traced = lw.jit((input: lw.Tensor) => {
      layer.apply(input)
      return layer.losses
    })
    expect(traced(lw.tensor([[3, 3]])).map((loss) => loss.item())).toEqual([3, Math.fround(0.06)])
    expect(layer.losses).toEqual([])
  })

  it('are known by name and by their serialized form, and say which they are', async () => {
    const { className, config } = lw.regularizers.l1l2({ l1: 0.5 })
    expect({ className, config }).toEqual({ className: 'l1l2', config: { l1: 0.5, l2: 0 } })
    const layer = lw.layers.dense({
      units: 1,
      kernelInitializer: 'ones',
      kernelRegularizer: { className: 'l1', config: { l1: 2 } },
    })
    layer.apply(lw.tensor([[1, 2, 3]]))
    expect(layer.losses.map((loss) => loss.item())).toEqual([6])
    const dense = (kernelRegularizer: never) => lw.layers.dense({ units: 1, kernelRegularizer })
    await expectError('name.unknown', () => dense('l3' as never), { nearest: 'l1' })
    await expectError('argument.type', () => dense(lw.regularizers.l1 as never))
    await expectError('name.unknown', () => dense({ config: {} } as never))
    await expectError('argument.range', () => lw.regularizers.l1({ l1: -1 }))
    await expectError('argument.range', () => lw.regularizers.orthogonalRegularizer({ mode: 'row' as never }))
    await expectError('shape.mismatch', () => lw.regularizers.orthogonalRegularizer()(lw.tensor([1, 2])))
  })
})
