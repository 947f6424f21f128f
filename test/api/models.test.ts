import { inspect } from 'node:util'
import { expect, it, vi } from 'vitest'
import { executor } from '../../ts/executors/choice.js'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { dense, flatten, Layer } = lw.layers

class Add extends Layer {
  override call([a, b]: readonly [lw.Tensor, lw.Tensor]): lw.Tensor {
    return lw.ops.add(a, b)
  }
}

describeOnEachBackend('models', () => {
  it('sequential applies its layers in order and is built from inputShape', async () => {
    const model = lw.sequential({
      layers: [
        dense({ units: 2, kernelInitializer: 'ones', inputShape: [3] }),
        dense({ units: 1, kernelInitializer: 'ones' }),
      ],
    })
    expect(model.built).toBe(true)
    expect((await model.predict([[1, 2, 3]])).arraySync()).toEqual([[12]])
    expect(model.weights.map(({ shape }) => shape)).toEqual([[3, 2], [2], [2, 1], [1]])
  })

  it('sequential without a shape is built by the first data', async () => {
    const model = lw.sequential({ layers: [flatten(), dense({ units: 2 })] })
    await expectError('layer.unbuilt', () => model.getWeights())
    expect(model.summary({ print: () => {} })).toContain('Not built yet')
    const y = await model.predict([
      [
        [1, 2],
        [3, 4],
      ],
    ])
    expect([y.shape, model.countParams()]).toEqual([[1, 2], 10])
  })

  it('sequential grows and shrinks by layers', async () => {
    const model = lw.sequential()
    await expectError('model.empty', () => model.predict([[1, 2]]), { model: model.name })
    await expectError('model.empty', () => model.pop())
    const ones = { kernelInitializer: 'ones' } as const
    model.add(dense({ units: 2, inputShape: [2], ...ones }))
    expect([model.built, (await model.predict([[1, 2]])).arraySync()]).toEqual([true, [[3, 3]]])
    const last = dense({ units: 1, ...ones })
    model.add(last)
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    expect((await model.predict([[1, 2]])).arraySync()).toEqual([[6]])
    expect(model.pop()).toBe(last)
    await expectError('model.uncompiled', () => model.fit([[1, 2]], [[1, 2]]))
    expect([(await model.predict([[1, 2]])).arraySync(), model.weights.length]).toEqual([[[3, 3]], 2])
    await expectError('argument.range', () => model.add(dense({ units: 1, name: model.layers[0]?.name })))
    await expectError('argument.type', () => model.add(3 as never), { argument: 'layer' })
    expect(model.layers.length).toBe(1)

    const deferred = lw.sequential()
    deferred.add(dense({ units: 2, ...ones }))
    deferred.add(dense({ units: 1, ...ones }))
    expect((await deferred.predict([[1, 2, 3]])).arraySync()).toEqual([[12]])
    const declared = lw.sequential()
    declared.add(lw.input({ shape: [3] }))
    declared.add(dense({ units: 1 }))
    expect(declared.countParams()).toBe(4)
  })

  it('sequential takes lw.input as its first layer', () => {
    const model = lw.sequential({
      layers: [lw.layers.input({ shape: [2, 2] }), flatten(), dense({ units: 1 })],
    })
    expect([model.layers.length, model.countParams()]).toEqual([2, 5])
  })

  it('a functional model may branch, merge and share layers', async () => {
    const x = lw.input({ shape: [2] })
    const shared = dense({ units: 2, kernelInitializer: 'ones', name: 'shared' })
    const twice = shared.apply(shared.apply(x))
    const model = lw.model({ inputs: x, outputs: new Add().apply([twice, x]) })
    expect((await model.predict([[1, 2]])).arraySync()).toEqual([[7, 8]])
    expect(model.weights.length).toBe(2)
    expect(model.layers.map(({ name }) => name)).toContain('shared')
  })

  it('compile chooses the precision of matrix products for training, evaluation and prediction', async () => {
    const model = lw.sequential({ layers: [dense({ units: 1, inputShape: [2] })] })
    const [x, y] = [lw.tensor([[1, 2]]), lw.tensor([[3]])]
    const compile = vi.spyOn(executor(), 'compile')
    const precisionsIn = async (work: () => Promise<unknown>) => {
      compile.mockClear()
      await work()
      const products = compile.mock.calls.filter(([{ instructions }]) =>
        instructions.some(({ op }) => op.name === 'matmul'),
      )
      return new Set(products.map(([, matmulPrecision]) => matmulPrecision))
    }
    expect(await precisionsIn(() => model.predict(x))).toEqual(new Set(['highest']))
    for (const matmulPrecision of ['high', 'medium', 'highest'] as const) {
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', matmulPrecision })
      for (const work of [
        () => model.fit(x, y, { verbose: 0 }),
        () => model.fit([[x, y]], { verbose: 0 }),
        () => model.evaluate(x, y, { verbose: 0 }),
        () => model.predict(x),
      ]) {
        expect(await precisionsIn(work)).toEqual(new Set([matmulPrecision]))
      }
    }
    compile.mockRestore()
    await expectError(
      'name.unknown',
      () => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', matmulPrecision: 'low' as never }),
      { kind: 'matmul precision', name: 'low' },
    )
  })

  it('models nest as layers', async () => {
    const inner = lw.sequential({ layers: [dense({ units: 2, kernelInitializer: 'ones', inputShape: [2] })] })
    const outer = lw.sequential({ layers: [inner, dense({ units: 1, kernelInitializer: 'ones' })] })
    expect((await outer.predict([[1, 2]])).arraySync()).toEqual([[6]])
    expect(outer.weights.slice(0, 2)).toEqual(inner.weights)
  })

  it('a subclass with a call of its own trains', async () => {
    class Network extends lw.Model {
      readonly hidden = dense({ units: 8, activation: 'tanh' })
      readonly scores = dense({ units: 1 })

      override call(x: lw.Tensor): lw.Tensor {
        return this.scores.apply(this.hidden.apply(x))
      }
    }
    const model = new Network()
    model.compile({ optimizer: lw.optimizers.adam({ learningRate: 0.05 }), loss: 'meanSquaredError' })
    const { history } = await model.fit([[0], [1], [2]], [[1], [0], [1]], { epochs: 20, verbose: 0, seed: 1 })
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number)
    expect(model.weights.length).toBe(4)
  })

  it('casts data to the dtype of its input', async () => {
    const model = lw.sequential({ layers: [dense({ units: 1, kernelInitializer: 'ones', inputShape: [2] })] })
    for (const x of [new Uint8Array([200, 100]), new Int32Array([200, 100])]) {
      expect((await model.predict(lw.tensor(x, [1, 2]))).arraySync()).toEqual([[300]])
    }
  })

  it('getWeights of one model fit another', async () => {
    const create = () =>
      lw.sequential({
        layers: [dense({ units: 4, activation: 'tanh', inputShape: [3] }), dense({ units: 2 })],
      })
    const [a, b] = [create(), create()]
    const x = [[0.5, -1, 2]]
    expect((await a.predict(x)).arraySync()).not.toEqual((await b.predict(x)).arraySync())
    b.setWeights(a.getWeights())
    expect((await a.predict(x)).arraySync()).toEqual((await b.predict(x)).arraySync())
  })

  it('getLayer finds by name and by index', async () => {
    const model = lw.sequential({
      layers: [dense({ units: 1, name: 'one', inputShape: [1] }), dense({ units: 1, name: 'two' })],
    })
    expect(model.getLayer('two')).toBe(model.layers[1])
    expect(model.getLayer(-2)).toBe(model.layers[0])
    await expectError('name.unknown', () => model.getLayer('tow'), { nearest: 'two' })
  })

  it('prints a summary', () => {
    const model = lw.sequential({
      name: 'classifier',
      layers: [dense({ units: 64, inputShape: [64], name: 'hidden' }), dense({ units: 10, name: 'scores' })],
    })
    model.getLayer('hidden').trainable = false
    const lines: string[] = []
    const text = model.summary({ print: (line) => lines.push(line) })
    expect(lines).toEqual([text])
    expect(inspect(model)).toBe(text)
    expect(text).toBe(
      [
        "Sequential 'classifier'",
        '┌────────────────┬──────────────┬─────────┐',
        '│ Layer (type)   │ Output shape │ Weights │',
        '├────────────────┼──────────────┼─────────┤',
        '│ hidden (Dense) │ [null, 64]   │   4,160 │',
        '│ scores (Dense) │ [null, 10]   │     650 │',
        '└────────────────┴──────────────┴─────────┘',
        'Weights: 4,810 (18.79 KiB)',
        'Trainable: 650 (2.54 KiB)',
        'Not trainable: 4,160 (16.25 KiB)',
      ].join('\n'),
    )
  })

  it('refuses two layers of one name', async () => {
    const layers = [dense({ units: 1, name: 'twin', inputShape: [2] }), dense({ units: 1, name: 'twin' })]
    await expectError('argument.range', () => lw.sequential({ layers }), { got: ['twin', 'twin'] })
  })

  it('refuses what is no graph', async () => {
    const [x, other] = [lw.input({ shape: [2] }), lw.input({ shape: [2] })]
    await expectError('model.disconnected', () =>
      lw.model({ inputs: x, outputs: dense({ units: 1 }).apply(other) }),
    )
    await expectError('argument.type', () => lw.model({ inputs: x, outputs: 3 as never }), {
      argument: 'outputs',
    })
    const hidden = dense({ units: 1 }).apply(x)
    await expectError('argument.type', () => lw.model({ inputs: hidden, outputs: hidden }), {
      argument: 'inputs',
    })
    await expectError('argument.unknown', () => lw.model({ input: x, outputs: x } as never), {
      nearest: 'inputs',
    })
    await expectError('argument.range', () => lw.sequential({ layers: [] }))
    await expectError('argument.type', () => lw.sequential({ layers: [3 as never] }), {
      argument: 'layers[0]',
    })
    await expectError('argument.type', () => lw.sequential([dense({ units: 1 })] as never))
    await expectError('shape.invalid', () => lw.input({ shape: 64 as never }))
    const added = await expectError('placeholder.op', () => lw.ops.add(x as never, 1), { op: 'add' })
    expect(added.message).toContain('lw.layers.lambda')
  })
})
