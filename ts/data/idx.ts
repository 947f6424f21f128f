import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import { checkPath } from '../options.js'
import { maximumRank } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'

interface ElementType {
  readonly bytes: number
  readonly dtype: Dtype
  readonly read: (view: DataView, offset: number) => number
}

/** The format's element types by their code; numbers are big-endian. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { bytes: 1, dtype: 'uint8', read: (view, offset) => view.getUint8(offset) }],
  [0x09, { bytes: 1, dtype: 'int32', read: (view, offset) => view.getInt8(offset) }],
  [0x0b, { bytes: 2, dtype: 'int32', read: (view, offset) => view.getInt16(offset) }],
  [0x0c, { bytes: 4, dtype: 'int32', read: (view, offset) => view.getInt32(offset) }],
  [0x0d, { bytes: 4, dtype: 'float32', read: (view, offset) => view.getFloat32(offset) }],
  [0x0e, { bytes: 8, dtype: 'float32', read: (view, offset) => view.getFloat64(offset) }],
])

/**
 * Reads a file in the IDX format, in which MNIST comes: plain, or compressed by gzip. Bytes give uint8, other integers int32, floats float32.
 *
 * @throws idx.invalid when the file is not what its header says; the file system's error when it cannot be read
 *
 * @example
 * const images = lw.data.idx('train-images-idx3-ubyte.gz')   // uint8 [60000, 28, 28]
 * const labels = lw.data.idx('train-labels-idx1-ubyte.gz')   // uint8 [60000]
 */
export function idx(path: string): Tensor {
  checkPath('idx', path, 'file')
  const invalid = (detail: string): never => fail('idx.invalid', { path, detail })
  const stored = readFileSync(path)
  const file = stored[0] === 0x1f && stored[1] === 0x8b ? inflate(stored, invalid) : stored
  if (file.length < 4) invalid(`it has ${file.length} bytes, fewer than the header of 4`)
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  if (view.getUint16(0) !== 0) invalid('it does not start with two zero bytes')
  const code = view.getUint8(2)
  const type = elementTypes.get(code) ?? invalid(`it has the unknown element type 0x${code.toString(16)}`)
  const rank = view.getUint8(3)
  if (rank < 1 || rank > maximumRank) invalid(`it has ${rank} axes; 1 to ${maximumRank} are possible`)
  const start = 4 + 4 * rank
  if (file.length < start) invalid(`its header of ${start} bytes is cut off after ${file.length}`)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  // Exact, because the product of the present bytes is compared, and a product past 2^53 is larger than any file.
  const elements = shape.reduce((product, extent) => product * extent, 1)
  if (elements * type.bytes !== file.length - start) {
    invalid(
      `shape [${shape.join(', ')}] takes ${elements * type.bytes} bytes, but ${file.length - start} follow the header`,
    )
  }
  if (type.dtype === 'uint8')
    return tensor(new Uint8Array(file.buffer, file.byteOffset + start, elements), shape)
  const values = type.dtype === 'int32' ? new Int32Array(elements) : new Float32Array(elements)
  for (let i = 0; i < elements; i++) values[i] = type.read(view, start + i * type.bytes)
  return tensor(values, shape)
}

/** Decompresses no more than the size that the file itself states in its last four bytes. */
function inflate(stored: Buffer, invalid: (detail: string) => never): Buffer {
  if (stored.length < 18) invalid('its gzip stream is cut off')
  const stated = stored.readUInt32LE(stored.length - 4)
  try {
    return gunzipSync(stored, { maxOutputLength: Math.max(1, stated) })
  } catch (error) {
    return invalid(`its gzip stream is damaged (${error instanceof Error ? error.message : error})`)
  }
}
