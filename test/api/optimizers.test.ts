import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const start = [1, -2, 0.5]
const gradients = [
  [0.1, -0.2, 0.3],
  [-0.4, 0.5, 0.6],
  [0.7, 0.8, -0.9],
]

/** Applies the gradients one after the other, and a rule in plain numbers beside it. */
function follow(
  optimizer: lw.optimizers.Optimizer,
  rule: (w: number, g: number, i: number, t: number) => number,
) {
  const weight = lw.variable(start)
  const expected = [...start]
  gradients.forEach((gradient, step) => {
    optimizer.apply([lw.tensor(gradient)], [weight])
    expected.forEach((w, i) => {
      expected[i] = rule(w, gradient[i] as number, i, step + 1)
    })
    expectClose(weight.read(), expected, 1e-6)
  })
}

describeOnEachBackend('optimizers', () => {
  it("sgd follows Keras's formula", () => {
    follow(lw.optimizers.sgd({ learningRate: 0.1 }), (w, g) => w - 0.1 * g)
  })

  it("sgd with momentum follows Keras's formula", () => {
    const m = [0, 0, 0]
    follow(lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), (w, g, i) => {
      m[i] = 0.9 * (m[i] as number) - 0.1 * g
      return w + m[i]
    })
  })

  it("sgd with Nesterov's momentum follows Keras's formula", () => {
    const m = [0, 0, 0]
    follow(lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), (w, g, i) => {
      m[i] = 0.9 * (m[i] as number) - 0.1 * g
      return w + 0.9 * m[i] - 0.1 * g
    })
  })

  it("adam follows Keras's formula", () => {
    const [m, v] = [
      [0, 0, 0],
      [0, 0, 0],
    ]
    follow(lw.optimizers.adam({ learningRate: 0.01 }), (w, g, i, t) => {
      m[i] = (m[i] as number) + (g - (m[i] as number)) * (1 - 0.9)
      v[i] = (v[i] as number) + (g * g - (v[i] as number)) * (1 - 0.999)
      const alpha = (0.01 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)
      return w - (m[i] * alpha) / (Math.sqrt(v[i]) + 1e-7)
    })
  })

  it('makes every weight NaN when a global norm is not finite', () => {
    const weights = [lw.variable([1, 2]), lw.variable([3])]
    const optimizer = lw.optimizers.sgd({ globalClipnorm: 1 })
    optimizer.apply([lw.tensor([1, Infinity]), lw.tensor([1])], weights)
    for (const weight of weights)
      expect(weight.read().arraySync()).toEqual(weight.shape[0] === 2 ? [NaN, NaN] : [NaN])
  })

  it("has Keras's defaults", () => {
    const adam = lw.optimizers.adam()
    expect([adam.learningRate, adam.beta1, adam.beta2, adam.epsilon]).toEqual([0.001, 0.9, 0.999, 1e-7])
    const sgd = lw.optimizers.sgd()
    expect([sgd.learningRate, sgd.momentum, sgd.nesterov]).toEqual([0.01, 0, false])
  })

  it('reads a new learning rate in a program that is already traced', () => {
    const weight = lw.variable([1])
    const optimizer = lw.optimizers.sgd({ learningRate: 1 })
    let traces = 0
    const step = lw.jit(() => {
      traces++
      optimizer.apply([lw.tensor([1])], [weight])
    })
    step()
    optimizer.learningRate = 0.25
    step()
    expect(weight.read().arraySync()).toEqual([-0.25])
    expect([traces, optimizer.learningRate, optimizer.iterations]).toEqual([1, 0.25, 2])
  })

  it('keeps the slots of each weight among its variables', () => {
    const [a, b] = [lw.variable([1, 2]), lw.variable([[3]])]
    const optimizer = lw.optimizers.adam()
    expect(optimizer.variables.length).toBe(2)
    optimizer.apply([lw.tensor([1, 1]), lw.tensor([[1]])], [a, b])
    expect(optimizer.variables.slice(2).map(({ shape }) => shape)).toEqual([[2], [2], [1, 1], [1, 1]])
  })

  it('can be subclassed by its rule alone', () => {
    class SignDescent extends lw.optimizers.Optimizer {
      constructor() {
        super('signDescent', 0.5, [])
      }
      protected override update(
        weight: lw.Tensor,
        gradient: lw.Tensor,
        _slots: readonly lw.Tensor[],
        { learningRate }: lw.optimizers.StepScalars,
      ) {
        const step = lw.ops.multiply(lw.ops.sign(gradient), learningRate as lw.Tensor)
        return { weight: lw.ops.subtract(weight, step), slots: [] }
      }
    }
    follow(new SignDescent(), (w, g) => w - 0.5 * Math.sign(g))
  })

  it('follow a schedule, which can be read and is not to be set', async () => {
    const learningRate = lw.optimizers.schedules.piecewiseConstantDecay({
      boundaries: [1],
      values: [1, 0.25],
    })
    const optimizer = lw.optimizers.sgd({ learningRate })
    const weight = lw.variable([0])
    const step = lw.jit(() => optimizer.apply([lw.tensor([1])], [weight]))
    const rates = [optimizer.learningRate]
    for (let i = 0; i < 4; i++) {
      step()
      rates.push(optimizer.learningRate)
    }
    expect(rates).toEqual([1, 1, 0.25, 0.25, 0.25])
    expect(weight.read().arraySync()).toEqual([-2.5])
    expect(optimizer.variables.map(({ name }) => name)).toEqual(['sgd/iterations'])
    await expectError('argument.range', () => {
      optimizer.learningRate = 1
    })
    const halved = lw.optimizers.sgd({
      learningRate: (made) => lw.ops.divide(1, lw.ops.add(made, 1)),
    })
    halved.apply([lw.tensor([1])], [weight])
    expect(halved.learningRate).toBe(0.5)
  })

  it('take weight decay off all weights but those that are left out', () => {
    const [kernel, bias, other] = ['kernel', 'bias', 'other'].map((name) =>
      lw.variable([1], { name: `dense/${name}` }),
    ) as [lw.Variable, lw.Variable, lw.Variable]
    const optimizer = lw.optimizers.sgd({ learningRate: 0.5, weightDecay: 0.5 })
    optimizer.excludeFromWeightDecay({ varNames: ['bias'], varList: [other] })
    const zeros = [lw.tensor([0]), lw.tensor([0]), lw.tensor([0])]
    optimizer.apply(zeros, [kernel, bias, other])
    expect([kernel, bias, other].map((weight) => weight.read().item())).toEqual([0.75, 1, 1])
  })

  it('replace weights by their averages when fit ends', async () => {
    const layer = lw.layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'zeros' })
    const model = lw.sequential({ layers: [layer] })
    const optimizer = lw.optimizers.sgd({ learningRate: 0.25, useEma: true, emaMomentum: 0.5 })
    model.compile({ optimizer, loss: 'meanSquaredError' })
    // The weight goes to 0.5, 0.75; its average from 0.5 to 0.625.
    await model.fit([[1]], [[1]], { epochs: 2, verbose: 0 })
    expect(layer.kernel.read().item()).toBe(0.625)
  })

  it('move weights by the mean of several gradients', () => {
    const optimizer = lw.optimizers.sgd({ learningRate: 1, gradientAccumulationSteps: 2 })
    const weight = lw.variable([0])
    const step = lw.jit((gradient: lw.Tensor) => optimizer.apply([gradient], [weight]))
    const seen = [1, 3, 5, 7].map((gradient) => {
      step(lw.tensor([gradient]))
      return [weight.read().item(), optimizer.iterations]
    })
    expect(seen).toEqual([
      [0, 0],
      [-2, 1],
      [-2, 1],
      [-8, 2],
    ])
  })

  it('say how equal ones are made', () => {
    const { adamw, nadam, schedules } = lw.optimizers
    const learningRate = schedules.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 10,
      decayRate: 0.5,
    })
    expect(adamw({ learningRate, clipnorm: 1 }).getConfig()).toEqual({
      learningRate,
      clipnorm: 1,
      weightDecay: 0.004,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
    })
    const config = nadam({ useEma: true, emaOverwriteFrequency: 5, gradientAccumulationSteps: 2 }).getConfig()
    expect(nadam(config).getConfig()).toEqual(config)
  })

  it('refuses configurations that cannot be', async () => {
    const { adam, sgd } = lw.optimizers
    await expectError('argument.range', () => adam({ learningRate: -1 }), { argument: 'learningRate' })
    await expectError('argument.range', () => adam({ learningRate: NaN }))
    await expectError('argument.range', () => adam({ beta1: 1 }), { argument: 'beta1' })
    await expectError('argument.range', () => sgd({ momentum: 2 }), { argument: 'momentum' })
    await expectError('argument.unknown', () => adam({ learningrate: 1 } as object), {
      nearest: 'learningRate',
    })
    for (const got of [0, -1, NaN, Infinity, '1' as never]) {
      await expectError('argument.range', () => adam({ clipnorm: got }), { argument: 'clipnorm' })
    }
    const twoWays = { clipvalue: 1, globalClipnorm: 1 }
    await expectError('argument.range', () => sgd(twoWays), { argument: 'globalClipnorm' })
    await expectError('argument.type', () => adam(0.001 as never))
    await expectError('argument.range', () => adam({ learningRate: 'fast' as never }))
    await expectError('argument.range', () => sgd({ weightDecay: -1 }), { argument: 'weightDecay' })
    await expectError('argument.range', () => sgd({ emaOverwriteFrequency: 2 }))
    await expectError('argument.range', () => sgd({ gradientAccumulationSteps: 1 }))
    await expectError('argument.type', () => sgd().excludeFromWeightDecay({ varNames: 'bias' as never }))
    const { cosineDecay, exponentialDecay, piecewiseConstantDecay } = lw.optimizers.schedules
    await expectError('argument.type', () => sgd({ learningRate: exponentialDecay as never }))
    await expectError('argument.range', () => cosineDecay({ initialLearningRate: 1, decaySteps: 0 }))
    await expectError('argument.range', () =>
      cosineDecay({ initialLearningRate: 1, decaySteps: 1, warmupSteps: 2 }),
    )
    await expectError('argument.range', () =>
      piecewiseConstantDecay({ boundaries: [2, 1], values: [1, 2, 3] }),
    )
    await expectError('argument.range', () => piecewiseConstantDecay({ boundaries: [1], values: [1] }))
    await expectError('argument.range', () => sgd().apply([], [lw.variable([1])]), { argument: 'gradients' })
    const [first, second] = [lw.variable([1, 1]), lw.variable([1, 1])]
    const gradient = lw.tensor([1, 1])
    const misfits = [
      ['shape.mismatch', lw.tensor([1])],
      ['argument.type', [1, 1] as never],
    ] as const
    for (const [code, misfit] of misfits) {
      await expectError(code, () => sgd().apply([gradient, misfit], [first, second]))
    }
    expectClose(first.read(), [1, 1])
    const optimizer = adam()
    await expectError('argument.range', () => {
      optimizer.learningRate = Infinity
    })
  })
})
