import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { History } from '../../ts/training/history.js'

const { dense } = lw.layers
const lines = (value: unknown) => inspect(value).split('\n')

describe('what console.log prints', () => {
  it('tensors: dtype and shape, then columns of equal precision', () => {
    const matrix = [
      [1, -2.5],
      [0.125, 10],
    ]
    expect(inspect(lw.tensor(matrix))).toBe('Tensor float32 [2, 2]\n[[ 1.000, -2.500],\n [ 0.125, 10.000]]')
    expect(inspect(lw.tensor([1, 20]))).toBe('Tensor float32 [2]\n[ 1.0, 20.0]')
    expect(inspect(lw.tensor([1 / 3, 2]))).toBe('Tensor float32 [2]\n[0.3333, 2.0000]')
    expect(inspect(lw.tensor([1e9, 0, NaN]))).toBe('Tensor float32 [3]\n[1.0000e+9,       0.0,       NaN]')
    expect(inspect(lw.tensor([0.9, 1e-9]))).toBe('Tensor float32 [2]\n[   0.9, 1.0e-9]')
    expect(inspect(lw.tensor([true, false]))).toBe('Tensor bool [2]\n[ true, false]')
    expect(inspect(lw.tensor(new Int32Array([-1, 20])))).toBe('Tensor int32 [2]\n[-1, 20]')
    expect(inspect(lw.tensor(new Float32Array(0), [0, 3]))).toBe('Tensor float32 [0, 3]\n[]')
  })

  it('large tensors: the middle of long axes is left out, matrices stand apart, long rows wrap', () => {
    const large = lines(lw.tensor(new Float32Array(20_000), [2, 100, 100]))
    expect(large.length).toBe(1 + 7 + 1 + 7)
    expect(large[1]).toBe('[[[0.0, 0.0, 0.0, ..., 0.0, 0.0, 0.0],')
    expect(large[4]).toBe('  ...,')
    expect(large[8]).toBe('')
    for (const line of lines(lw.tensor(new Float32Array(200)))) expect(line.length).toBeLessThan(100)
    expect(lines(lw.tensor(new Float32Array(10 * 10), [10, 10])).length).toBe(11)
  })

  it('within other things, tensors and variables are shorter', () => {
    const weight = lw.variable(lw.tensor(new Float32Array(512), [64, 8]), { name: 'kernel' })
    expect(lines(weight)[0]).toBe("Variable 'kernel' float32 [64, 8]")
    expect(lines(weight).length).toBe(65)
    expect(lines([weight]).length).toBe(10)
    expect(lines({ a: { b: weight.read() } }).length).toBeLessThan(14)
  })

  it('layers, losses and initializers as they were made', () => {
    const layer = dense({ units: 2, name: 'hidden' })
    expect(inspect(layer)).toBe("Dense 'hidden' (not built yet)")
    layer.apply(lw.tensor([[1, 2, 3]]))
    expect(inspect(layer)).toBe("Dense 'hidden' (kernel [3, 2], bias [2])")
    expect(inspect(lw.initializers.heNormal({ seed: 3 }))).toBe('heNormal({ seed: 3 })')
    expect(inspect(lw.regularizers.l2({ l2: 0.5 }))).toBe('l2({ l2: 0.5 })')
    expect(inspect(lw.losses.sparseCategoricalCrossentropy({ fromLogits: true }))).toContain(
      'fromLogits: true',
    )
  })

  it('optimizers with their settings and steps, generators with their place', () => {
    const text = inspect(lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.5 }))
    expect(text).toMatch(/^Sgd \{ learningRate: 0.1, .*momentum: 0.5.* \} after 0 steps$/)
    expect(inspect(new lw.random.RandomGenerator(7))).toBe('RandomGenerator (key [7, 0], step 0)')
  })

  it('models as their summary; those that branch say what each layer takes', () => {
    const [a, b] = [lw.input({ shape: [3], name: 'a' }), lw.input({ shape: [3], name: 'b' })]
    const shared = dense({ units: 3, name: 'shared' })
    const sum = lw.layers.add({ name: 'sum' }).apply([shared.apply(a), shared.apply(b)])
    const text = lines(lw.model({ inputs: [a, b], outputs: sum }))
    expect(text).toContain('│ Layer (type)   │ Output shape │ Weights │ Takes           │')
    expect(text).toContain('│ shared (Dense) │ [null, 3]    │      12 │ a, b            │')
    expect(text).toContain('│ sum (Add)      │ [null, 3]    │       0 │ shared + shared │')
    const chain = lines(lw.model({ inputs: a, outputs: shared.apply(a) }))
    expect(chain).toContain('│ Layer (type)   │ Output shape │ Weights │')
  })

  it('History: the first and last epochs, and the best', () => {
    const history = new History({ epochs: 30, steps: 1, batchSize: 1, samples: 1, validation: false })
    for (let epoch = 0; epoch < 30; epoch++) {
      history.add(epoch, {
        loss: 2 - epoch / 100,
        val_loss: Math.abs(epoch - 20) + 1,
        accuracy: epoch / 30,
        odd: 1,
      })
    }
    const text = lines(history)
    expect(text.length).toBe(15)
    expect(text[0]).toBe('History of 30 epochs')
    expect(text.at(-2)).toBe(' best  1.7100    1.0000    0.9667        ')
    expect(text.at(-1)).toBe('   at      30        21        30        ')
  })
})
