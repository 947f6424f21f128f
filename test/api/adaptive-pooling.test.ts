import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { ops, layers } = lw

describeOnEachBackend('adaptive pooling', () => {
  const gradientOf = (x: lw.Tensor, outputSize: number) =>
    lw
      .grad((x: lw.Tensor) => ops.sum(ops.adaptiveMaxPool(x, outputSize)))(x)
      .arraySync()

  it('gives the gradient of a maximum to the first of equal elements', () => {
    expect(gradientOf(lw.tensor([[[2], [2], [1], [2], [2]]]), 2)).toEqual([[[1], [0], [0], [1], [0]]])
    // Windows of two elements and of three, which are brought together.
    expect(gradientOf(lw.tensor([[[1], [1], [1], [1], [1]]]), 3)).toEqual([[[1], [1], [0], [1], [0]]])
    const rows = gradientOf(ops.ones([1, 3, 3, 1]), 2)
    expect(rows).toEqual([
      [
        [[1], [1], [0]],
        [[1], [1], [0]],
        [[0], [0], [0]],
      ],
    ])
  })

  it('of one window is global pooling', () => {
    const x = lw.random.uniform([2, 5, 4, 3], { seed: 1 })
    const means = layers.globalAveragePooling2d({ keepdims: true }).apply(x).dataSync()
    ops
      .adaptiveAveragePool(x, 1)
      .dataSync()
      .forEach((mean, i) => expect(mean).toBeCloseTo(means[i]!, 6))
    expect(ops.adaptiveMaxPool(x, 1).dataSync()).toEqual(
      layers.globalMaxPooling2d({ keepdims: true }).apply(x).dataSync(),
    )
  })

  it('refuses sizes that are none', async () => {
    await expectError('argument.range', () => layers.adaptiveMaxPooling2d({ outputSize: [2, 0] }))
    await expectError('argument.range', () => layers.adaptiveAveragePooling1d({ outputSize: 1.5 }))
    await expectError('argument.range', () => layers.adaptiveAveragePooling3d({ outputSize: [2, 2] }))
  })
})
