import { expect } from 'vitest'
import { createTensor, type Tensor } from '../../ts/tensor.js'

/** An array in one of the fixtures that Keras made. */
export interface FixtureArray {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** A fixture's array as a float32 tensor, in float64 for executors that compute so. */
export function fixtureTensor({ shape, values }: FixtureArray, float64: boolean): Tensor {
  return createTensor(Float64Array.from(values), shape, 'float32', float64)
}

/** Expects the elements to be near what Keras gives in float64: relative to them, or absolutely below 1. */
export function expectNear(tensor: Tensor, expected: readonly number[], tolerance: number): void {
  const got = Array.from(tensor.dataSync())
  expect(got.length).toBe(expected.length)
  expected.forEach((wanted, i) => {
    const off = Math.abs((got[i] as number) - wanted)
    expect(off, `element ${i}: expected ${wanted}, got ${got[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(wanted)),
    )
  })
}
