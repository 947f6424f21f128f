import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Samples } from '../data/arrays.js'
import { tensor } from '../tensor.js'

const pixels = 64
const brightest = 16

/**
 * 1,797 handwritten digits (Alpaydin and Kaynak, 1998; CC BY 4.0): x float32 [1797, 64], images of 8 × 8 pixels row by row, from 0 to 1; y
 * int32 [1797], the digits. Rows follow the 13 writers, so a split by position tests on other hands.
 *
 * @example
 * const { x, y } = lw.datasets.digits()
 */
export function digits(): Samples {
  const file = new URL('../../data/digits.csv.gz', import.meta.url)
  const rows = gunzipSync(readFileSync(file)).toString('ascii').trimEnd().split('\n')
  const images = new Float32Array(rows.length * pixels)
  const labels = new Int32Array(rows.length)
  rows.forEach((row, i) => {
    const numbers = row.split(',').map(Number)
    labels[i] = numbers[pixels] as number
    for (let p = 0; p < pixels; p++) images[i * pixels + p] = (numbers[p] as number) / brightest
  })
  return { x: tensor(images, [rows.length, pixels]), y: tensor(labels, [rows.length]) }
}
