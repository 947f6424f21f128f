import { fail } from '../../errors.js'
import { checkInteger, checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput } from '../apply.js'
import { pad } from '../pad.js'
import { composition } from '../record.js'
import { booleans, integers, kerasFormat, sample, uniform } from '../samples.js'
import { slice } from '../slice.js'
import { type ImageOptions, imageAxes, toImages } from './images.js'

/** What {@link padImages} takes: for each direction two of three numbers. */
export interface PadImagesOptions extends ImageOptions {
  /** The rows of zeros above. */
  readonly topPadding?: number
  /** The rows of zeros below. */
  readonly bottomPadding?: number
  /** The columns of zeros on the left. */
  readonly leftPadding?: number
  /** The columns of zeros on the right. */
  readonly rightPadding?: number
  /** The rows that come to be. */
  readonly targetHeight?: number
  /** The columns that come to be. */
  readonly targetWidth?: number
}

/** What {@link cropImages} takes: for each direction two of three numbers. */
export interface CropImagesOptions extends ImageOptions {
  /** The rows that go above. */
  readonly topCropping?: number
  /** The rows that go below. */
  readonly bottomCropping?: number
  /** The columns that go on the left. */
  readonly leftCropping?: number
  /** The columns that go on the right. */
  readonly rightCropping?: number
  /** The rows that remain. */
  readonly targetHeight?: number
  /** The columns that remain. */
  readonly targetWidth?: number
}

const dtypes = ['float32', 'int32', 'uint8', 'bool'] as const

