import { crc32, deflateSync } from 'node:zlib'
import type { Picture } from './pictures.js'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const colorTypes = { 1: 0, 3: 2, 4: 6 } as const
/** Each byte as its difference from the pixel to the left, which makes smooth images compress. */
const subFilter = 1

/** A picture as a PNG file of 8 bits a channel (W3C, "Portable Network Graphics (PNG) Specification", third edition). */
export function encodePng({ width, height, channels, pixels }: Picture): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colorTypes[channels]], 8)
  const row = width * channels
  const filtered = Buffer.alloc(height * (row + 1))
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * row, y * (row + 1) + 1]
    filtered[to - 1] = subFilter
    for (let i = 0; i < row; i++) {
      const left = i < channels ? 0 : (pixels[from + i - channels] as number)
      filtered[to + i] = (pixels[from + i] as number) - left
    }
  }
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered)),
    chunk('IEND', new Uint8Array(0)),
  ]
  return Buffer.concat([Uint8Array.from(signature), ...chunks])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(data.length + 12)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'ascii')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, data.length + 8)), data.length + 8)
  return bytes
}

/** Pictures of one size side by side as one, `columns` a row with `gap` white pixels between them. */
export function gridOf(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const [{ width, height, channels }] = pictures as readonly [Picture]
  const across = columns * (width + gap) - gap
  const down = Math.ceil(pictures.length / columns) * (height + gap) - gap
  const pixels = new Uint8Array(across * down * channels).fill(255)
  pictures.forEach((picture, i) => {
    const left = (i % columns) * (width + gap)
    const top = Math.floor(i / columns) * (height + gap)
    for (let y = 0; y < height; y++) {
      const row = picture.pixels.subarray(y * width * channels, (y + 1) * width * channels)
      pixels.set(row, ((top + y) * across + left) * channels)
    }
  })
  return { width: across, height: down, channels, pixels }
}
