import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import { type Tensor, tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { broadcastTo, reshape, transpose } from '../array.js'
import { depthwiseConv } from '../conv.js'
import { composition } from '../record.js'
import { kerasFormat, sample, uniform } from '../samples.js'
import { type ImageOptions, toImages } from './images.js'

composition<{ dataFormat: string }>({
  name: 'sobelEdges',
  compose: ([images], options) => sobelEdges(images as Tensor, options as ImageOptions),
  attributes: { dataFormat: 'name' },
  samples: () => [
    sample('images', [uniform([1, 4, 5, 2])], { dataFormat: 'channelsLast' }),
    sample('channels first', [uniform([2, 1, 4, 5])], { dataFormat: 'channelsFirst' }),
    sample('many', [uniform([2, 20, 30, 5])], { dataFormat: 'channelsLast' }),
  ],
  errors: [
    {
      label: 'one image',
      run: ({ image, zeros }) => image.sobelEdges(zeros([4, 5, 1])),
      code: 'shape.mismatch',
    },
    {
      label: 'int32',
      run: ({ image, zeros }) => image.sobelEdges(zeros([1, 4, 5, 1], 'int32')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.sobel_edges(a, ${kerasFormat})`,
})

/** Sobel's kernels for the slopes downwards and to the right, beside each other: [3, 3, 1, 2]. */
const downwards = [-1, -2, -1, 0, 0, 0, 1, 2, 1]
const rightwards = [-1, 0, 1, -2, 0, 2, -1, 0, 1]
const kernels = () =>
  tensor(Float32Array.from(downwards.flatMap((down, i) => [down, rightwards[i] as number])), [3, 3, 1, 2])

/**
 * How steeply float32 images [batch, height, width, channels] go up, eight times the slope from a pixel to the next: [batch, height, width,
 * channels, 2], downwards and to the right, by Sobel's weights. There are zeros around the images.
 *
 * @param options dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.type
 *
 * @example
 * lw.ops.image.sobelEdges(lw.ops.zeros([8, 32, 32, 3])).shape   // [8, 32, 32, 3, 2]
 */
export function sobelEdges(images: TensorInput, options: ImageOptions = {}): Tensor {
  const op = 'sobelEdges'
  checkOptions(op, options, ['dataFormat'])
  const { value, dataFormat } = toImages(op, images, options, ['float32'])
  if (value.rank !== 4) {
    fail('shape.mismatch', { op, expected: 'images of rank 4, with a batch', got: [value.shape] })
  }
  return applyComposition(`${op} ${dataFormat}`, [value], ([x]) => {
    const first = dataFormat === 'channelsFirst'
    const last = first ? transpose(x as Tensor, [0, 2, 3, 1]) : (x as Tensor)
    const each = broadcastTo(kernels(), [3, 3, last.shape[3] as number, 2])
    const slopes = reshape(depthwiseConv(last, each, { padding: 'same' }), [...last.shape, 2])
    return first ? transpose(slopes, [0, 3, 1, 2, 4]) : slopes
  })
}
