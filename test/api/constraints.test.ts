import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const weight = lw.tensor([
  [3, 0.3],
  [-4, 0.4],
])

describeOnEachBackend('constraints', () => {
  it("follow Keras's formulas", () => {
    const { maxNorm, minMaxNorm, nonNeg, unitNorm } = lw.constraints
    expectClose(maxNorm()(weight), [1.2, 0.3, -1.6, 0.4])
    expectClose(maxNorm({ maxValue: 1, axis: 1 })(weight), [0.99504, 0.0995, -0.99504, 0.0995], 1e-4)
    expectClose(minMaxNorm({ minValue: 1, maxValue: 2 })(weight), [1.2, 0.6, -1.6, 0.8])
    expectClose(minMaxNorm({ minValue: 1, maxValue: 2, rate: 0.5 })(weight), [2.1, 0.45, -2.8, 0.6])
    expectClose(nonNeg()(weight), [3, 0.3, 0, 0.4])
    expectClose(
      unitNorm({ axis: [0, 1] })(weight),
      [3, 0.3, -4, 0.4].map((w) => w / Math.sqrt(25.25)),
    )
  })

  it('hold after each step of training', async () => {
    const layer = lw.layers.dense({
      units: 2,
      inputShape: [3],
      kernelConstraint: lw.constraints.unitNorm(),
      biasConstraint: 'nonNeg',
    })
    const model = lw.sequential({ layers: [layer] })
    model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' })
    await model.fit([[1, 2, 3]], [[-5, 5]], { epochs: 3, verbose: 0 })
    const [kernel, bias] = model.getWeights() as [lw.Tensor, lw.Tensor]
    expectClose(lw.ops.sum(lw.ops.square(kernel), { axis: 0 }), [1, 1])
    expect((bias.arraySync() as number[])[0]).toBe(0)
  })

  it('are known by name and by their serialized form, and say which they are', async () => {
    const { className, config } = lw.constraints.minMaxNorm({ rate: 0.5 })
    expect({ className, config }).toEqual({
      className: 'minMaxNorm',
      config: { minValue: 0, maxValue: 1, rate: 0.5, axis: 0 },
    })
    const layer = lw.layers.dense({
      units: 2,
      kernelConstraint: { className: 'minMaxNorm', config: { rate: 0.5 } },
    })
    layer.apply(lw.tensor([[1, 2]]))
    expect(layer.kernel.constraint?.config).toEqual(config)
    const dense = (kernelConstraint: never) => lw.layers.dense({ units: 1, kernelConstraint })
    await expectError('name.unknown', () => dense('maxnorn' as never), { nearest: 'maxNorm' })
    await expectError('argument.type', () => dense(lw.constraints.nonNeg as never))
    await expectError('argument.range', () => lw.constraints.maxNorm({ maxValue: -1 }))
    await expectError('argument.range', () => lw.constraints.minMaxNorm({ minValue: 2 }))
    await expectError('axis.range', () => lw.constraints.maxNorm({ axis: 2 })(weight))
  })
})
