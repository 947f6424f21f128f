import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { add, clip, divide, maximum, minimum, multiply, subtract } from '../binary.js'
import { cast, equal, greater, less, where } from '../compare.js'
import { stack } from '../join.js'
import { composition } from '../record.js'
import { mod } from '../rounding.js'
import { integers, kerasFormat, sample, uniform, valueSample, values } from '../samples.js'
import { unstack } from '../split.js'
import { absolute } from '../unary.js'
import type { DataFormat } from '../windows.js'
import { type ImageOptions, numbers, toImages } from './images.js'

type FormatAttribute = { dataFormat: string }
const attributes = { dataFormat: 'name' } as const
const [last, first] = [{ dataFormat: 'channelsLast' }, { dataFormat: 'channelsFirst' }]

/** Grey, black, white, full colours and what lies a little beside them: where conversions change their formula. */
const corners = () => {
  const colours = [
    [0, 0, 0],
    [1, 1, 1],
    [0.5, 0.5, 0.5],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 0, 0.25],
  ]
  return { ...values(colours.flat()), shape: [2, 5, 3] }
}

composition<FormatAttribute>({
  name: 'rgbToGrayscale',
  compose: ([images], options) => rgbToGrayscale(images as Tensor, options as ImageOptions),
  attributes,
  samples: () => [
    sample('images', [uniform([2, 2, 5, 3], 0, 1)], last),
    sample('one image, channels first', [uniform([3, 4, 5], 0, 1)], first),
    sample('grey already', [uniform([2, 4, 5, 1], 0, 1)], last),
    sample('uint8', [{ ...integers([4, 5, 3], 0, 256), dtype: 'uint8' }], last),
    sample('int32, channels first', [integers([2, 3, 2, 5], 0, 256)], first),
  ],
  errors: [
    {
      label: 'two channels',
      run: ({ image, zeros }) => image.rgbToGrayscale(zeros([4, 5, 2])),
      code: 'shape.mismatch',
    },
    {
      label: 'a matrix',
      run: ({ image, zeros }) => image.rgbToGrayscale(zeros([4, 3])),
      code: 'shape.mismatch',
    },
    {
      label: 'bool',
      run: ({ image, zeros }) => image.rgbToGrayscale(zeros([4, 5, 3], 'bool')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.rgb_to_grayscale(a, ${kerasFormat})`,
})

/**
 * The brightness of images [batch, height, width, 3] with channels red, green and blue: 0.2989 r + 0.587 g + 0.114 b, in one channel. Images
 * of one channel stay as they are. float32, or int32 and uint8, which lose the fraction.
 *
 * @param images also one without the batch
 * @param options dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.type
 *
 * @example
 * lw.ops.image.rgbToGrayscale([[[1, 0, 0], [0, 0, 1]]])   // [[[0.2989], [0.114]]]
 */
export function rgbToGrayscale(images: TensorInput, options: ImageOptions = {}): Tensor {
  const op = 'rgbToGrayscale'
  checkOptions(op, options, ['dataFormat'])
  const { value, channelAxis } = toImages(op, images, options, numbers)
  const channels = value.shape.at(channelAxis)
  if (channels === 1) return value
  checkColours(op, value, channelAxis)
  return applyComposition(`${op} ${channelAxis}`, [value], ([x]) => {
    const [r, g, b] = planes(cast(x as Tensor, 'float32'), channelAxis)
    const grey = add(add(multiply(r, 0.2989), multiply(g, 0.587)), multiply(b, 0.114))
    return cast(stack([grey], { axis: channelAxis }), value.dtype)
  })
}

composition<FormatAttribute>({
  name: 'rgbToHsv',
  compose: ([images], options) => rgbToHsv(images as Tensor, options as ImageOptions),
  attributes,
  samples: () => [
    sample('images', [uniform([2, 2, 5, 3], 0, 1)], last),
    sample('one image, channels first', [uniform([3, 4, 5], 0, 1)], first),
    valueSample('corners', [corners()], last),
  ],
  errors: [
    {
      label: 'one channel',
      run: ({ image, zeros }) => image.rgbToHsv(zeros([4, 5, 1])),
      code: 'shape.mismatch',
    },
    {
      label: 'uint8',
      run: ({ image, zeros }) => image.rgbToHsv(zeros([4, 5, 3], 'uint8')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.rgb_to_hsv(a, ${kerasFormat})`,
})

/**
 * Hue, saturation and value, each from 0 to 1, of images [batch, height, width, 3] of red, green and blue from 0 to 1. Grey has hue 0.
 * float32.
 *
 * @param images also one without the batch
 * @param options dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.type
 *
 * @example
 * lw.ops.image.rgbToHsv([[[0, 1, 0]]])   // [[[1 / 3, 1, 1]]]
 */
export function rgbToHsv(images: TensorInput, options: ImageOptions = {}): Tensor {
  return convert('rgbToHsv', images, options, (colour) => {
    // What rounding left of 0 has no hue.
    const [r, g, b] = colour.map((plane) => where(less(absolute(plane), 2 ** -23), 0, plane)) as Planes
    const value = maximum(maximum(r, g), b)
    const range = subtract(value, minimum(minimum(r, g), b))
    const [bright, colourful] = [greater(value, 0), greater(range, 0)]
    const saturation = where(bright, divide(range, where(bright, value, 1)), 0)
    const sixth = divide(1, multiply(where(colourful, range, 1), 6))
    const fromGreen = add(multiply(sixth, subtract(b, r)), 2 / 6)
    const fromBlue = add(multiply(sixth, subtract(r, g)), 4 / 6)
    const others = where(equal(value, g), fromGreen, fromBlue)
    const hue = where(equal(value, r), multiply(sixth, subtract(g, b)), others)
    return [add(where(colourful, hue, 0), cast(less(hue, 0), 'float32')), saturation, value]
  })
}

composition<FormatAttribute>({
  name: 'hsvToRgb',
  compose: ([images], options) => hsvToRgb(images as Tensor, options as ImageOptions),
  attributes,
  samples: () => [
    sample('images', [uniform([2, 2, 5, 3], 0, 1)], last),
    sample('one image, channels first', [uniform([3, 4, 5], 0, 1)], first),
    sample('hues all round', [uniform([4, 5, 3], -2, 2)], last),
    valueSample('corners', [corners()], last),
  ],
  errors: [
    {
      label: 'two channels',
      run: ({ image, zeros }) =>
        image.hsvToRgb(zeros([2, 4, 5]), { dataFormat: 'channelsFirst' as DataFormat }),
      code: 'shape.mismatch',
    },
    {
      label: 'int32',
      run: ({ image, zeros }) => image.hsvToRgb(zeros([4, 5, 3], 'int32')),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: `keras.ops.image.hsv_to_rgb(a, ${kerasFormat})`,
})

/**
 * Red, green and blue of images [batch, height, width, 3] of hue, saturation and value: the inverse of {@link rgbToHsv}. Hues go round, so
 * that 1.25 is 0.25. float32.
 *
 * @param images also one without the batch
 * @param options dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.type
 *
 * @example
 * lw.ops.image.hsvToRgb([[[0.5, 1, 1]]])   // [[[0, 1, 1]]]
 */
export function hsvToRgb(images: TensorInput, options: ImageOptions = {}): Tensor {
  return convert('hsvToRgb', images, options, ([hue, saturation, value]) => {
    const sixths = multiply(mod(hue, 1), 6)
    const distance = (from: number) => absolute(subtract(sixths, from))
    const shares = [subtract(distance(3), 1), subtract(2, distance(2)), subtract(2, distance(4))]
    const grey = subtract(1, saturation)
    return shares.map((share) => multiply(value, add(grey, multiply(saturation, clip(share, 0, 1)))))
  })
}

type Planes = [Tensor, Tensor, Tensor]

/** Applies a function of three float32 channels. */
function convert(
  op: string,
  images: TensorInput,
  options: ImageOptions,
  apply: (colour: Planes) => Tensor[],
): Tensor {
  checkOptions(op, options, ['dataFormat'])
  const { value, channelAxis } = toImages(op, images, options, ['float32'])
  checkColours(op, value, channelAxis)
  return applyComposition(`${op} ${channelAxis}`, [value], ([x]) =>
    stack(apply(planes(x as Tensor, channelAxis)), { axis: channelAxis }),
  )
}

function checkColours(op: string, images: Tensor, channelAxis: number): void {
  if (images.shape.at(channelAxis) === 3) return
  fail('shape.mismatch', { op, expected: 'three channels', got: [images.shape] })
}

function planes(images: Tensor, channelAxis: number): Planes {
  return unstack(images, { axis: channelAxis }) as Planes
}
