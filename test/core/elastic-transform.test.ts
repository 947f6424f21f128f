import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose } from '../expect.js'

const { add, arange, image, multiply, reshape, stack, unstack } = lw.ops

describeOnEachBackend('elasticTransform', () => {
  const x = lw.random.uniform([6, 7, 1], { seed: 3 })

  it('reads where smoothed normal numbers lead', () => {
    const noise = lw.random.normal([1, 6, 7, 2], { seed: 5 })
    const moves = multiply(image.gaussianBlur(noise, { kernelSize: [9, 9], sigma: [1.5, 1.5] }), 4 * 1.5)
    const [moveX, moveY] = unstack(reshape(moves, [6, 7, 2]), { axis: -1 }) as [lw.Tensor, lw.Tensor]
    const rows = add(moveY, reshape(arange(0, 6, 1, 'float32'), [6, 1]))
    const columns = add(moveX, reshape(arange(0, 7, 1, 'float32'), [1, 7]))
    const wanted = image.mapCoordinates(reshape(x, [6, 7]), stack([rows, columns]), 1, {
      fillMode: 'reflect',
    })
    const got = image.elasticTransform(x, { alpha: 4, sigma: 1.5, seed: 5 })
    expect(got.shape).toEqual([6, 7, 1])
    expectClose(got, wanted.dataSync(), 1e-5)
  })

  it('moves nothing by nothing, otherwise at each call, and as it did with the same seed', () => {
    expect(image.elasticTransform(x, { alpha: 0 }).dataSync()).toEqual(x.dataSync())
    const transform = lw.jit((x: lw.Tensor) => image.elasticTransform(x, { alpha: 4, sigma: 1 }))
    expect(transform(x).dataSync()).not.toEqual(transform(x).dataSync())
    const generator = new lw.random.RandomGenerator(1)
    const drawn = [1, 1, 2].map((seed) => {
      generator.seed(seed)
      return image.elasticTransform(x, { sigma: 1, seed: generator }).dataSync()
    })
    expect(drawn[0]).toEqual(drawn[1])
    expect(drawn[0]).not.toEqual(drawn[2])
  })
})
