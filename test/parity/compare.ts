import type { Dtype, Storage } from '../../ts/dtype.js'

/** The largest difference between what an executor gave and the truth, as a multiple of what is allowed: up to 1 passes. */
export interface Difference {
  readonly ratio: number
  readonly index: number
  readonly got: number
  readonly expected: number
}

const smallestNormal = 2 ** -126
const largestExponent = 127

/** The distance between neighbouring float32 numbers at x. */
export function ulp(x: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(x)))
  return 2 ** (Math.min(Math.max(exponent, -126), largestExponent) - 23)
}

/**
 * Compares float32, integer or boolean results with the truth, which is in float64 for floats. `allowed` holds the error that each element
 * may have; without it, results are what the truth rounds to. Denormal numbers count as zero, and infinity as the number after the largest
 * one, so that the last finite numbers are near it.
 */
export function compare(got: Storage, truth: Storage, dtype: Dtype, allowed?: Float64Array): Difference {
  let worst: Difference = { ratio: 0, index: -1, got: 0, expected: 0 }
  if (got.length !== truth.length)
    return { ratio: Infinity, index: -1, got: got.length, expected: truth.length }
  for (let index = 0; index < truth.length; index++) {
    const [x, y] = [got[index] as number, truth[index] as number]
    const limit = allowed?.[index] ?? 0
    const expected = dtype === 'float32' && allowed === undefined ? Math.fround(y) : y
    const ratio = dtype === 'float32' ? floatRatio(x, expected, limit) : x === y ? 0 : Infinity
    if (ratio > worst.ratio) worst = { ratio, index, got: x, expected: y }
  }
  return worst
}

function floatRatio(got: number, expected: number, limit: number): number {
  if (Number.isNaN(got) || Number.isNaN(expected)) return Object.is(got, expected) ? 0 : Infinity
  const tiny = smallestNormal * (1 + 2 ** -20)
  if (Math.abs(got) <= tiny && Math.abs(expected) <= tiny) return 0
  const error = Math.abs(clampToFloat32(got) - clampToFloat32(expected))
  return error === 0 ? 0 : error / limit
}

function clampToFloat32(x: number): number {
  return Math.min(Math.max(x, -(2 ** 128)), 2 ** 128)
}

/** Whether two results have the same bits; the bits of NaN may differ. */
export function sameBits(a: Storage, b: Storage): boolean {
  return a.length === b.length && a.every((x, i) => Object.is(x, b[i]))
}
