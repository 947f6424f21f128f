import { fail } from '../../errors.js'
import type { Tensor } from '../../tensor.js'
import type { DataFormat } from '../windows.js'

/**
 * The axes of height and width of an image or a batch of images.
 *
 * @throws shape.mismatch unless the rank is 3 or 4
 */
export function spatialAxes(op: string, { rank, shape }: Tensor, dataFormat: DataFormat): [number, number] {
  if (rank !== 3 && rank !== 4) {
    const image = dataFormat === 'channelsLast' ? 'height, width, channels' : 'channels, height, width'
    fail('shape.mismatch', { op, expected: `an image [${image}] or [batch, ${image}]`, got: [shape] })
  }
  return dataFormat === 'channelsLast' ? [rank - 3, rank - 2] : [rank - 2, rank - 1]
}
