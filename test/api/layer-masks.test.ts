import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { maskOf } from '../../ts/layers/mask.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { add, concatenate, dense, dot, embedding, masking, maximum, minimum, softmax } = lw.layers

const maskIn = (tensor: lw.Tensor) => maskOf(tensor)?.arraySync()

describeOnEachBackend('masks of layers', () => {
  const x = lw.tensor([
    [
      [1, 2],
      [0, 0],
      [0, 3],
    ],
  ])
  const y = lw.tensor([
    [
      [5, 1],
      [4, 4],
      [0, 0],
    ],
  ])

  it('masking marks the steps that are all maskValue, and zeroes them', () => {
    expect(maskIn(masking().apply(x))).toEqual([[true, false, true]])
    const four = masking({ maskValue: 4 }).apply(y)
    expect([maskIn(four), four.arraySync()]).toEqual([
      [[true, false, true]],
      [
        [
          [5, 1],
          [0, 0],
          [0, 0],
        ],
      ],
    ])
  })

  it('embedding marks zeros where it is told to', () => {
    const words = lw.tensor(new Int32Array([3, 0, 1]), [1, 3])
    expect(maskIn(embedding({ inputDim: 4, outputDim: 2, maskZero: true }).apply(words))).toEqual([
      [true, false, true],
    ])
    expect(maskIn(embedding({ inputDim: 4, outputDim: 2 }).apply(words))).toBeUndefined()
  })

  it('layers of one input pass them on', () => {
    expect(maskIn(dense({ units: 3 }).apply(masking().apply(x)))).toEqual([[true, false, true]])
  })

  it('merged steps count where they do in one input, and nothing is known where an input has no mask', () => {
    const [a, b] = [masking().apply(x), masking().apply(y)]
    expect(maskIn(add().apply([a, b]))).toEqual([[true, true, true]])
    expect(maskIn(add().apply([a, a]))).toEqual([[true, false, true]])
    expect(maskIn(add().apply([a, y]))).toBeUndefined()
    expect(maskIn(dot({ axes: 2 }).apply([a, b]))).toBeUndefined()
  })

  it('maximum and minimum take the steps that count', () => {
    const [a, b] = [masking().apply(x), masking().apply(y)]
    expectClose(maximum().apply([a, b]), [5, 2, 4, 4, 0, 3])
    expectClose(minimum().apply([a, b]), [1, 1, 4, 4, 0, 3])
  })

  it('concatenate keeps what counts in one input, and whole inputs without a mask', () => {
    const a = masking().apply(x)
    expect(maskIn(concatenate({ axis: 1 }).apply([a, a]))).toEqual([[true, false, true, true, false, true]])
    expect(maskIn(concatenate().apply([a, y]))).toEqual([[true, true, true]])
    expect(maskIn(concatenate().apply([a, masking().apply(x)]))).toEqual([[true, false, true]])
  })

  it('softmax leaves out what its mask marks', async () => {
    const scores = lw.tensor([
      [1, 5, 1],
      [1, 2, 3],
    ])
    const mask = lw.tensor([
      [true, false, true],
      [false, false, false],
    ])
    expectClose(softmax().apply(scores, { mask }), [0.5, 0, 0.5, 0, 0, 0])
    await expectError('layer.input', () => softmax().apply(scores, { mask: lw.tensor([true, true]) }))
  })
})

describeOnEachBackend('embedding', () => {
  it('gives the vectors of integers, and of other numbers as integers', () => {
    const layer = embedding({ inputDim: 3, outputDim: 2 })
    layer.apply(lw.tensor(new Int32Array([0]), [1, 1]))
    layer.setWeights([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ])
    expect(layer.apply(lw.tensor(new Int32Array([2, 0]), [1, 2])).arraySync()).toEqual([
      [
        [5, 6],
        [1, 2],
      ],
    ])
    expect(layer.apply(lw.tensor([[1]])).arraySync()).toEqual([[[3, 4]]])
  })

  it('refuses integers that it has no vector for', async () => {
    for (const index of [3, -1]) {
      const words = lw.tensor(new Int32Array([index]), [1, 1])
      await expectError('index.range', () => embedding({ inputDim: 3, outputDim: 2 }).apply(words), {
        index,
        size: 3,
      })
    }
    await expectError('argument.range', () => embedding({ inputDim: 0, outputDim: 2 }), {
      argument: 'inputDim',
    })
  })

  it('learns the vectors of the integers that occur alone', async () => {
    const model = lw.sequential({
      layers: [
        embedding({
          inputDim: 4,
          outputDim: 1,
          embeddingsInitializer: 'zeros',
          inputShape: [2],
          dtype: 'int32',
        }),
        lw.layers.flatten(),
      ],
    })
    model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 1 }), loss: 'meanSquaredError' })
    const words = lw.tensor(new Int32Array([1, 2]), [1, 2])
    await model.fit(words, lw.tensor([[1, 2]]), { epochs: 60, verbose: 0 })
    expectClose(model.getWeights()[0] as lw.Tensor, [0, 1, 2, 0], 1e-4)
  })
})
