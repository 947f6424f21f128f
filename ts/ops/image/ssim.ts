import { fail } from '../../errors.js'
import { checkInteger, checkOptions, checkPositive } from '../../options.js'
import { sameShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { reshape } from '../array.js'
import { add, divide, multiply, subtract } from '../binary.js'
import { concatenate } from '../join.js'
import { composition } from '../record.js'
import { kerasFormat, sample, uniform } from '../samples.js'
import { split } from '../split.js'
import { mean } from '../statistics.js'
import { square } from '../unary.js'
import { normalWeights, weightedMeans } from './gaussian-blur.js'
import { type ImageOptions, imageAxes, onBatch, toImages } from './images.js'

/** What {@link ssim} takes. */
export interface SSIMOptions extends ImageOptions {
  /** The largest value that pixels can have, from 0 on (default 1). */
  readonly maxVal?: number
  /** The pixels of a window along each axis, an odd number (default 11). */
  readonly filterSize?: number
  /** The standard deviation of a window's weights, in pixels (default 1.5). */
  readonly filterSigma?: number
  /** Keeps the comparison of brightness from dividing by nothing, as a share of `maxVal` (default 0.01). */
  readonly k1?: number
  /** The same of contrast (default 0.03). */
  readonly k2?: number
}

composition<{ maxVal: number; filterSize: number; filterSigma: number; dataFormat: string }>({
  name: 'ssim',
  compose: ([image1, image2], options) => ssim(image1 as Tensor, image2 as Tensor, options as SSIMOptions),
  attributes: { maxVal: 'number', filterSize: 'integer', filterSigma: 'number', dataFormat: 'name' },
  samples: () => {
    const defaults = { maxVal: 1, filterSize: 3, filterSigma: 1.5, dataFormat: 'channelsLast' }
    // The second image is the first with noise.
    const pair = (shape: readonly number[], most = 1) => {
      const [image, noise] = [uniform(shape, 0, most, 1), uniform(shape, 0, most, 2)]
      const mixed = image.values.map((value, i) =>
        Math.fround(0.7 * value + 0.3 * (noise.values[i] as number)),
      )
      return [image, { ...noise, values: mixed }]
    }
    return [
      sample('images', pair([2, 4, 5, 1]), defaults),
      sample('one image', pair([5, 4, 2]), { ...defaults, filterSigma: 0.7 }),
      sample('channels first, up to 255', pair([1, 2, 5, 6], 255), {
        ...defaults,
        maxVal: 255,
        filterSize: 5,
        dataFormat: 'channelsFirst',
      }),
      sample('the usual window', pair([2, 16, 14, 3]), { ...defaults, filterSize: 11 }),
    ]
  },
  errors: [
    {
      label: 'other shapes',
      run: ({ image, zeros }) => image.ssim(zeros([16, 16, 3]), zeros([16, 16, 1])),
      code: 'shape.mismatch',
    },
    {
      label: 'images smaller than the window',
      run: ({ image, zeros }) => image.ssim(zeros([16, 8, 3]), zeros([16, 8, 3])),
      code: 'shape.mismatch',
    },
    {
      label: 'an even window',
      run: ({ image, zeros }) => image.ssim(zeros([16, 16, 3]), zeros([16, 16, 3]), { filterSize: 4 }),
      code: 'argument.range',
    },
    {
      label: 'uint8',
      run: ({ image, zeros }) => image.ssim(zeros([16, 16, 3], 'uint8'), zeros([16, 16, 3], 'uint8')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.ssim(a, b, maxVal, filterSize, filterSigma, data_format=${kerasFormat})`,
})

/**
 * How alike images are, by structural similarity (Wang et al., 2004): brightness, contrast and pattern of windows around each pixel, by
 * normally distributed weights. 1 is equal; the result has one number for each image. float32.
 *
 * @param image1 [batch, height, width, channels], or one without the batch
 * @param image2 of the same shape
 * @param options maxVal, filterSize, filterSigma, k1, k2, dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.range, argument.type
 *
 * @example
 * const loss = lw.ops.subtract(1, lw.ops.mean(lw.ops.image.ssim(yTrue, yPred)))
 */
export function ssim(image1: TensorInput, image2: TensorInput, options: SSIMOptions = {}): Tensor {
  const op = 'ssim'
  checkOptions(op, options, ['maxVal', 'filterSize', 'filterSigma', 'k1', 'k2', 'dataFormat'])
  const { maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03 } = options
  checkInteger(op, 'filterSize', filterSize, 1)
  if (filterSize % 2 === 0) {
    fail('argument.range', { op, argument: 'filterSize', expected: 'an odd number', got: filterSize })
  }
  for (const [name, number] of Object.entries({ maxVal, filterSigma, k1, k2 })) {
    checkPositive(op, name, number)
  }
  const { value: one, dataFormat, channelAxis } = toImages(op, image1, options, ['float32'])
  const { value: other } = toImages(op, image2, options, ['float32'])
  const spatial = imageAxes(one, dataFormat).map((axis) => one.shape[axis] as number)
  if (!sameShape(one.shape, other.shape) || spatial.some((extent) => extent < filterSize)) {
    const expected = `two batches of images of one shape, of at least ${filterSize} × ${filterSize} pixels`
    fail('shape.mismatch', { op, expected, got: [one.shape, other.shape] })
  }
  const name = `${op} ${[maxVal, filterSize, filterSigma, k1, k2]} ${dataFormat}`
  return applyComposition(name, [one, other], ([x, y]) => {
    const [a, b] = [x, y] as [Tensor, Tensor]
    const all = concatenate([a, b, square(a), square(b), multiply(a, b)], { axis: channelAxis })
    const weights = normalWeights(filterSize, filterSigma)
    const means = onBatch(all, dataFormat, (last) => weightedMeans(last, weights, weights, 'valid'))
    const [meanA, meanB, squareA, squareB, product] = split(means, 5, { axis: channelAxis }) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const [c1, c2] = [(k1 * maxVal) ** 2, (k2 * maxVal) ** 2]
    const [powerA, powerB, both] = [square(meanA), square(meanB), multiply(meanA, meanB)]
    const covariance = subtract(product, both)
    const variances = add(subtract(squareA, powerA), subtract(squareB, powerB))
    const alike = multiply(add(multiply(both, 2), c1), add(multiply(covariance, 2), c2))
    const similarity = divide(alike, multiply(add(add(powerA, powerB), c1), add(variances, c2)))
    const images = one.rank === 4 ? [one.shape[0] as number] : []
    return mean(reshape(similarity, [...images, similarity.size / Math.max(1, images[0] ?? 1)]), { axis: -1 })
  })
}
