import { expect } from 'vitest'
import { type ErrorCode, LayerwiseError, type Tensor } from '../ts/index.js'

/** Expects a call, or a promise, to raise the error of a code with these fields. */
export async function expectError(
  code: ErrorCode,
  run: () => unknown,
  fields: Record<string, unknown> = {},
): Promise<LayerwiseError> {
  let raised: unknown
  try {
    await run()
  } catch (error) {
    raised = error
  }
  expect(raised, `expected ${code}`).toBeInstanceOf(LayerwiseError)
  const error = raised as LayerwiseError
  expect(error.code, error.message).toBe(code)
  expect(error.fields).toMatchObject(fields)
  expect(error.message).not.toMatch(/undefined|\[object/)
  return error
}

/** Expects a tensor's elements to be near these numbers. */
export function expectClose(tensor: Tensor, expected: ArrayLike<number>, tolerance = 1e-6): void {
  const elements = tensor.dataSync()
  expect(elements.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [elements[i] as number, expected[i] as number]
    const close = Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted))
    if (!close) expect.fail(`element ${i}: expected ${wanted}, got ${got}`)
  }
}
