import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { activation, dense, dropout, flatten, Layer } = lw.layers

class Scale extends Layer {
  scale!: lw.Variable

  override build(inputShape: lw.PartialShape): void {
    this.scale = this.addWeight({ name: 'scale', shape: [inputShape.at(-1) as number], initializer: 'ones' })
  }

  override call(x: lw.Tensor): lw.Tensor {
    return lw.ops.multiply(x, this.scale)
  }
}

class Residual extends Layer {
  readonly inner = dense({ units: 3 })
  readonly scales = [new Scale(), new Scale()]

  override call(x: lw.Tensor, options: lw.layers.CallOptions): lw.Tensor {
    return this.scales.reduce(
      (y, scale) => scale.apply(y, options),
      lw.ops.add(x, this.inner.apply(x, options)),
    )
  }
}

class Sum extends Layer {
  override call([a, b]: readonly [lw.Tensor, lw.Tensor]): lw.Tensor {
    return lw.ops.add(a, b)
  }
}

describeOnEachBackend('layers', () => {
  it('dense computes activation(x · kernel + bias), with the kernel [in, out]', () => {
    const layer = dense({ units: 2, activation: 'relu' })
    const x = lw.tensor([[1, 2, 3]])
    layer.apply(x)
    const [kernel, bias] = layer.getWeights() as [lw.Tensor, lw.Tensor]
    expect([kernel.shape, bias.arraySync()]).toEqual([
      [3, 2],
      [0, 0],
    ])
    layer.setWeights([
      [
        [1, 0],
        [0, 1],
        [1, -1],
      ],
      [0.5, -0.25],
    ])
    expect(layer.apply(x).arraySync()).toEqual([[4.5, 0]])
  })

  it('dense acts on the last axis of any rank', () => {
    const layer = dense({ units: 2, useBias: false, kernelInitializer: 'ones' })
    const y = layer.apply(
      lw.tensor([
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ]),
    )
    expect(y.arraySync()).toEqual([
      [
        [3, 3],
        [7, 7],
        [11, 11],
      ],
    ])
    expect(layer.weights.length).toBe(1)
  })

  it('dense takes initializers by name and by function', () => {
    const biasInitializer = (shape: readonly number[]) => lw.ops.broadcastTo(2, shape)
    const layer = dense({ units: 2, kernelInitializer: 'zeros', biasInitializer })
    expect(layer.apply(lw.tensor([[7]])).arraySync()).toEqual([[2, 2]])
  })

  it.each([
    ['linear', (x: number) => x],
    ['relu', (x: number) => Math.max(0, x)],
    ['sigmoid', (x: number) => 1 / (1 + Math.exp(-x))],
    ['tanh', Math.tanh],
  ] as const)('activation %s', (name, f) => {
    const values = [-2, -0.5, 0, 0.5, 2]
    expectClose(activation({ activation: name }).apply(lw.tensor([values])), values.map(f))
  })

  it('activations may be functions', () => {
    const layer = activation({ activation: (x) => lw.ops.multiply(x, 3) })
    expect(layer.apply(lw.tensor([[1, 2]])).arraySync()).toEqual([[3, 6]])
  })

  it('dropout drops about its rate, scales the rest, and does nothing outside training', () => {
    const layer = dropout({ rate: 0.25, seed: 1 })
    const x = lw.ops.broadcastTo(1, [100, 100])
    expect(layer.apply(x)).toBe(x)
    const dropped = layer.apply(x, { training: true }).dataSync()
    const kept = dropped.filter((value) => value !== 0)
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]))
    expect(kept.length / dropped.length).toBeCloseTo(0.75, 1)
  })

  it('dropout draws anew in every step of a program, and repeats from its seed', () => {
    const draw = () => {
      const layer = dropout({ rate: 0.5, seed: 9 })
      const step = lw.jit((x: lw.Tensor) => layer.apply(x, { training: true }))
      const x = lw.ops.broadcastTo(1, [1, 40])
      return [step(x).arraySync(), step(x).arraySync()]
    }
    const [first, second] = draw()
    expect(first).not.toEqual(second)
    expect(draw()).toEqual([first, second])
  })

  it('the gradient flows through what dropout kept', () => {
    const layer = dropout({ rate: 0.5, seed: 2 })
    const f = (x: lw.Tensor) => lw.ops.sum(layer.apply(x, { training: true }))
    const gradient = lw
      .grad(f)(lw.ops.broadcastTo(1, [1, 64]))
      .dataSync()
    expect([...new Set(gradient)].sort()).toEqual([0, 2])
  })

  it('flatten keeps the batch', () => {
    expect(
      flatten()
        .apply(
          lw.tensor([
            [
              [1, 2],
              [3, 4],
            ],
          ]),
        )
        .arraySync(),
    ).toEqual([[1, 2, 3, 4]])
    expect(flatten().apply(lw.input({ shape: [8, 8] })).shape).toEqual([null, 64])
  })

  it('names layers after their class, numbering repeats', () => {
    class Twin extends Scale {}
    const [first, second] = [new Twin().name, new Twin().name]
    expect(first).toMatch(/^twin(_\d+)?$/)
    expect(Number(second.split('_')[1])).toBe(Number(first.split('_')[1] ?? 0) + 1)
    expect(new Twin({ name: 'other' }).name).toBe('other')
  })

  it('a custom layer builds once, is traced, and owns the layers in its properties', () => {
    const layer = new Residual({ name: 'block' })
    const y = layer.apply(lw.tensor([[1, 2, 3]]))
    expect(y.shape).toEqual([1, 3])
    expect(layer.weights.map(({ shape }) => shape)).toEqual([[3, 3], [3], [3], [3]])
    expect(layer.weights.map(({ name }) => name.split('/')[1])).toEqual(['kernel', 'bias', 'scale', 'scale'])
    expect(layer.countParams()).toBe(18)
    expect(layer.apply(lw.input({ shape: [3] })).shape).toEqual([null, 3])
    expect(
      lw
        .jit((x: lw.Tensor) => layer.apply(x))(lw.tensor([[1, 2, 3]]))
        .arraySync(),
    ).toEqual(y.arraySync())
  })

  it('can be built in the middle of a trace', () => {
    const layer = dense({ units: 1, kernelInitializer: 'ones' })
    expect(
      lw
        .jit((x: lw.Tensor) => layer.apply(x))(lw.tensor([[2, 3]]))
        .arraySync(),
    ).toEqual([[5]])
    expect(layer.getWeights()[0]?.arraySync()).toEqual([[1], [1]])
  })

  it('takes several tensors where its call does', () => {
    expect(new Sum().apply([lw.tensor([[1]]), lw.tensor([[2]])]).arraySync()).toEqual([[3]])
  })

  it('finds the shape of the output by tracing', () => {
    class Pairs extends Layer {
      override call(x: lw.Tensor): lw.Tensor {
        return lw.ops.reshape(x, [x.shape[0] as number, -1, 2])
      }
    }
    expect(new Pairs().apply(lw.input({ shape: [6] })).shape).toEqual([null, 3, 2])
  })

  it('trainable excludes weights from training, not from weights', () => {
    const layer = new Residual()
    layer.apply(lw.tensor([[1, 2, 3]]))
    layer.inner.trainable = false
    expect([layer.weights.length, layer.trainableWeights.length]).toEqual([4, 2])
    layer.trainable = false
    expect(layer.trainableWeights.length).toBe(0)
    layer.trainable = true
    expect([layer.inner.trainable, layer.trainableWeights.length]).toEqual([true, 4])
  })

  it('weights stand in the order of Keras: its own, the trained ones first, then those of the layers within, each once', () => {
    class Block extends Layer {
      readonly first = lw.layers.batchNormalization()
      readonly second = dense({ units: 3 })
      readonly again = this.second
      count!: lw.Variable
      scale!: lw.Variable

      override build(): void {
        this.count = this.addWeight({ name: 'count', shape: [], initializer: 'zeros', trainable: false })
        this.scale = this.addWeight({ name: 'scale', shape: [1], initializer: 'ones' })
      }

      override call(x: lw.Tensor, options: lw.layers.CallOptions): lw.Tensor {
        const once = this.second.apply(this.first.apply(x, options), options)
        return lw.ops.multiply(this.again.apply(once, options), this.scale)
      }
    }
    const layer = new Block()
    layer.apply(lw.tensor([[1, 2, 3]]))
    const names = (weights: readonly lw.Variable[]) => weights.map(({ name }) => name.split('/').at(-1))
    const inner = ['gamma', 'beta', 'movingMean', 'movingVariance', 'kernel', 'bias']
    expect(names(layer.weights)).toEqual(['scale', 'count', ...inner])
    expect(names(layer.trainableWeights)).toEqual(['scale', 'gamma', 'beta', 'kernel', 'bias'])
    layer.first.trainable = false
    expect(names(layer.weights)).toEqual(['scale', 'count', ...inner])
    expect(names(layer.trainableWeights)).toEqual(['scale', 'kernel', 'bias'])
  })

  it('lambda is a function, which a saved model names and whoever loads it gives again', async () => {
    const half = (x: lw.Tensor) => lw.ops.multiply(x, 0.5)
    const model = lw.sequential({ layers: [lw.layers.lambda({ function: half, inputShape: [2] })] })
    const json = model.toJSON()
    const again = lw.modelFromJSON(json, { customObjects: { half } })
    expect((await again.predict(lw.tensor([[1, 2]]))).arraySync()).toEqual([[0.5, 1]])
    await expectError('custom.missing', () => lw.modelFromJSON(json), { name: 'half' })
    await expectError('argument.type', () => lw.layers.lambda({ function: 'half' as never }))
  })

  it('keeps its configuration and prints readably', () => {
    const layer = dense({ units: 2, activation: 'tanh', name: 'head', inputShape: [3] })
    expect(layer.getConfig()).toMatchObject({ name: 'head', units: 2, activation: 'tanh', inputShape: [3] })
    expect(String(layer)).toBe("Dense 'head' (not built yet)")
    layer.apply(lw.tensor([[1, 2, 3]]))
    expect(String(layer)).toBe("Dense 'head' (kernel [3, 2], bias [2])")
    expect(dropout({ rate: 0.5 }).getConfig()).toMatchObject({ rate: 0.5 })
    expect(activation({ activation: 'relu' }).getConfig()).toMatchObject({ activation: 'relu' })
  })

  it('can be built again after it failed', () => {
    let attempts = 0
    const biasInitializer = (shape: readonly number[]) => {
      attempts++
      if (attempts === 1) throw new Error('not yet')
      return lw.tensor(new Float32Array(shape[0] as number))
    }
    const layer = dense({ units: 2, biasInitializer })
    expect(() => layer.apply(lw.tensor([[1, 2]]))).toThrow('not yet')
    layer.apply(lw.tensor([[1, 2]]))
    expect(layer.weights.map(({ shape }) => shape)).toEqual([[2, 2], [2]])
  })

  it('refuses what cannot be', async () => {
    await expectError('argument.range', () => dense({ units: 0 }), { argument: 'units' })
    await expectError('argument.range', () => dense({ units: 1.5 }))
    await expectError('argument.unknown', () => dense({ unit: 3 } as never), { nearest: 'units' })
    await expectError('argument.type', () => dense(64 as never))
    await expectError('name.unknown', () => dense({ units: 1, activation: 'rleu' as never }), {
      nearest: 'relu',
    })
    await expectError('name.unknown', () => dense({ units: 1, kernelInitializer: 'zero' as never }), {
      nearest: 'zeros',
    })
    await expectError('argument.type', () =>
      dense({ units: 1, kernelInitializer: lw.initializers.zeros as never }),
    )
    await expectError('argument.type', () => dense({ units: 1, useBias: 'no' as never }), {
      argument: 'useBias',
    })
    await expectError('argument.type', () => dense({ units: 1, name: 5 as never }), { argument: 'name' })
    await expectError('argument.type', () => dense({ units: 1, trainable: 0 as never }))
    const wrong = dense({ units: 1, kernelInitializer: () => lw.tensor([1]) })
    await expectError('shape.mismatch', () => wrong.apply(lw.tensor([[1, 2]])), { got: [[1]] })
    await expectError('argument.range', () => dropout({ rate: 1 }), { argument: 'rate' })
    await expectError('argument.range', () => dropout({ rate: -0.1 }))
    await expectError('shape.invalid', () => dense({ units: 1, inputShape: [-1] }))
    await expectError('dtype.invalid', () => dense({ units: 1, dtype: 'float16' as never }))
    await expectError('layer.input', () => dense({ units: 1 }).apply(lw.tensor([1, 2])))
    const built = dense({ units: 1, name: 'first' })
    built.apply(lw.tensor([[1, 2]]))
    const error = await expectError('layer.input', () => built.apply(lw.tensor([[1, 2, 3]])), {
      layer: 'first',
    })
    expect(error.message).toBe("Layer 'first' takes an input [batch, …, 2], got [1, 3].")
    const pool = lw.layers.maxPooling2d({ name: 'pool' })
    const small = await expectError('layer.input', () => pool.apply(lw.ops.ones([1, 1, 4, 3])))
    expect(small.message).toBe(
      "Layer 'pool' takes an input [batch, 2 or more, 2 or more, any], got [1, 1, 4, 3].",
    )
    await expectError('argument.range', () => lw.ops.averagePool(lw.ops.ones([1, 4, 3]), 2 ** 21), {
      op: 'averagePool',
    })
    const far = lw.layers.conv2d({ filters: 1, kernelSize: 3, dilationRate: 1e9, padding: 'same' })
    await expectError('shape.invalid', () => far.apply(lw.ops.ones([1, 4, 4, 3])))
    await expectError('argument.type', () => built.apply([[1, 2]] as never))
    expect(() => built.apply(undefined as never)).toThrow('first: the input must be a tensor')
    await expectError('argument.type', () =>
      built.apply([lw.tensor([[1]]), lw.input({ shape: [1] })] as never),
    )
    await expectError('argument.type', () => built.setWeights(null as never))
    await expectError('argument.unknown', () => built.apply(lw.tensor([[1, 2]]), { train: true } as never), {
      nearest: 'training',
    })
    await expectError('layer.unbuilt', () => dense({ units: 1 }).getWeights(), { method: 'getWeights' })
    await expectError('weights.count', () => built.setWeights([[[1], [2]]]), { expected: 2, got: 1 })
    const former = built.getWeights().map((weight) => weight.arraySync())
    await expectError(
      'weights.shape',
      () =>
        built.setWeights([
          [[5], [6]],
          [1, 2],
        ]),
      { expected: [1], got: [2] },
    )
    expect(built.getWeights().map((weight) => weight.arraySync())).toEqual(former)
    class Broken extends Layer {
      override call(): lw.Tensor {
        return 3 as never
      }
    }
    await expectError('layer.output', () => new Broken({ name: 'broken' }).apply(lw.tensor([1])))
  })

  it('takes weights as typed arrays in their own order', () => {
    const layer = dense({ units: 2 })
    layer.apply(lw.tensor([[1, 2]]))
    layer.setWeights([new Float32Array([1, 2, 3, 4]), new Float64Array([5, 6])])
    expect(layer.getWeights().map((weight) => weight.arraySync())).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [5, 6],
    ])
  })
})
