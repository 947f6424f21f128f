import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { add, multiply } from '../binary.js'
import { cast } from '../compare.js'
import { composition, type SampleArray } from '../record.js'
import { array, integers, kerasFormat, sample, uniform, valueSample } from '../samples.js'
import { unstack } from '../split.js'
import type { DataFormat } from '../windows.js'
import { inFloat32, numbers, onBatch, toImages } from './images.js'
import { type FillOptions, fillOf, orderOf, readPixels, type TransformOptions } from './interpolate.js'

/** What {@link affineTransform} takes. */
export interface AffineTransformOptions extends TransformOptions, FillOptions {}

/** Turned, stretched and moved a little: near the identity, so that most of what is read lies within small images. */
const transforms = (count: number): SampleArray => {
  const { values } = uniform([count, 8], -0.4, 0.4, 1)
  const identity = [1, 0, 0, 0, 1, 0, 0, 0]
  return array([count, 8], 'float32', (i) => (i % 8 > 5 ? 0 : Math.fround(values[i]! + identity[i % 8]!)))
}
const oneTransform = (values: readonly number[]): SampleArray => ({
  shape: [8],
  dtype: 'float32',
  values: values.map(Math.fround),
})

composition<{ interpolation: string; fillMode: string; fillValue: number; dataFormat: string }>({
  name: 'affineTransform',
  compose: ([images, transform], attributes) =>
    affineTransform(images as Tensor, transform as Tensor, attributes as AffineTransformOptions),
  attributes: { interpolation: 'name', fillMode: 'name', fillValue: 'number', dataFormat: 'name' },
  samples: () => {
    const defaults = {
      interpolation: 'bilinear',
      fillMode: 'constant',
      fillValue: 0,
      dataFormat: 'channelsLast',
    }
    return [
      ...(['constant', 'nearest', 'reflect', 'mirror', 'wrap'] as const).map((fillMode) =>
        sample(fillMode, [uniform([2, 4, 5, 3]), transforms(2)], { ...defaults, fillMode, fillValue: 0.5 }),
      ),
      sample('nearest pixels', [uniform([2, 4, 5, 3]), transforms(2)], {
        ...defaults,
        interpolation: 'nearest',
      }),
      sample(
        'one transform of one image',
        [uniform([4, 5, 3]), oneTransform([0.713, 0.231, 0.877, -0.317, 1.139, 0.371, 0, 0])],
        {
          ...defaults,
          fillMode: 'reflect',
        },
      ),
      sample('channels first', [uniform([2, 3, 4, 5]), transforms(2)], {
        ...defaults,
        dataFormat: 'channelsFirst',
      }),
      sample('one image, channels first', [uniform([3, 4, 5]), transforms(1)], {
        ...defaults,
        dataFormat: 'channelsFirst',
      }),
      {
        ...sample('one transform of all images', [uniform([3, 4, 5, 2]), transforms(1)], defaults),
        unknownToTorch: true,
      },
      valueSample('the identity', [uniform([3, 4, 2]), oneTransform([1, 0, 0, 0, 1, 0, 0, 0])], defaults),
      valueSample('moved by whole pixels', [uniform([3, 4, 2]), oneTransform([1, 0, -1, 0, 1, 2, 0, 0])], {
        ...defaults,
        fillMode: 'wrap',
        interpolation: 'nearest',
      }),
      sample('of int32', [integers([2, 4, 5, 1], -99, 99), transforms(2)], { ...defaults, fillValue: 3.5 }),
      sample('of uint8', [{ ...integers([2, 4, 5, 1], 0, 256), dtype: 'uint8' }, transforms(2)], {
        ...defaults,
        interpolation: 'nearest',
      }),
      {
        ...sample('no images', [uniform([0, 4, 5, 3]), transforms(0)], defaults),
        unknownToTorch: true,
      },
      sample('many', [uniform([8, 7, 6, 16]), transforms(8)], { ...defaults, fillMode: 'nearest' }),
    ]
  },
  errors: [
    {
      label: 'a matrix',
      run: ({ image }) => image.affineTransform([[1]], [1, 0, 0, 0, 1, 0, 0, 0]),
      code: 'shape.mismatch',
    },
    {
      label: 'six numbers',
      run: ({ image }) => image.affineTransform([[[1]]], [1, 0, 0, 0, 1, 0]),
      code: 'shape.mismatch',
    },
    {
      label: 'another number of transforms',
      run: ({ image, zeros }) => image.affineTransform(zeros([3, 2, 2, 1]), zeros([2, 8])),
      code: 'shape.mismatch',
    },
    {
      label: 'no pixels',
      run: ({ image, zeros }) => image.affineTransform(zeros([3, 0, 2, 1]), zeros([3, 8])),
      code: 'shape.mismatch',
    },
    {
      label: 'cubic',
      run: ({ image, zeros }) =>
        image.affineTransform(zeros([2, 2, 1]), zeros([8]), { interpolation: 'bicubic' as 'nearest' }),
      code: 'argument.type',
    },
    {
      label: 'another format',
      run: ({ image, zeros }) =>
        image.affineTransform(zeros([2, 2, 1]), zeros([8]), { dataFormat: 'last' as DataFormat }),
      code: 'argument.type',
    },
    {
      label: 'bool',
      run: ({ image, ones, zeros }) => image.affineTransform(ones([2, 2, 1], 'bool'), zeros([8])),
      code: 'dtype.mismatch',
    },
  ],
  // A coordinate below 8 is rounded four times, by 2^-22 at most, which a difference of pixels of twice the largest value multiplies.
  tolerance: { relative: 2 * 2 * 4 * 2 ** -22 },
  // Keras writes into its argument, and multiplies the last two by numbers of channels.
  torch:
    'keras.ops.image.affine_transform(a, b * torch.tensor([1.0] * 6 + [0.0] * 2), interpolation, fillMode, fillValue, ' +
    `${kerasFormat})`,
})

