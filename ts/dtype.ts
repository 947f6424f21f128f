import { constants } from 'node:buffer'
import { fail } from './errors.js'

/** The element types of tensors. `uint8` is for storage: it can be gathered, reshaped and cast, not computed with. */
export type Dtype = 'float32' | 'int32' | 'bool' | 'uint8'

export const dtypes: readonly Dtype[] = ['float32', 'int32', 'bool', 'uint8']

/** What a tensor keeps its elements in. Float64Array stands for float32 where the reference executor runs in float64. */
export type Storage = Float32Array | Float64Array | Int32Array | Uint8Array

/** The size of an element in bytes, in a program and on the native executor. */
export function bytesPerElement(dtype: Dtype): 1 | 4 {
  return dtype === 'float32' || dtype === 'int32' ? 4 : 1
}

/**
 * Zeros of a dtype; `float64` widens float32, for the reference executor's mode of that name.
 *
 * @throws memory.exhausted where there is no room, or JavaScript has no array so long
 */
export function allocate(dtype: Dtype, length: number, float64 = false): Storage {
  const needed = length * (float64 && dtype === 'float32' ? 8 : bytesPerElement(dtype))
  if (needed > constants.MAX_LENGTH) fail('memory.exhausted', { needed })
  try {
    return zeros(dtype, length, float64)
  } catch {
    return fail('memory.exhausted', { needed })
  }
}

function zeros(dtype: Dtype, length: number, float64: boolean): Storage {
  switch (dtype) {
    case 'float32':
      return float64 ? new Float64Array(length) : new Float32Array(length)
    case 'int32':
      return new Int32Array(length)
    default:
      return new Uint8Array(length)
  }
}

/** A storage's bytes, without a copy. */
export function bytesOf(storage: Storage): Uint8Array {
  return new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength)
}