composition<{ top: number; right: number; height: number; width: number; dataFormat: string }>({
  name: 'padImages',
  compose: ([images], { top, right, height, width, dataFormat }) =>
    padImages(images as Tensor, {
      topPadding: top,
      rightPadding: right,
      targetHeight: height,
      targetWidth: width,
      dataFormat: dataFormat as 'channelsLast',
    }),
  attributes: { top: 'integer', right: 'integer', height: 'integer', width: 'integer', dataFormat: 'name' },
  samples: () => {
    const sizes = { top: 1, right: 2, height: 6, width: 7, dataFormat: 'channelsLast' }
    return [
      sample('images', [uniform([1, 3, 4, 2])], sizes),
      sample('one image, channels first', [uniform([2, 3, 4])], { ...sizes, dataFormat: 'channelsFirst' }),
      sample('on one side', [uniform([1, 3, 4, 2])], { ...sizes, top: 3, right: 0 }),
      sample('int32', [integers([3, 4, 2], -9, 9)], sizes),
      sample('uint8', [{ ...integers([3, 4, 2], 0, 256), dtype: 'uint8' }], sizes),
      sample('bool', [booleans([3, 4, 1])], sizes),
    ]
  },
  errors: [
    {
      label: 'nothing of the width',
      run: ({ image, zeros }) => image.padImages(zeros([3, 4, 1]), { topPadding: 1, bottomPadding: 1 }),
      code: 'argument.range',
    },
    {
      label: 'all three of the height',
      run: ({ image, zeros }) =>
        image.padImages(zeros([3, 4, 1]), { topPadding: 1, bottomPadding: 1, targetHeight: 5 }),
      code: 'argument.range',
    },
    {
      label: 'a target below the height',
      run: ({ image, zeros }) =>
        image.padImages(zeros([3, 4, 1]), {
          topPadding: 1,
          targetHeight: 3,
          leftPadding: 0,
          rightPadding: 0,
        }),
      code: 'argument.range',
    },
    {
      label: 'a negative number',
      run: ({ image, zeros }) =>
        image.padImages(zeros([3, 4, 1]), {
          topPadding: -1,
          targetHeight: 3,
          leftPadding: 0,
          rightPadding: 0,
        }),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: `keras.ops.image.pad_images(a, top, None, None, right, height, width, ${kerasFormat})`,
})

/**
 * Images with zeros around. Of topPadding, bottomPadding and targetHeight two are given, and of leftPadding, rightPadding and targetWidth.
 *
 * @param images [batch, height, width, channels], or one without the batch, of any dtype
 * @param options and dataFormat
 * @throws argument.range, argument.type, shape.mismatch
 *
 * @example
 * lw.ops.image.padImages(lw.ops.zeros([20, 30, 3]), { topPadding: 2, targetHeight: 32, leftPadding: 1, rightPadding: 1 })
 */
export function padImages(images: TensorInput, options: PadImagesOptions): Tensor {
  const op = 'padImages'
  const { value, lines } = prepare(op, images, options, 'Padding')
  const widths = value.shape.map((_, axis) => {
    const line = lines.find((one) => one.axis === axis)
    return line ? ([line.before, line.after] as const) : ([0, 0] as const)
  })
  return applyComposition(`${op} ${widths}`, [value], ([x]) => pad(x as Tensor, widths))
}

composition<{ top: number; right: number; height: number; width: number; dataFormat: string }>({
  name: 'cropImages',
  compose: ([images], { top, right, height, width, dataFormat }) =>
    cropImages(images as Tensor, {
      topCropping: top,
      rightCropping: right,
      targetHeight: height,
      targetWidth: width,
      dataFormat: dataFormat as 'channelsLast',
    }),
  attributes: { top: 'integer', right: 'integer', height: 'integer', width: 'integer', dataFormat: 'name' },
  samples: () => {
    const sizes = { top: 1, right: 2, height: 2, width: 3, dataFormat: 'channelsLast' }
    return [
      sample('images', [uniform([1, 5, 6, 2])], sizes),
      sample('one image, channels first', [uniform([2, 5, 6])], { ...sizes, dataFormat: 'channelsFirst' }),
      sample('on one side', [uniform([1, 5, 6, 2])], { ...sizes, top: 3, right: 0 }),
      sample('int32', [integers([5, 6, 2], -9, 9)], sizes),
      sample('uint8', [{ ...integers([5, 6, 2], 0, 256), dtype: 'uint8' }], sizes),
      sample('bool', [booleans([5, 6, 1])], sizes),
    ]
  },
  errors: [
    {
      label: 'nothing of the height',
      run: ({ image, zeros }) => image.cropImages(zeros([3, 4, 1]), { leftCropping: 1, targetWidth: 1 }),
      code: 'argument.range',
    },
    {
      label: 'more than there is',
      run: ({ image, zeros }) =>
        image.cropImages(zeros([3, 4, 1]), {
          topCropping: 2,
          bottomCropping: 2,
          leftCropping: 0,
          targetWidth: 4,
        }),
      code: 'argument.range',
    },
    {
      label: 'a target above the width',
      run: ({ image, zeros }) =>
        image.cropImages(zeros([3, 4, 1]), {
          topCropping: 0,
          bottomCropping: 0,
          leftCropping: 1,
          targetWidth: 4,
        }),
      code: 'argument.range',
    },
    {
      label: 'padding',
      run: ({ image, zeros }) => image.cropImages(zeros([3, 4, 1]), { topPadding: 2 } as object),
      code: 'argument.unknown',
    },
  ],
  tolerance: 'exact',
  torch: `keras.ops.image.crop_images(a, top, None, None, right, height, width, ${kerasFormat})`,
})

/**
 * The middle of images. Of topCropping, bottomCropping and targetHeight two are given, and of leftCropping, rightCropping and targetWidth.
 *
 * @param images [batch, height, width, channels], or one without the batch, of any dtype
 * @param options and dataFormat
 * @throws argument.range, argument.type, shape.mismatch
 *
 * @example
 * lw.ops.image.cropImages(lw.ops.zeros([20, 30, 3]), { topCropping: 2, targetHeight: 16, leftCropping: 1, rightCropping: 1 })
 */
export function cropImages(images: TensorInput, options: CropImagesOptions): Tensor {
  const op = 'cropImages'
  const { value, lines } = prepare(op, images, options, 'Cropping')
  const start = value.shape.map((_, axis) => lines.find((one) => one.axis === axis)?.before ?? 0)
  const shape = value.shape.map((extent, axis) => lines.find((one) => one.axis === axis)?.target ?? extent)
  return applyComposition(`${op} ${start} ${shape}`, [value], ([x]) => slice(x as Tensor, start, shape))
}

/** What happens along an axis. */
interface Line {
  readonly axis: number
  readonly before: number
  readonly after: number
  readonly target: number
}

/** The images, and what is to happen along their height and width. */
function prepare(op: string, images: TensorInput, options: object, kind: 'Padding' | 'Cropping') {
  const named = (side: string) => `${side}${kind}`
  const directions = [
    [named('top'), named('bottom'), 'targetHeight'],
    [named('left'), named('right'), 'targetWidth'],
  ] as const
  checkOptions(op, options, [...directions.flat(), 'dataFormat'])
  const { value, dataFormat } = toImages(op, images, options, dtypes)
  const axes = imageAxes(value, dataFormat)
  const lines = directions.map((names, i): Line => {
    const axis = axes[i]!
    return { axis, ...lineOf(op, names, options, value.shape[axis] as number, kind === 'Padding' ? 1 : -1) }
  })
  return { value, lines }
}

/** The third of three numbers from two: target = extent ± (before + after). */
function lineOf(
  op: string,
  names: readonly [before: string, after: string, target: string],
  options: object,
  extent: number,
  sign: 1 | -1,
): Omit<Line, 'axis'> {
  const all = names.map((name) => (options as Record<string, number | undefined>)[name])
  const given = names.flatMap((name, i) => (all[i] === undefined ? [] : [[name, all[i]] as const]))
  const refuse = (expected: string) =>
    fail('argument.range', {
      op,
      argument: names.join(', '),
      expected,
      got: Object.fromEntries(given),
    })
  if (given.length !== 2) refuse('two of these three')
  for (const [name, number] of given) checkInteger(op, name, number, 0)
  const [before, after, target] = all
  const both = sign * ((target ?? 0) - extent)
  const line = {
    before: before ?? both - (after as number),
    after: after ?? both - (before as number),
    target: target ?? extent + sign * ((before as number) + (after as number)),
  }
  const negative = names[Object.values(line).findIndex((number) => number < 0)]
  if (negative !== undefined) refuse(`such that ${negative} is not negative for an extent of ${extent}`)
  return line
}