/**
 * Images as seen through affine maps. A transform [a0, a1, a2, b0, b1, b2, c0, c1] says where the pixel at column x and row y of the result
 * is read: at column a0 x + a1 y + a2 and row b0 x + b1 y + b2. As in Keras on PyTorch and JAX, c0 and c1 are taken as 0. Images and
 * transforms have a gradient. float32, int32 or uint8; integers are rounded to.
 *
 * @param images [batch, height, width, channels], or one without the batch
 * @param transform [8] for all images, or [batch, 8]
 * @param options interpolation, fillMode, fillValue, dataFormat
 * @throws argument.range, argument.type, shape.mismatch, dtype.mismatch
 *
 * @example
 * // Moved to the right by one pixel.
 * lw.ops.image.affineTransform([[[1], [2], [3]]], [1, 0, -1, 0, 1, 0, 0, 0])   // [[[0], [1], [2]]]
 */
export function affineTransform(
  images: TensorInput,
  transform: TensorInput,
  options: AffineTransformOptions = {},
): Tensor {
  const op = 'affineTransform'
  checkOptions(op, options, ['interpolation', 'fillMode', 'fillValue', 'dataFormat'])
  const order = orderOf(op, options.interpolation)
  const { value, dataFormat } = toImages(op, images, options, numbers)
  const map = toTensor(op, transform)
  const fill = fillOf(op, options, value.dtype)
  const batch = value.rank === 4 ? value.shape[0] : 1
  const count = map.rank === 1 ? 1 : (map.shape[0] as number)
  if (![1, 2].includes(map.rank) || map.shape.at(-1) !== 8 || (count !== 1 && count !== batch)) {
    const expected = 'transforms [8] for all images, or [batch, 8]'
    fail('shape.mismatch', { op, expected, got: [value.shape, map.shape] })
  }
  const name = `${op} ${order} ${dataFormat} ${JSON.stringify(fill)}`
  return applyComposition(name, [value, map], ([x, transforms]) => {
    const coefficients = reshape(cast(transforms as Tensor, 'float32'), [count, 1, 1, 8])
    const [a0, a1, a2, b0, b1, b2] = unstack(coefficients, { axis: -1 }) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    return inFloat32(x as Tensor, (floats) =>
      onBatch(floats, dataFormat, (last) =>
        readPixels(op, last, { ...fill, order }, (x, y) => ({
          x: add(add(multiply(a0, x), multiply(a1, y)), a2),
          y: add(add(multiply(b0, x), multiply(b1, y)), b2),
        })),
      ),
    )
  })
}
