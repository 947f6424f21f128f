import type { Dtype } from '../../dtype.js'
import { fail } from '../../errors.js'
import type { Tensor } from '../../tensor.js'
import { type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { cast } from '../compare.js'
import { channelsLast } from '../data-format.js'
import { round } from '../rounding.js'
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

/** The axes of height and width of images of a rank, 3 or 4. */
export function spatialAxes(rank: number, dataFormat: DataFormat): readonly [number, number] {
  return dataFormat === 'channelsLast' ? [rank - 3, rank - 2] : [rank - 2, rank - 1]
}

/** A function of batches with the channels last, applied to images of either format and without a batch too. */
export function onBatch(images: Tensor, dataFormat: DataFormat, apply: (images: Tensor) => Tensor): Tensor {
  if (images.rank === 4) return channelsLast(dataFormat, images, apply)
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
