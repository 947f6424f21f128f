import { Buffer, constants } from 'node:buffer'
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
 * Memory for elements of a dtype, to be written before it is read: what it holds at first is arbitrary. `float64` widens float32, for the
 * reference executor's mode of that name.
 *
 * @throws memory.exhausted where there is no room, or JavaScript has no array so long
 */
export function allocate(dtype: Dtype, length: number, float64 = false): Storage {
  const wide = float64 && dtype === 'float32'
  const needed = length * (wide ? 8 : bytesPerElement(dtype))
  if (needed > constants.MAX_LENGTH) fail('memory.exhausted', { needed })
  try {
    const { buffer, byteOffset } = needed <= smallBytes ? shared(needed) : Buffer.allocUnsafeSlow(needed)
    if (wide) return new Float64Array(buffer, byteOffset, length)
    if (dtype === 'float32') return new Float32Array(buffer, byteOffset, length)
    if (dtype === 'int32') return new Int32Array(buffer, byteOffset, length)
    return new Uint8Array(buffer, byteOffset, length)
  } catch {
    return fail('memory.exhausted', { needed })
  }
}

/**
 * What takes so little shares an ArrayBuffer with what is allocated next: one of its own would cost more than the op that fills it. It
 * lives as long as any of them.
 */
const smallBytes = 512
const sharedBytes = 4096

let current = new ArrayBuffer(0)
let used = 0

function shared(bytes: number): { readonly buffer: ArrayBuffer; readonly byteOffset: number } {
  if (used + bytes > current.byteLength) {
    current = new ArrayBuffer(sharedBytes)
    used = 0
  }
  const byteOffset = used
  used += Math.ceil(bytes / 8) * 8
  return { buffer: current, byteOffset }
}

/** A storage's bytes, without a copy. */
export function bytesOf(storage: Storage): Uint8Array {
  return new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength)
}
