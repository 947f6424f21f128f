import type { Tensor } from '../tensor.js'
import { transpose } from './array.js'
import type { DataFormat } from './windows.js'

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
