import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { ops, layers } = lw

describeOnEachBackend('resizing', () => {
  it('keeps the dtype: integers are rounded to, and a cubic does not lead beyond them', () => {
    const edge = lw.tensor(new Uint8Array([0, 0, 255, 255]), [1, 4, 1])
    const resized = layers.resizing({ height: 1, width: 8, interpolation: 'bicubic' }).apply(edge)
    expect(resized.dtype).toBe('uint8')
    expect(resized.dataSync()).toEqual(new Uint8Array([0, 0, 0, 52, 203, 255, 255, 255]))
  })

  it('by nearest pixels keeps integers that float32 cannot hold', () => {
    const large = lw.tensor(new Int32Array([2 ** 24 + 1, -(2 ** 31)]), [1, 2, 1])
    const resized = ops.image.resize(large, [2, 2], { interpolation: 'nearest' })
    expect(resized.arraySync()).toEqual([
      [[2 ** 24 + 1], [-(2 ** 31)]],
      [[2 ** 24 + 1], [-(2 ** 31)]],
    ])
  })

  it('takes labels and segmentation masks along, whose class numbers stay what they are', () => {
    const images = lw.tensor([[[[0], [4]]]])
    const labels = lw.tensor([7])
    const segmentationMasks = lw.tensor([[[[1], [3]]]])
    const data = { images, labels, segmentationMasks }
    const resized = layers.resizing({ height: 1, width: 4 }).apply<Record<string, lw.Tensor>>(data)
    expect(Object.keys(resized)).toEqual(['images', 'labels', 'segmentationMasks'])
    expect(resized.images!.arraySync()).toEqual([[[[0], [1], [3], [4]]]])
    expect(resized.labels!.arraySync()).toEqual([7])
    expect(resized.segmentationMasks!.arraySync()).toEqual([[[[1], [1], [3], [3]]]])
    const cropped = layers.centerCrop({ height: 1, width: 1 }).apply<Record<string, lw.Tensor>>(data)
    expect(cropped.segmentationMasks!.arraySync()).toEqual([[[[1]]]])
  })

  it('has a gradient that is the transpose of what it does', () => {
    const x = lw.tensor([[[1], [2], [4], [8], [16]]])
    const total = (image: lw.Tensor) => ops.sum(ops.image.resize(image, [1, 2], { interpolation: 'nearest' }))
    expect(lw.grad(total)(x).arraySync()).toEqual([[[0], [1], [0], [1], [0]]])
  })

  it('refuses options that are none', async () => {
    await expectError('argument.range', () => layers.resizing({ height: 0, width: 2 }))
    await expectError('argument.range', () => layers.centerCrop({ height: 1.5, width: 2 }))
    await expectError('argument.type', () =>
      layers.resizing({ height: 2, width: 2, interpolation: 'linear' as 'nearest' }),
    )
    await expectError('argument.type', () => layers.upSampling2d({ interpolation: 'cubic' as 'nearest' }))
    await expectError('argument.unknown', () => layers.centerCrop({ height: 2, width: 2, size: 3 } as never))
    for (const shape of [
      [1, 2, 3, 1],
      [0, 2, 3, 1],
    ])
      await expectError('shape.invalid', () => ops.image.resize(ops.zeros(shape), [2 ** 30, 4]), {
        op: 'resample',
      })
  })
})
