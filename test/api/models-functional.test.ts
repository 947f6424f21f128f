import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { dense, Layer } = lw.layers
const ones = { kernelInitializer: 'ones' } as const

class Add extends Layer {
  override call([a, b]: readonly [lw.Tensor, lw.Tensor]): lw.Tensor {
    return lw.ops.add(a, b)
  }
}

class SumAndDifference extends Layer {
  override call({ a, b }: { a: lw.Tensor; b: lw.Tensor }) {
    return { sum: lw.ops.add(a, b), difference: lw.ops.subtract(a, b) }
  }
}

describeOnEachBackend('functional models', () => {
  it('take several inputs and give several outputs, as arrays or by name', () => {
    const [a, b] = [lw.input({ shape: [2], name: 'a' }), lw.input({ shape: [3], name: 'b' })]
    const left = dense({ units: 1, ...ones, name: 'left' }).apply(a)
    const right = dense({ units: 1, ...ones, name: 'right' }).apply(b)
    const both = new Add({ name: 'both' }).apply([left, right])
    const model = lw.model({ inputs: [a, b], outputs: [both, left] })
    expect([model.inputNames, model.outputNames]).toEqual([
      ['a', 'b'],
      ['both', 'left'],
    ])
    const [x, y] = [lw.tensor([[1, 2]]), lw.tensor([[1, 1, 1]])]
    for (const given of [[x, y], { a: x, b: y }, { b: y, a: x }]) {
      const results = model.apply<lw.Tensor[]>(given)
      expect(results.map((result) => result.arraySync())).toEqual([[[6]], [[3]]])
    }
    const named = lw.model({ inputs: { first: a, second: b }, outputs: { total: both } })
    expect([named.inputNames, named.outputNames]).toEqual([['first', 'second'], ['total']])
    expect(named.apply<{ total: lw.Tensor }>({ second: y, first: x }).total.arraySync()).toEqual([[6]])
  })

  it('hold layers that take and give several tensors by name', () => {
    const [a, b] = [lw.input({ shape: [2] }), lw.input({ shape: [2] })]
    const { sum, difference } = new SumAndDifference().apply<{
      sum: lw.Placeholder
      difference: lw.Placeholder
    }>({ a, b })
    expect([sum.shape, difference.layer === sum.layer]).toEqual([[null, 2], true])
    const model = lw.model({ inputs: [a, b], outputs: [difference, sum] })
    const results = model.apply<lw.Tensor[]>([lw.tensor([[5, 6]]), lw.tensor([[1, 2]])])
    expect(results.map((result) => result.arraySync())).toEqual([[[4, 4]], [[6, 8]]])
    const { name } = sum.layer
    expect(model.outputNames).toEqual([name, `${name}_1`])
  })

  it('share a layer that is applied twice, and models nest in models', async () => {
    const inner = (() => {
      const [a, b] = [lw.input({ shape: [2] }), lw.input({ shape: [2] })]
      const shared = dense({ units: 2, ...ones, name: 'shared' })
      return lw.model({ inputs: [a, b], outputs: [shared.apply(a), shared.apply(b)] })
    })()
    const x = lw.input({ shape: [2] })
    const [left, right] = inner.apply<[lw.Placeholder, lw.Placeholder]>([
      x,
      dense({ units: 2, ...ones }).apply(x),
    ])
    const model = lw.model({ inputs: x, outputs: new Add().apply([left, right]) })
    expect(model.weights.length).toBe(4)
    expect((await model.predict([[1, 2]])).arraySync()).toEqual([[9, 9]])
  })

  it('give what lies between their layers to other models', async () => {
    const hidden = dense({ units: 2, ...ones, name: 'hidden' })
    const model = lw.sequential({ layers: [hidden, dense({ units: 1, ...ones })] })
    await expectError('layer.calls', () => hidden.output, { calls: 0 })
    await model.predict([[1, 2]])
    const features = lw.model({ inputs: model.input, outputs: model.getLayer('hidden').output })
    expect((await features.predict([[1, 2]])).arraySync()).toEqual([[3, 3]])
    const { input, output } = model.layers[1] as lw.layers.Layer
    expect([input, output]).toEqual([hidden.output, model.output])
    dense({ units: 1 }).apply(hidden.apply(lw.input({ shape: [2] })))
    await expectError('layer.calls', () => hidden.input, { property: 'input', calls: 2 })
    expect(lw.input({ shape: [2], name: 'x' }).layer.output).toMatchObject({ shape: [null, 2] })
  })

  it('keep a layer in training where it was applied so', () => {
    const x = lw.input({ shape: [64] })
    const noisy = lw.model({
      inputs: x,
      outputs: lw.layers.dropout({ rate: 0.5 }).apply(x, { training: true }),
    })
    const plain = lw.model({ inputs: x, outputs: lw.layers.dropout({ rate: 0.5 }).apply(x) })
    const data = lw.tensor(new Float32Array(64).fill(1), [1, 64])
    const zeros = (model: lw.Model) => [...model.apply(data).dataSync()].filter((value) => value === 0).length
    expect([zeros(noisy) > 0, zeros(plain)]).toEqual([true, 0])
  })

  it('cast each input, and know a fixed number of samples', async () => {
    const x = lw.input({ shape: [null, 2], batchSize: 2, dtype: 'int32' })
    expect(x.shape).toEqual([2, null, 2])
    const model = lw.model({ inputs: x, outputs: lw.layers.activation({ activation: 'linear' }).apply(x) })
    expect(model.apply(lw.tensor([[[1.9, 2]], [[3, 4]]])).arraySync()).toEqual([[[1, 2]], [[3, 4]]])
    await expectError('layer.input', () => model.apply(lw.tensor([[[1, 2]]])), { got: [1, 1, 2] })
  })

  it('refuse what does not fit their inputs', async () => {
    const [a, b] = [lw.input({ shape: [2], name: 'a' }), lw.input({ shape: [3], name: 'bias' })]
    const outputs = [dense({ units: 1 }).apply(a), dense({ units: 1 }).apply(b)]
    const model = lw.model({ inputs: [a, b], outputs })
    const [x, y] = [lw.tensor([[1, 2]]), lw.tensor([[1, 1, 1]])]
    await expectError('data.structure', () => model.apply([x]), { names: ['a', 'bias'] })
    await expectError('data.structure', () => model.apply({ a: x, bais: y }), { nearest: 'bias' })
    await expectError('data.structure', () => model.apply({ a: x }))
    await expectError('layer.input', () => model.apply([y, x]), { layer: 'a', got: [1, 3] })
    await expectError('model.disconnected', () => lw.model({ inputs: a, outputs }), { input: 'bias' })
    await expectError('argument.type', () => lw.model({ inputs: [a, a], outputs }), { argument: 'inputs' })
    await expectError('argument.type', () => lw.model({ inputs: [], outputs }), { argument: 'inputs' })
    await expectError('argument.type', () => lw.model({ inputs: [a, b], outputs: { y: 3 } as never }))
    await expectError('argument.type', () => dense({ units: 1 }).apply(a, { mask: x }), { argument: 'mask' })
    await expectError('argument.range', () => lw.input({ shape: [2], batchSize: 0 }))
  })

  it('refuse a layer whose call gives something else than tensors', async () => {
    class Wrong extends Layer {
      override call(x: lw.Tensor): lw.Tensor {
        return [x, 3] as never
      }
    }
    await expectError('layer.output', () => new Wrong().apply(lw.tensor([[1]])), { got: 3 })
    await expectError('layer.output', () => new Wrong().apply(lw.input({ shape: [1] })))
  })
})
