import { checkInterval, checkOptions, checkPositive } from '../../options.js'
import { normal, type Seed } from '../../random.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { add, multiply } from '../binary.js'
import { composition } from '../record.js'
import { integers, sample, uniform } from '../samples.js'
import { unstack } from '../split.js'
import { normalWeights, weightedMeans } from './gaussian-blur.js'
import { imageAxes, inFloat32, numbers, onBatch, toImages } from './images.js'
import { type FillOptions, fillOf, orderOf, readPixels, type TransformOptions } from './interpolate.js'

/** What {@link elasticTransform} takes. Its `fillMode` is 'reflect' by default. */
export interface ElasticTransformOptions extends TransformOptions, FillOptions {
  /** How far pixels move (default 20). */
  readonly alpha?: number
  /** Over how many pixels neighbours move alike: the standard deviation of what smooths the moves, and a factor of them (default 5). */
  readonly sigma?: number
  /** For equal moves at each call, or a generator that advances. */
  readonly seed?: Seed
}

composition<{ alpha: number; sigma: number; fillMode: string; seed: number; dataFormat: string }>({
  name: 'elasticTransform',
  compose: ([images], options) => elasticTransform(images as Tensor, options as ElasticTransformOptions),
  attributes: {
    alpha: 'number',
    sigma: 'number',
    fillMode: 'name',
    seed: 'integer',
    dataFormat: 'name',
  },
  samples: () => {
    const options = { alpha: 2, sigma: 0.8, fillMode: 'reflect', seed: 1, dataFormat: 'channelsLast' }
    return [
      sample('images', [uniform([2, 5, 6, 3])], options),
      sample('one image, channels first', [uniform([3, 4, 5])], { ...options, dataFormat: 'channelsFirst' }),
      sample('with a constant around', [uniform([2, 5, 6, 1])], { ...options, fillMode: 'constant' }),
      sample('int32', [integers([5, 6, 1], -99, 99)], options),
    ]
  },
  errors: [
    {
      label: 'nothing to smooth with',
      run: ({ image, zeros }) => image.elasticTransform(zeros([4, 5, 1]), { sigma: 0 }),
      code: 'argument.range',
    },
    {
      label: 'a matrix',
      run: ({ image, zeros }) => image.elasticTransform(zeros([4, 5])),
      code: 'shape.mismatch',
    },
    {
      label: 'no pixels',
      run: ({ image, zeros }) => image.elasticTransform(zeros([4, 0, 1])),
      code: 'shape.mismatch',
    },
    {
      label: 'bool',
      run: ({ image, zeros }) => image.elasticTransform(zeros([4, 5, 1], 'bool')),
      code: 'dtype.mismatch',
    },
  ],
  // A coordinate below 8 is rounded, like the moves in it, some four times, by 2^-22 at most, which a difference of pixels of twice the largest
  // value multiplies.
  tolerance: { relative: 2 * 2 * 4 * 2 ** -22 },
  // Its numbers are random.
  torch: null,
})

/**
 * Images whose pixels have moved here and there, neighbours by about as much (Simard et al., 2003): each is read where normally distributed
 * moves, smoothed and times alpha, lead. float32, int32 or uint8; integers are rounded to.
 *
 * @param images [batch, height, width, channels], or one without the batch
 * @param options alpha, sigma, interpolation, fillMode ('reflect'), fillValue, seed, dataFormat
 * @throws argument.range, argument.type, shape.mismatch, dtype.mismatch
 *
 * @example
 * lw.ops.image.elasticTransform(lw.ops.zeros([8, 32, 32, 3]), { alpha: 10, sigma: 3, seed: 1 })
 */
export function elasticTransform(images: TensorInput, options: ElasticTransformOptions = {}): Tensor {
  const op = 'elasticTransform'
  const own = ['alpha', 'sigma', 'interpolation', 'fillMode', 'fillValue', 'seed', 'dataFormat']
  checkOptions(op, options, own)
  const { alpha = 20, sigma = 5, fillMode = 'reflect', seed } = options
  checkInterval(op, 'alpha', alpha, { minimum: -Infinity })
  checkPositive(op, 'sigma', sigma)
  const order = orderOf(op, options.interpolation)
  const { value, dataFormat } = toImages(op, images, options, numbers)
  const fill = fillOf(op, { ...options, fillMode }, value.dtype)
  const [height, width] = imageAxes(value, dataFormat).map((axis) => value.shape[axis]) as [number, number]
  const batch = value.rank === 4 ? (value.shape[0] as number) : 1
  const drawn = normal([batch, height, width, 2], { ...(seed !== undefined && { seed }) })
  const name = `${op} ${alpha} ${sigma} ${order} ${dataFormat} ${JSON.stringify(fill)}`
  return applyComposition(name, [value, drawn], ([x, noise]) => {
    const weights = normalWeights(Math.floor(6 * sigma) | 1, sigma)
    const smooth = weightedMeans(noise as Tensor, weights, weights, 'same')
    const [moveX, moveY] = unstack(multiply(smooth, alpha * sigma), { axis: -1 }) as [Tensor, Tensor]
    return inFloat32(x as Tensor, (floats) =>
      onBatch(floats, dataFormat, (last) =>
        readPixels(op, last, { ...fill, order }, (x, y) => ({ x: add(x, moveX), y: add(y, moveY) })),
      ),
    )
  })
}
