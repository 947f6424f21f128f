import type { Dtype } from '../../dtype.js'
import { fail } from '../../errors.js'
import { checkBoolean, checkChoice, checkInteger, checkInterval, checkOptions } from '../../options.js'
import type { Shape } from '../../shape.js'
import { type Tensor, tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { clip } from '../binary.js'
import { take } from '../gather.js'
import { pad } from '../pad.js'
import { composition, type Sample, type SampleArray } from '../record.js'
import { type AlongAxis, alongAxes, resample } from '../resample.js'
import { booleans, integers, kerasFormat, sample, uniform } from '../samples.js'
import { type Resampling, tapsOf } from '../taps.js'
import { checkDataFormat } from '../windows.js'
import {
  checkPixels,
  type ImageOptions,
  imageAxes,
  inFloat32,
  middleOf,
  numbers,
  toImages,
} from './images.js'

/** How the values between pixels are found, along each axis by itself. */
export type ResizeInterpolation = 'nearest' | 'bilinear' | 'bicubic'

/** What {@link resize} takes. */
export interface ResizeOptions extends ImageOptions {
  /** Default 'bilinear'. */
  readonly interpolation?: ResizeInterpolation
  /** Whether 'bilinear' and 'bicubic', where they make an image smaller, take all of its pixels into account (default false). */
  readonly antialias?: boolean
  /** Whether the largest part in the middle that has the new aspect ratio is what is resized (default false). */
  readonly cropToAspectRatio?: boolean
  /** Whether the image is first filled up on two sides to the new aspect ratio (default false). */
  readonly padToAspectRatio?: boolean
  /** What it is filled up with: 'constant' is the only mode. */
  readonly fillMode?: 'constant'
  /** The value of 'constant' (default 0). */
  readonly fillValue?: number
}

export const resizeOptions = [
  'interpolation',
  'antialias',
  'cropToAspectRatio',
  'padToAspectRatio',
  'fillMode',
  'fillValue',
  'dataFormat',
]

const methods: Readonly<Record<ResizeInterpolation, Resampling>> = {
  nearest: 'nearest',
  bilinear: 'linear',
  bicubic: 'cubic',
}

/** Raises unless this is the name of an interpolation. */
export function checkInterpolation(op: string, interpolation: unknown): void {
  checkChoice(op, 'interpolation', interpolation, Object.keys(methods))
}

/** Raises unless the values of these options are those of `resize`. */
export function checkResizeOptions(op: string, options: ResizeOptions): void {
  const {
    interpolation = 'bilinear',
    fillMode = 'constant',
    fillValue = 0,
    dataFormat = 'channelsLast',
  } = options
  checkInterpolation(op, interpolation)
  checkChoice(op, 'fillMode', fillMode, ['constant'])
  checkInterval(op, 'fillValue', fillValue, { minimum: -Infinity })
  checkDataFormat(op, dataFormat)
  for (const name of ['antialias', 'cropToAspectRatio', 'padToAspectRatio'] as const) {
    checkBoolean(op, name, options[name])
  }
  if (options.cropToAspectRatio && options.padToAspectRatio) {
    const expected = 'false where cropToAspectRatio is true'
    fail('argument.range', { op, argument: 'padToAspectRatio', expected, got: true })
  }
}

type Attributes = {
  readonly size: readonly number[]
  readonly interpolation: string
  readonly antialias: boolean
  readonly cropToAspectRatio: boolean
  readonly padToAspectRatio: boolean
  readonly fillValue: number
  readonly dataFormat: string
}

function resizeSample(
  label: string,
  input: SampleArray,
  size: readonly [number, number],
  options: ResizeOptions = {},
): Sample {
  return sample(label, [input], {
    size,
    interpolation: 'bilinear',
    antialias: false,
    cropToAspectRatio: false,
    padToAspectRatio: false,
    fillValue: 0,
    dataFormat: 'channelsLast',
    ...options,
  })
}

const bytes = (shape: Shape): SampleArray => ({ ...integers(shape, 0, 256), dtype: 'uint8' })

composition<Attributes>({
  name: 'resize',
  compose: ([images], { size, ...options }) =>
    resize(images as Tensor, size as [number, number], options as ResizeOptions),
  attributes: {
    size: 'integers',
    interpolation: 'name',
    antialias: 'boolean',
    cropToAspectRatio: 'boolean',
    padToAspectRatio: 'boolean',
    fillValue: 'number',
    dataFormat: 'name',
  },
  samples: () => [
    resizeSample('nearest', uniform([1, 3, 4, 2]), [5, 3], { interpolation: 'nearest' }),
    resizeSample('bilinear', uniform([2, 3, 4, 2]), [5, 3]),
    resizeSample('bilinear, antialias', uniform([1, 6, 5, 2]), [4, 2], { antialias: true }),
    resizeSample('bicubic', uniform([1, 2, 4, 3]), [3, 6], { interpolation: 'bicubic' }),
    resizeSample('bicubic, antialias', uniform([1, 7, 5, 2]), [3, 7], {
      interpolation: 'bicubic',
      antialias: true,
    }),
    {
      ...resizeSample('bicubic, smaller', uniform([1, 7, 5, 2]), [3, 2], { interpolation: 'bicubic' }),
      unknownToTorch: true,
    },
    resizeSample('channels first', uniform([1, 2, 4, 5]), [6, 3], { dataFormat: 'channelsFirst' }),
    resizeSample('one image', uniform([3, 4, 2]), [2, 5]),
    resizeSample('one image, channels first', uniform([2, 3, 4]), [2, 5], { dataFormat: 'channelsFirst' }),
    resizeSample('the same height', uniform([2, 4, 3, 1]), [4, 7]),
    resizeSample('cropped columns', uniform([1, 4, 9, 1]), [6, 5], { cropToAspectRatio: true }),
    resizeSample('cropped rows', uniform([2, 7, 3, 1]), [3, 4], { cropToAspectRatio: true }),
    resizeSample('padded rows', uniform([1, 2, 7, 2]), [5, 4], { padToAspectRatio: true, fillValue: 0.5 }),
    resizeSample('padded columns', uniform([7, 4, 2]), [4, 5], { padToAspectRatio: true }),
    resizeSample('large', uniform([2, 37, 53, 3]), [70, 61], { interpolation: 'bicubic' }),
    // Odd extents give no halves, which rounding would decide.
    resizeSample('uint8', bytes([1, 3, 5, 2]), [5, 7]),
    resizeSample('uint8, bicubic', bytes([1, 2, 4, 3]), [3, 6], { interpolation: 'bicubic' }),
    resizeSample('int32', integers([1, 3, 5, 1], -200, 200), [5, 7]),
    resizeSample('int32, nearest', integers([1, 3, 4, 2], -(2 ** 24), 2 ** 24), [5, 3], {
      interpolation: 'nearest',
    }),
    resizeSample('bool', booleans([1, 3, 4, 2]), [5, 3], { interpolation: 'nearest' }),
    { ...resizeSample('no images', uniform([0, 3, 4, 2]), [5, 3]), unknownToTorch: true },
  ],
  errors: [
    { label: 'a matrix', run: ({ image }) => image.resize([[1, 2]], [2, 2]), code: 'shape.mismatch' },
    { label: 'no height', run: ({ image }) => image.resize([[[1]]], [0, 2]), code: 'argument.range' },
    { label: 'one number', run: ({ image }) => image.resize([[[1]]], 2 as never), code: 'argument.range' },
    {
      label: 'another interpolation',
      run: ({ image }) => image.resize([[[1]]], [2, 2], { interpolation: 'linear' as 'bilinear' }),
      code: 'argument.type',
    },
    {
      label: 'both ways to keep the aspect ratio',
      run: ({ image }) => image.resize([[[1]]], [2, 2], { cropToAspectRatio: true, padToAspectRatio: true }),
      code: 'argument.range',
    },
    {
      label: 'no pixels',
      run: ({ image, zeros }) => image.resize(zeros([0, 2, 3]), [2, 2]),
      code: 'shape.mismatch',
    },
    {
      label: 'bools between others',
      run: ({ image, ones }) => image.resize(ones([1, 1, 1], 'bool'), [2, 2]),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 5e-7 },
  // On PyTorch, Keras's bicubic without antialias has another curve and repeats the edges; with it, it is the right one where no axis gets shorter.
  torch:
    "keras.ops.image.resize(a, size, interpolation, antialias or interpolation == 'bicubic', cropToAspectRatio, padToAspectRatio, " +
    `'constant', fillValue, ${kerasFormat})`,
})

/**
 * Images [batch, height, width, channels], or one without the batch, at another height and width.
 *
 * The middle of pixel i of n lies at (i + ½) / n of the side. 'nearest' takes the pixel there, 'bilinear' weights neighbours by a triangle, and
 * 'bicubic' by Keys's cubic with a = -½; at the edges the weights of what lies inside make up for what does not. Keras does so on TensorFlow,
 * JAX and NumPy, and on PyTorch but for 'bicubic' without antialias. float32, int32 or uint8; integers are rounded to and stay within their dtype.
 * 'nearest' keeps all integers exactly, and takes bool too.
 *
 * @param size [height, width]
 * @param options interpolation, antialias, cropToAspectRatio, padToAspectRatio, fillMode, fillValue, dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.ops.image.resize([[[1], [2]]], [1, 4])   // [[[1], [1.25], [1.75], [2]]]
 */
export function resize(
  images: TensorInput,
  size: readonly [height: number, width: number],
  options: ResizeOptions = {},
): Tensor {
  const op = 'resize'
  checkOptions(op, options, resizeOptions)
  checkResizeOptions(op, options)
  if (!Array.isArray(size) || size.length !== 2) {
    fail('argument.range', { op, argument: 'the size', expected: '[height, width]', got: size })
  }
  for (const extent of size) checkInteger(op, 'an extent of the size', extent, 1)
  const { interpolation = 'bilinear', antialias = false } = options
  const dtypes = interpolation === 'nearest' ? ([...numbers, 'bool'] as const) : numbers
  const { value, dataFormat } = toImages(op, images, options, dtypes)
  const axes = imageAxes(value, dataFormat)
  checkPixels(
    op,
    value,
    axes.map((axis) => value.shape[axis]!),
  )
  return applyComposition(`${op}${JSON.stringify([size, options])}`, [value], ([x]) => {
    const to = (y: Tensor, along: AlongAxis) => {
      return alongAxes(withAspectRatio(y, axes, size, options), axes, size, along)
    }
    const { dtype } = x as Tensor
    if (interpolation === 'nearest' && dtype !== 'float32' && Number.isInteger(options.fillValue ?? 0)) {
      return to(x as Tensor, takeNearest)
    }
    return inFloat32(x as Tensor, (floats) =>
      withinDtype(
        to(floats, (y, axis, extent) => resample(y, axis, extent, methods[interpolation], antialias)),
        dtype,
      ),
    )
  })
}

/** The nearest elements along an axis, whatever they are. */
function takeNearest(x: Tensor, axis: number, extent: number): Tensor {
  const taps = tapsOf({ method: 'nearest', from: x.shape[axis]!, to: extent, antialias: false }, false)
  return take(x, tensor(Int32Array.from(taps, ({ start }) => start)), { axis })
}

/** Numbers that a cubic has led beyond those of a dtype come back to its limits. */
function withinDtype(x: Tensor, dtype: Dtype): Tensor {
  if (dtype === 'float32') return x
  // The greatest int32 that float32 has.
  return dtype === 'uint8' ? clip(x, 0, 255) : clip(x, -(2 ** 31), 2 ** 31 - 2 ** 7)
}

/** The part in the middle of an image, or an image with something around it, whose aspect ratio is that of `size`, as near as whole pixels come. */
function withAspectRatio(
  x: Tensor,
  axes: readonly number[],
  size: readonly number[],
  { cropToAspectRatio = false, padToAspectRatio = false, fillValue = 0 }: ResizeOptions,
): Tensor {
  const byOther = axes.map((_, i) => Math.trunc((x.shape[axes[1 - i]!]! * size[i]!) / size[1 - i]!))
  if (cropToAspectRatio) {
    const extents = axes.map((axis, i) => Math.max(1, Math.min(x.shape[axis]!, byOther[i]!)))
    return middleOf(x, axes, extents)
  }
  const margins = x.shape.map((extent, axis) =>
    padToAspectRatio ? Math.floor(Math.max(0, (byOther[axes.indexOf(axis)] ?? 0) - extent) / 2) : 0,
  )
  if (margins.every((margin) => margin === 0)) return x
  return pad(
    x,
    margins.map((margin) => [margin, margin] as const),
    { constantValues: fillValue },
  )
}
