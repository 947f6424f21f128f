import { expect } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import { createTensor, type Tensor } from '../../ts/tensor.js'
import { reference32, reference64 } from '../parity/program.js'

const addon = nativeAddon()

/** What fixtures in float64 are compared on, and how near it must come to them. */
export const executors: readonly (readonly [string, Executor, number])[] = [
  ['reference executor in float64', reference64, 1e-10],
  ['reference executor', reference32, 1e-5],
  ...(addon ? [['native executor', new NativeExecutor(addon), 1e-5] as const] : []),
]

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
