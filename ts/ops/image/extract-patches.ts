import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import { type Shape, sizeOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape, transpose } from '../array.js'
import { stack } from '../join.js'
import { pad } from '../pad.js'
import { composition } from '../record.js'
import { booleans, integers, kerasFormat, sample, uniform } from '../samples.js'
import { slice } from '../slice.js'
import { checkFormat, checkWindow, type DataFormat, outputExtent, perAxis, windowsOver } from '../windows.js'
import { onBatch } from './images.js'

/** What {@link extractPatches} takes. */
export interface ExtractPatchesOptions {
  /** From each patch to the next: one number, or one for each spatial axis (default: the size, so that patches do not overlap). */
  readonly strides?: number | readonly number[] | null
  /** From each pixel of a patch to the next: one number, or one for each spatial axis (default 1). */
  readonly dilationRate?: number | readonly number[]
  /** 'valid' patches lie within the image, 'same' ones are ceil(extent / stride) along each axis, with zeros around (default 'valid'). */
  readonly padding?: 'valid' | 'same'
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

composition<{
  size: readonly number[]
  strides: readonly number[]
  dilationRate: readonly number[]
  padding: string
  dataFormat: string
}>({
  name: 'extractPatches',
  compose: ([images], { size, ...options }) =>
    extractPatches(images as Tensor, size, options as ExtractPatchesOptions),
  attributes: {
    size: 'integers',
    strides: 'integers',
    dilationRate: 'integers',
    padding: 'name',
    dataFormat: 'name',
  },
  samples: () => {
    const flat = { size: [2, 3], strides: [2, 3], dilationRate: [1, 1], padding: 'valid' }
    const last = { ...flat, dataFormat: 'channelsLast' }
    const solid = { size: [1, 2, 2], strides: [2, 1, 2], dilationRate: [1, 1, 1] }
    return [
      sample('side by side', [uniform([2, 4, 6, 2])], last),
      sample('side by side, with a rest', [uniform([2, 5, 7, 2])], last),
      sample('overlapping', [uniform([1, 4, 5, 2])], { ...last, strides: [1, 1] }),
      sample('apart', [uniform([2, 5, 7, 1])], { ...last, size: [1, 2], strides: [3, 4] }),
      sample('dilated', [uniform([1, 5, 7, 1])], { ...last, strides: [1, 2], dilationRate: [2, 2] }),
      sample('of the same number', [uniform([1, 4, 5, 2])], { ...last, strides: [1, 2], padding: 'same' }),
      sample('side by side, with zeros', [uniform([2, 3, 4, 2])], { ...last, padding: 'same' }),
      sample('channels first', [uniform([2, 2, 4, 5])], {
        ...flat,
        strides: [1, 2],
        dataFormat: 'channelsFirst',
      }),
      sample('one image', [uniform([4, 6, 2])], { ...last, strides: [1, 3] }),
      sample('one image, channels first', [uniform([2, 4, 6])], { ...flat, dataFormat: 'channelsFirst' }),
      sample('of volumes', [uniform([2, 3, 2, 4, 1])], {
        ...solid,
        padding: 'valid',
        dataFormat: 'channelsLast',
      }),
      sample('of one volume', [uniform([3, 2, 4, 2])], {
        ...solid,
        padding: 'same',
        dataFormat: 'channelsLast',
      }),
      { ...sample('none', [uniform([2, 1, 4, 2])], last), unknownToTorch: true },
      { ...sample('int32', [integers([1, 4, 6, 1], -9, 9)], last), unknownToTorch: true },
      {
        ...sample('uint8', [{ ...integers([1, 4, 5, 1], 0, 256), dtype: 'uint8' }], {
          ...last,
          padding: 'same',
        }),
        unknownToTorch: true,
      },
      { ...sample('bool', [booleans([1, 4, 6, 1])], { ...last, strides: [1, 1] }), unknownToTorch: true },
      sample('many', [uniform([3, 20, 24, 5])], { ...last, size: [5, 4], strides: [2, 1], padding: 'same' }),
    ]
  },
  errors: [
    {
      label: 'a matrix',
      run: ({ image }) => image.extractPatches([[1, 2]], 1),
      code: 'shape.mismatch',
    },
    {
      label: 'four extents',
      run: ({ image, zeros }) => image.extractPatches(zeros([2, 4, 4, 3]), [1, 2, 2, 1]),
      code: 'argument.range',
    },
    {
      label: 'an empty patch',
      run: ({ image, zeros }) => image.extractPatches(zeros([2, 4, 4, 3]), [2, 0]),
      code: 'argument.range',
    },
    {
      label: 'a stride of zero',
      run: ({ image, zeros }) => image.extractPatches(zeros([2, 4, 4, 3]), 2, { strides: 0 }),
      code: 'argument.range',
    },
    {
      label: 'causal',
      run: ({ image, zeros }) =>
        image.extractPatches(zeros([2, 4, 4, 3]), 2, { padding: 'causal' as 'same' }),
      code: 'argument.type',
    },
    {
      label: 'a volume for images',
      run: ({ image, zeros }) => image.extractPatches(zeros([2, 4, 4, 4, 3]), 2),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch:
    'keras.ops.image.extract_patches(a, tuple(size), tuple(strides), tuple(dilationRate), padding, ' +
    `${kerasFormat})`,
})

/**
 * Patches of images [batch, height, width, channels] as the channels of one pixel each: the result is [batch, rows, columns,
 * patch height · patch width · channels], in this order. Volumes have a depth before the height; one image or volume goes without the batch.
 *
 * @param size of a patch: [height, width] or a number for both; [depth, height, width] for volumes
 * @param options strides, dilationRate, padding, dataFormat
 * @throws shape.mismatch, argument.range, argument.type
 *
 * @example
 * lw.ops.image.extractPatches(lw.ops.zeros([8, 32, 32, 3]), 4).shape   // [8, 8, 8, 48]
 */
export function extractPatches(
  images: TensorInput,
  size: number | readonly number[],
  options: ExtractPatchesOptions = {},
): Tensor {
  const spatial = Array.isArray(size) && size.length === 3 ? 3 : 2
  return patches('extractPatches', images, size, spatial, options)
}

composition<{ size: number; padding: string }>({
  name: 'extractPatches3d',
  compose: ([volumes], { size, padding }) =>
    extractPatches3d(volumes as Tensor, size, { padding: padding as 'valid' | 'same' }),
  attributes: { size: 'integer', padding: 'name' },
  samples: () => [
    sample('of volumes', [uniform([1, 2, 4, 3, 2])], { size: 2, padding: 'valid' }),
    sample('of one volume', [uniform([3, 2, 4, 1])], { size: 2, padding: 'same' }),
  ],
  errors: [
    {
      label: 'images',
      run: ({ image, zeros }) => image.extractPatches3d(zeros([4, 4, 3]), 2),
      code: 'shape.mismatch',
    },
    {
      label: 'two extents',
      run: ({ image, zeros }) => image.extractPatches3d(zeros([4, 4, 4, 3]), [2, 2]),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: 'keras.ops.image.extract_patches_3d(a, size, padding=padding)',
})

/**
 * Patches of volumes [batch, depth, height, width, channels], or of one without the batch, as {@link extractPatches}.
 *
 * @param size of a patch: [depth, height, width] or a number for all
 * @param options strides, dilationRate, padding, dataFormat
 * @throws as `extractPatches`
 *
 * @example
 * lw.ops.image.extractPatches3d(lw.ops.zeros([2, 16, 16, 16, 3]), 4).shape   // [2, 4, 4, 4, 192]
 */
export function extractPatches3d(
  volumes: TensorInput,
  size: number | readonly number[],
  options: ExtractPatchesOptions = {},
): Tensor {
  return patches('extractPatches3d', volumes, size, 3, options)
}

function patches(
  op: string,
  images: TensorInput,
  size: number | readonly number[],
  spatial: 2 | 3,
  options: ExtractPatchesOptions,
): Tensor {
  checkOptions(op, options, ['strides', 'dilationRate', 'padding', 'dataFormat'])
  const { strides, dilationRate = 1, padding = 'valid', dataFormat = 'channelsLast' } = options
  checkFormat(op, padding, dataFormat, spatial)
  const window = perAxis(op, 'size', size, spatial)
  checkWindow(op, window)
  const value = toTensor(op, images)
  if (![spatial + 1, spatial + 2].includes(value.rank)) {
    const expected = `rank ${spatial + 2}, with a batch and channels, or ${spatial + 1} without the batch`
    fail('shape.mismatch', { op, expected, got: [value.shape] })
  }
  const settings = { strides: strides ?? window, padding, dilations: dilationRate }
  const name = `${op} ${window} ${dataFormat} ${JSON.stringify(settings)}`
  return applyComposition(name, [value], ([x]) =>
    onBatch(x as Tensor, dataFormat, (last) => cut(op, last, window, settings), spatial),
  )
}

/** The patches of images with the channels last. Each spatial axis becomes one of patches and one of the places in them. */
function cut(op: string, x: Tensor, window: Shape, settings: Parameters<typeof windowsOver>[3]): Tensor {
  const extents = x.shape.slice(1, -1)
  const windows = windowsOver(op, extents, window, settings)
  const { strides, dilations, low, high } = windows
  const widths = low.map((before, axis) => [before, high[axis]!] as const)
  const outputs = extents.map((extent, axis) => outputExtent(extent, window[axis]!, axis, windows))
  const padded = [...low, ...high].some((width) => width > 0) ? pad(x, [[0, 0], ...widths, [0, 0]]) : x
  const split = outputs.reduce(
    (tensor, count, axis) =>
      places(tensor, 2 * axis + 1, count, window[axis]!, strides[axis]!, dilations[axis]!),
    padded,
  )
  const spatial = extents.map((_, axis) => axis)
  const order = [
    0,
    ...spatial.map((axis) => 2 * axis + 1),
    ...spatial.map((axis) => 2 * axis + 2),
    split.rank - 1,
  ]
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number]
  return reshape(transpose(split, order), [batch, ...outputs, sizeOf(window) * channels])
}

/** An axis as two: of `count` patches, and of the places in each. */
function places(
  x: Tensor,
  axis: number,
  count: number,
  window: number,
  stride: number,
  dilation: number,
): Tensor {
  const withExtents = (...extents: number[]) => [
    ...x.shape.slice(0, axis),
    ...extents,
    ...x.shape.slice(axis + 1),
  ]
  const from = (start: number) => x.shape.map((_, i) => (i === axis ? start : 0))
  if (stride === window && dilation === 1) {
    return reshape(slice(x, from(0), withExtents(count * window)), withExtents(count, window))
  }
  const steps = x.shape.map((_, i) => (i === axis ? stride : 1))
  const slices = Array.from({ length: window }, (_, place) =>
    slice(x, from(count === 0 ? 0 : place * dilation), withExtents(count), { strides: steps }),
  )
  return stack(slices, { axis: axis + 1 })
}
