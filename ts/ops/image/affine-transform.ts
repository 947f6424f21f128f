import { fail } from '../../errors.js'
import { checkChoice, checkOptions } from '../../options.js'
import { sizeOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { add, multiply } from '../binary.js'
import { cast } from '../compare.js'
import { channelsLast } from '../data-format.js'
import { countingAlong } from '../places.js'
import { composition, type SampleArray } from '../record.js'
import { array, integers, sample, uniform, valueSample } from '../samples.js'
import { unstack } from '../split.js'
import { checkDataFormat, type DataFormat } from '../windows.js'
import {
  checkPixels,
  type FillOptions,
  fillOf,
  type Interpolation,
  inFloat32,
  interpolate,
} from './interpolate.js'

/** What {@link affineTransform} takes. */
export interface AffineTransformOptions extends FillOptions {
  /** Between pixels: linear along both axes, or the nearest one (default 'bilinear'). */
  readonly interpolation?: 'bilinear' | 'nearest'
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

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
    "{'channelsLast': 'channels_last', 'channelsFirst': 'channels_first'}[dataFormat])",
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
  const { interpolation = 'bilinear', dataFormat = 'channelsLast' } = options
  checkChoice(op, 'interpolation', interpolation, ['bilinear', 'nearest'])
  checkDataFormat(op, dataFormat)
  const order = interpolation === 'nearest' ? 0 : 1
  const [value, map] = [toTensor(op, images), toTensor(op, transform)]
  const fill = fillOf(op, options, value.dtype)
  const batch = value.rank === 4 ? value.shape[0] : 1
  const rows = map.rank === 1 ? 1 : map.shape[0]
  if (
    ![3, 4].includes(value.rank) ||
    ![1, 2].includes(map.rank) ||
    map.shape.at(-1) !== 8 ||
    (rows !== 1 && rows !== batch)
  ) {
    const expected = 'images [height, width, channels] or a batch of them, and transforms [8] or [batch, 8]'
    fail('shape.mismatch', { op, expected, got: [value.shape, map.shape] })
  }
  const name = `${op} ${order} ${dataFormat} ${JSON.stringify(fill)}`
  return applyComposition(name, [value, map], ([x, rowsOfTransforms]) => {
    const whole = value.rank === 4 ? (x as Tensor) : reshape(x as Tensor, [1, ...value.shape])
    const maps = reshape(cast(rowsOfTransforms as Tensor, 'float32'), [rows as number, 8])
    const seen = inFloat32(op, whole, (floats) =>
      channelsLast(dataFormat, floats, (last) => readThrough(op, last, maps, { ...fill, order })),
    )
    return reshape(seen, value.shape)
  })
}

/** Images [batch, height, width, channels] as seen through maps [batch, 8], or one map for all. */
function readThrough(op: string, images: Tensor, maps: Tensor, interpolation: Interpolation): Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number]
  checkPixels(op, images, [height, width])
  const [a0, a1, a2, b0, b1, b2] = unstack(reshape(maps, [maps.shape[0] as number, 1, 1, 8]), {
    axis: -1,
  }) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
  const x = cast(countingAlong(2, width, 3), 'float32')
  const y = cast(countingAlong(1, height, 3), 'float32')
  const along = (toX: Tensor, toY: Tensor, offset: Tensor) =>
    add(add(multiply(toX, x), multiply(toY, y)), offset)
  const axes = [
    { coordinate: along(b0, b1, b2), extent: height, stride: width },
    { coordinate: along(a0, a1, a2), extent: width, stride: 1 },
  ]
  const first = batch === 1 ? undefined : countingAlong(0, batch, 3, height * width)
  const table = reshape(images, [sizeOf([batch, height, width]), channels])
  return interpolate(table, axes, interpolation, first)
}
