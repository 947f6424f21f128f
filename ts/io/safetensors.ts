import { bytesOf, type Dtype, type Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { maximumRank, type Shape, sizeOf } from '../shape.js'
import { createTensor, storageOf, type Tensor } from '../tensor.js'
import { parseJson } from './json.js'

/** Tensors by name, and texts that say what they are. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: ReadonlyMap<string, string>
}

/** Where the bytes of a file come from. */
export interface ByteSource {
  readonly path: string
  readonly size: number
  /** A copy, alone in its buffer. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

/** The safetensors library's own limit. */
const maxHeaderBytes = 100_000_000
const metadataKey = '__metadata__'

const storedAs = { float32: 'F32', int32: 'I32', bool: 'BOOL', uint8: 'U8' } as const

/** What can be read: the bytes of an element, and the tensor's dtype; half precision becomes float32. */
const readable = new Map<string, { readonly bytes: number; readonly dtype: Dtype }>([
  ['F32', { bytes: 4, dtype: 'float32' }],
  ['I32', { bytes: 4, dtype: 'int32' }],
  ['BOOL', { bytes: 1, dtype: 'bool' }],
  ['U8', { bytes: 1, dtype: 'uint8' }],
  ['F16', { bytes: 2, dtype: 'float32' }],
  ['BF16', { bytes: 2, dtype: 'float32' }],
])

/**
 * Tensors in the safetensors format: the length of the header, the header as JSON, and the elements one after the other. Those of four
 * bytes come first, so that each is aligned.
 */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array[] {
  const wide = ({ dtype }: Tensor) => dtype === 'float32' || dtype === 'int32'
  const entries = [...tensors]
  const ordered = [...entries.filter(([, t]) => wide(t)), ...entries.filter(([, t]) => !wide(t))]
  const header: [string, unknown][] = metadata.size > 0 ? [[metadataKey, Object.fromEntries(metadata)]] : []
  const parts: Uint8Array[] = []
  let offset = 0
  for (const [name, tensor] of ordered) {
    const bytes = bytesOf(inFloat32(storageOf(tensor)))
    const end = offset + bytes.length
    header.push([name, { dtype: storedAs[tensor.dtype], shape: tensor.shape, data_offsets: [offset, end] }])
    parts.push(bytes)
    offset = end
  }
  const text = new TextEncoder().encode(
    `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
  )
  const start = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20)
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true)
  start.set(text, 8)
  return [start, ...parts]
}

function inFloat32(storage: Storage): Exclude<Storage, Float64Array> {
  return storage instanceof Float64Array ? Float32Array.from(storage) : storage
}

/** What the header says of a tensor, checked. */
interface Entry {
  readonly name: string
  readonly stored: string
  readonly bytes: number
  readonly dtype: Dtype
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/**
 * Reads tensors in the safetensors format. The file is not trusted: the header is checked against the bytes that are there before anything
 * is allocated for what it declares.
 *
 * @throws io.format with the reason
 */
export async function decodeSafetensors(source: ByteSource): Promise<TensorFile> {
  const refuse = (detail: string): never => fail('io.format', { path: source.path, detail })
  if (source.size < 8) refuse(`it has ${source.size} bytes, and the length of the header alone takes 8`)
  const length = new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true)
  if (length > maxHeaderBytes) refuse(`its header claims ${length} bytes, more than ${maxHeaderBytes}`)
  const headerBytes = Number(length)
  if (8 + headerBytes > source.size) {
    refuse(`its header claims ${headerBytes} bytes, but only ${source.size - 8} follow`)
  }
  const header = parseHeader(await source.read(8, headerBytes), refuse)
  const metadata = metadataOf(header[metadataKey], refuse)
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => entryOf(name, value, refuse))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  let end = 0
  for (const entry of entries) {
    if (entry.begin !== end)
      refuse(`'${entry.name}' begins at byte ${entry.begin} of the data, not at ${end}`)
    end = entry.end
  }
  const present = source.size - 8 - headerBytes
  if (end !== present) refuse(`its tensors take ${end} bytes, but ${present} are there`)
  const tensors = new Map<string, Tensor>()
  for (const entry of entries) {
    const bytes = await source.read(8 + headerBytes + entry.begin, entry.end - entry.begin)
    tensors.set(entry.name, tensorOf(entry, bytes, refuse))
  }
  return { tensors, metadata }
}

type Refuse = (detail: string) => never

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse('its header is not valid UTF-8')
  }
  if (!text.startsWith('{')) refuse("its header does not begin with '{'")
  return parseJson(text, (detail) => refuse(`its header ${detail}`)) as Record<string, unknown>
}

function metadataOf(value: unknown, refuse: Refuse): Map<string, string> {
  const metadata = new Map<string, string>()
  if (value === undefined) return metadata
  if (!isRecord(value)) return refuse(`${metadataKey} is not an object`)
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return refuse(`${metadataKey} holds something else than a text at '${key}'`)
    metadata.set(key, text)
  }
  return metadata
}

function entryOf(name: string, value: unknown, refuse: Refuse): Entry {
  if (!isRecord(value)) return refuse(`what it says of '${name}' is not an object`)
  const unknown = Object.keys(value).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key))
  if (unknown !== undefined) refuse(`'${name}' has an unknown key '${unknown}'`)
  const { dtype: stored, shape, data_offsets: offsets } = value
  const kind = typeof stored === 'string' ? readable.get(stored) : undefined
  if (!kind) {
    const known = [...readable.keys()].join(', ')
    return refuse(`'${name}' has dtype ${JSON.stringify(stored)}, and this reads ${known}`)
  }
  const count = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  if (!Array.isArray(shape) || shape.length > maximumRank || !shape.every(count)) {
    return refuse(`the shape of '${name}' is not at most ${maximumRank} non-negative integers`)
  }
  // The product may be rounded, but not across this limit. Extents beside a 0 are bounded too.
  const size = sizeOf(shape as Shape)
  if (sizeOf((shape as Shape).map((extent) => extent || 1)) >= 2 ** 31) {
    return refuse(`'${name}' has 2^31 elements or more`)
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(count)) {
    return refuse(`the data_offsets of '${name}' are not two non-negative integers`)
  }
  const [begin, end] = offsets as [number, number]
  if (end - begin !== size * kind.bytes) {
    refuse(
      `'${name}' has shape [${shape.join(', ')}] of ${stored}, ${size * kind.bytes} bytes, in ${end - begin}`,
    )
  }
  return { name, stored: stored as string, ...kind, shape: shape as Shape, begin, end }
}

function tensorOf(
  { name, stored, dtype, shape }: Entry,
  bytes: Uint8Array<ArrayBuffer>,
  refuse: Refuse,
): Tensor {
  if (stored === 'BOOL' && bytes.some((byte) => byte > 1))
    refuse(`'${name}' is BOOL and holds a byte above 1`)
  return createTensor(elements(stored, bytes), shape, dtype, executor().float64)
}

function elements(stored: string, bytes: Uint8Array<ArrayBuffer>): Float32Array | Int32Array | Uint8Array {
  switch (stored) {
    case 'F32':
      return new Float32Array(bytes.buffer)
    case 'I32':
      return new Int32Array(bytes.buffer)
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes.buffer), fromHalf)
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (bits) => bits << 16).buffer)
    default:
      return bytes
  }
}

/** The value of IEEE 754's binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
