import { fail } from '../../errors.js'
import { checkOptions, checkPositive } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { broadcastTo, reshape } from '../array.js'
import { divide, multiply } from '../binary.js'
import { depthwiseConv } from '../conv.js'
import { exp } from '../exponential.js'
import { composition } from '../record.js'
import { sum } from '../reduce.js'
import { kerasFormat, sample, uniform, values } from '../samples.js'
import { unstack } from '../split.js'
import { square } from '../unary.js'
import { checkWindow, perAxis } from '../windows.js'
import { type ImageOptions, onBatch, toImages } from './images.js'

/** What {@link gaussianBlur} takes. */
export interface GaussianBlurOptions extends ImageOptions {
  /** The pixels that a mean is of, along the width and along the height; odd numbers keep what is seen in its place (default [3, 3]). */
  readonly kernelSize?: readonly [number, number]
  /** The standard deviations along the width and along the height, in pixels: numbers or a tensor [2] (default [1, 1]). */
  readonly sigma?: readonly [number, number] | Tensor
}

composition<{ kernelSize: readonly number[]; dataFormat: string }>({
  name: 'gaussianBlur',
  compose: ([images, sigma], { kernelSize, dataFormat }) =>
    gaussianBlur(images as Tensor, {
      kernelSize: kernelSize as [number, number],
      sigma: sigma as Tensor,
      dataFormat: dataFormat as 'channelsLast',
    }),
  attributes: { kernelSize: 'integers', dataFormat: 'name' },
  samples: () => [
    sample('images', [uniform([1, 5, 6, 2]), values([1, 1])], {
      kernelSize: [3, 3],
      dataFormat: 'channelsLast',
    }),
    sample('channels first', [uniform([2, 2, 4, 3]), values([0.5, 2])], {
      kernelSize: [3, 3],
      dataFormat: 'channelsFirst',
    }),
    sample('one image', [uniform([6, 7, 1]), values([1.5, 0.7])], {
      kernelSize: [5, 5],
      dataFormat: 'channelsLast',
    }),
    {
      // Keras on PyTorch takes the elements of such a kernel in another order.
      ...sample('another size along each axis', [uniform([1, 5, 6, 2]), values([1.5, 0.7])], {
        kernelSize: [5, 3],
        dataFormat: 'channelsLast',
      }),
      unknownToTorch: true,
    },
    {
      ...sample('even sizes', [uniform([1, 5, 6, 2]), values([1.5, 0.7])], {
        kernelSize: [2, 4],
        dataFormat: 'channelsLast',
      }),
      unknownToTorch: true,
    },
    sample('many', [uniform([2, 30, 20, 8]), values([2, 3])], {
      kernelSize: [7, 7],
      dataFormat: 'channelsLast',
    }),
  ],
  errors: [
    {
      label: 'one size',
      run: ({ image, zeros }) =>
        image.gaussianBlur(zeros([4, 5, 3]), { kernelSize: [3] as unknown as [number, number] }),
      code: 'argument.range',
    },
    {
      label: 'no width',
      run: ({ image, zeros }) => image.gaussianBlur(zeros([4, 5, 3]), { sigma: [1, 0] }),
      code: 'argument.range',
    },
    {
      label: 'three deviations',
      run: ({ image, ones, zeros }) => image.gaussianBlur(zeros([4, 5, 3]), { sigma: ones([3]) }),
      code: 'shape.mismatch',
    },
    {
      label: 'uint8',
      run: ({ image, zeros }) => image.gaussianBlur(zeros([4, 5, 3], 'uint8')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.gaussian_blur(a, tuple(kernelSize), b, ${kerasFormat})`,
})

/**
 * The weighted means of float32 images around each pixel, by weights of a normal distribution; there are zeros around the images. As in
 * Keras, the first number of a pair is for the width.
 *
 * @param images [batch, height, width, channels], or one without the batch
 * @param options kernelSize, sigma, dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.range, argument.type
 *
 * @example
 * lw.ops.image.gaussianBlur(images, { kernelSize: [5, 5], sigma: [1.5, 1.5] })
 */
export function gaussianBlur(images: TensorInput, options: GaussianBlurOptions = {}): Tensor {
  const op = 'gaussianBlur'
  checkOptions(op, options, ['kernelSize', 'sigma', 'dataFormat'])
  const { kernelSize = [3, 3], sigma = [1, 1] } = options
  const { value, dataFormat } = toImages(op, images, options, ['float32'])
  const size = perAxis(op, 'kernelSize', kernelSize, 2)
  checkWindow(op, size)
  if (Array.isArray(sigma)) for (const deviation of sigma) checkPositive(op, 'sigma', deviation)
  const deviations = toTensor(op, sigma as TensorInput)
  if (deviations.rank !== 1 || deviations.size !== 2) {
    const expected = 'a sigma for the width and one for the height'
    fail('shape.mismatch', { op, expected, got: [deviations.shape] })
  }
  return applyComposition(`${op} ${size} ${dataFormat}`, [value, deviations], ([x, pair]) => {
    const [wide, tall] = unstack(pair as Tensor).map((deviation, i) =>
      normalWeights(size[i] as number, deviation),
    ) as [Tensor, Tensor]
    return onBatch(x as Tensor, dataFormat, (last) => weightedMeans(last, tall, wide, 'same'))
  })
}

/** So many weights of a normal distribution around 0, whose sum is 1. */
export function normalWeights(size: number, deviation: TensorInput): Tensor {
  const places = tensor(Float32Array.from({ length: size }, (_, i) => i - (size - 1) / 2))
  const weights = exp(multiply(square(divide(places, deviation)), -0.5))
  return divide(weights, sum(weights))
}

/** The means around each pixel of images [batch, height, width, channels], by weights of rows times weights of columns. */
export function weightedMeans(
  images: Tensor,
  rows: Tensor,
  columns: Tensor,
  padding: 'valid' | 'same',
): Tensor {
  const channels = images.shape.at(-1) as number
  const along = (x: Tensor, weights: Tensor, window: readonly [number, number]) =>
    depthwiseConv(x, broadcastTo(reshape(weights, [...window, 1, 1]), [...window, channels, 1]), { padding })
  return along(along(images, rows, [rows.size, 1]), columns, [1, columns.size])
}
