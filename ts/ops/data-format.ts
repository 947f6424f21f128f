import type { Tensor } from '../tensor.js'
import { transpose } from './array.js'
import type { DataFormat } from './windows.js'

/** The axes of height, width and their like: those between or behind a batch and channels, or the last `spatial` ones beside the channels. */
export function spatialAxes(rank: number, dataFormat: DataFormat, spatial = rank - 2): number[] {
  const first = rank - spatial - (dataFormat === 'channelsLast' ? 1 : 0)
  return Array.from({ length: spatial }, (_, i) => first + i)
}

/** A function of tensors with the channels last, applied to tensors of either format. */
export function channelsLast(
  format: DataFormat | undefined,
  x: Tensor,
  apply: (x: Tensor) => Tensor,
): Tensor {
  if (format !== 'channelsFirst') return apply(x)
  const spatial = Array.from({ length: x.rank - 2 }, (_, axis) => axis)
  const last = [0, ...spatial.map((axis) => axis + 2), 1]
  const first = [0, x.rank - 1, ...spatial.map((axis) => axis + 1)]
  return transpose(apply(transpose(x, last)), first)
}
