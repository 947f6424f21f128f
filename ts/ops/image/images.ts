import type { Dtype } from '../../dtype.js'
import { fail } from '../../errors.js'
import type { Tensor } from '../../tensor.js'
import { type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { cast } from '../compare.js'
import { channelsLast, spatialAxes } from '../data-format.js'
import { round } from '../rounding.js'
import { slice } from '../slice.js'
import { checkDataFormat, type DataFormat } from '../windows.js'

/** Where the channels of images stand. */
export interface ImageOptions {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

/** An op's images, which must have channels and may have a batch, of one of some dtypes. */
export function toImages(
  op: string,
  images: TensorInput,
  { dataFormat = 'channelsLast' }: ImageOptions,
  dtypes: readonly Dtype[],
): { readonly value: Tensor; readonly dataFormat: DataFormat; readonly channelAxis: number } {
  checkDataFormat(op, dataFormat)
  const value = toTensor(op, images)
  if (value.rank !== 3 && value.rank !== 4) {
    const axes = dataFormat === 'channelsLast' ? 'height, width, channels' : 'channels, height, width'
    const expected = `images [batch, ${axes}], or one without the batch`
    fail('shape.mismatch', { op, expected, got: [value.shape] })
  }
  if (!dtypes.includes(value.dtype)) {
    fail('dtype.mismatch', { op, expected: dtypes.join(', '), got: [value.dtype] })
  }
  return { value, dataFormat, channelAxis: dataFormat === 'channelsLast' ? -1 : -3 }
}

/** The axes of height and width. */
export function imageAxes(images: Tensor, dataFormat: DataFormat): readonly [height: number, width: number] {
  return spatialAxes(images.rank, dataFormat, 2) as [number, number]
}

/** The part in the middle with such extents along some axes. Of an odd number of elements around it, the one more is behind. */
export function middleOf(x: Tensor, axes: readonly number[], extents: readonly number[]): Tensor {
  const [start, shape] = [x.shape.map(() => 0), [...x.shape]]
  axes.forEach((axis, i) => {
    start[axis] = Math.floor((x.shape[axis]! - extents[i]!) / 2)
    shape[axis] = extents[i]!
  })
  return slice(x, start, shape)
}

/** A function of batches with the channels last, applied to images, or volumes, of either format and without a batch too. */
export function onBatch(
  images: Tensor,
  dataFormat: DataFormat,
  apply: (images: Tensor) => Tensor,
  spatial = 2,
): Tensor {
  if (images.rank === spatial + 2) return channelsLast(dataFormat, images, apply)
  const result = channelsLast(dataFormat, reshape(images, [1, ...images.shape]), apply)
  return reshape(result, result.shape.slice(1))
}

/** The dtypes that {@link inFloat32} takes. */
export const numbers: readonly Dtype[] = ['float32', 'int32', 'uint8']

/** Applies a function of float32 to any numbers. Integers come back rounded to them; they are exact up to 2^24. */
export function inFloat32(x: Tensor, apply: (x: Tensor) => Tensor): Tensor {
  return x.dtype === 'float32' ? apply(x) : cast(round(apply(cast(x, 'float32'))), x.dtype)
}

/** Raises where there are no pixels to read. */
export function checkPixels(op: string, images: Tensor, spatial: readonly number[]): void {
  if (spatial.every((extent) => extent > 0)) return
  fail('shape.mismatch', { op, expected: 'an image that has pixels', got: [images.shape] })
}
