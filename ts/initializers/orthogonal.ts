import { type Described, describe } from '../described.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { recordInto } from '../graph/trace.js'
import { checkOptions } from '../options.js'
import { normal } from '../random.js'
import { type Shape, sizeOf } from '../shape.js'
import { createTensor } from '../tensor.js'
import { checkFinite, type Initializer } from './initializer.js'
import type { RandomInitializerConfig } from './random.js'

export interface OrthogonalConfig extends RandomInitializerConfig {
  /** What the orthonormal vectors are multiplied by (default 1). */
  readonly gain?: number
}

/**
 * A random orthogonal matrix (Saxe et al., 2014): its columns are orthonormal, or its rows where there are fewer of them. Of a weight with more
 * than two axes the matrix is [all but the last, last]. The default of recurrent kernels.
 *
 * @throws argument.range, argument.unknown; shape.mismatch for fewer than two axes
 */
export function orthogonal(config: OrthogonalConfig = {}): Initializer & Described {
  checkOptions('orthogonal', config, ['gain', 'seed'])
  const { gain = 1, ...source } = config
  checkFinite('orthogonal', 'gain', gain)
  const initializer = (shape: Shape) => {
    if (shape.length < 2) {
      fail('shape.mismatch', { op: 'orthogonal', expected: 'a shape of two axes or more', got: [shape] })
    }
    const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1) as number]
    const [length, count] = [Math.max(rows, columns), Math.min(rows, columns)]
    const drawn = recordInto(undefined, () => normal([count, length], source).dataSync())
    const vectors = orthonormalized(Float64Array.from(drawn), count, length)
    const [vector, element] = rows < columns ? [length, 1] : [1, length]
    const values = Float64Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns]
      return gain * (vectors[row * vector + column * element] as number)
    })
    return createTensor(values, shape, 'float32', executor().float64)
  }
  return describe(initializer, 'orthogonal', config)
}

/**
 * Rows made orthonormal in turn, in place, by Gram and Schmidt's process, twice for each row, which is enough for full precision (Kahan's
 * rule). It is the QR decomposition with a positive diagonal of R, so normally distributed rows give Haar's uniform distribution.
 */
function orthonormalized(rows: Float64Array, count: number, length: number): Float64Array {
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * length, (i + 1) * length)
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = rows.subarray(j * length, (j + 1) * length)
        let product = 0
        for (let k = 0; k < length; k++) product += row[k]! * other[k]!
        for (let k = 0; k < length; k++) row[k]! -= product * other[k]!
      }
    }
    const norm = Math.sqrt(row.reduce((total, x) => total + x * x, 0))
    for (let k = 0; k < length; k++) row[k]! /= norm
  }
  return rows
}
