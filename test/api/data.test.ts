import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { expectError } from '../expect.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function idxFile(code: number, shape: readonly number[], body: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, code, shape.length])
  shape.forEach((extent, axis) => {
    header.writeUInt32BE(extent, 4 + 4 * axis)
  })
  return Buffer.concat([header, body])
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('lw.data.idx', () => {
  const images = idxFile(
    0x08,
    [2, 2, 3],
    Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
  )

  it('reads images, plain and compressed', () => {
    for (const path of [write('images', images), write('images.gz', gzipSync(images))]) {
      const tensor = lw.data.idx(path)
      expect([tensor.shape, tensor.dtype]).toEqual([[2, 2, 3], 'uint8'])
      expect([...tensor.dataSync()]).toEqual(Array.from({ length: 12 }, (_, i) => 20 * i))
    }
  })

  it.each([
    ['int8', 0x09, 'int32', [-128, 5], 1, (b: Buffer, v: number, o: number) => b.writeInt8(v, o)],
    ['int16', 0x0b, 'int32', [-30000, 5], 2, (b: Buffer, v: number, o: number) => b.writeInt16BE(v, o)],
    ['int32', 0x0c, 'int32', [-(2 ** 31), 5], 4, (b: Buffer, v: number, o: number) => b.writeInt32BE(v, o)],
    ['float32', 0x0d, 'float32', [-0.5, 1e10], 4, (b: Buffer, v: number, o: number) => b.writeFloatBE(v, o)],
    ['float64', 0x0e, 'float32', [-0.5, 3], 8, (b: Buffer, v: number, o: number) => b.writeDoubleBE(v, o)],
  ] as const)('reads %s', (name, code, dtype, values, size, put) => {
    const body = Buffer.alloc(values.length * size)
    values.forEach((value, i) => {
      put(body, value, i * size)
    })
    const tensor = lw.data.idx(write(name, idxFile(code, [values.length], body)))
    expect([tensor.dtype, [...tensor.dataSync()]]).toEqual([dtype, values])
  })

  it('reads no samples', () => {
    expect(lw.data.idx(write('none', idxFile(0x08, [0, 28, 28], Buffer.alloc(0)))).shape).toEqual([0, 28, 28])
  })

  it('refuses files that are not what they say', async () => {
    const empty = Buffer.alloc(0)
    const gz = gzipSync(images)
    const lying = Buffer.from(gz)
    lying.writeUInt32LE(5, lying.length - 4)
    const damaged = Buffer.from(gz)
    damaged[15] = (damaged[15] as number) ^ 0xff
    const cases: Record<string, Uint8Array> = {
      empty,
      short: Buffer.from([0, 0, 8]),
      magic: Buffer.concat([Buffer.from([1]), images.subarray(1)]),
      'element type': idxFile(0x0a, [1], Buffer.alloc(1)),
      'no axes': idxFile(0x08, [], Buffer.alloc(1)),
      'many axes': idxFile(0x08, Array(9).fill(1), Buffer.alloc(1)),
      'cut header': images.subarray(0, 10),
      'cut body': images.subarray(0, images.length - 1),
      'long body': Buffer.concat([images, Buffer.from([0])]),
      'huge shape': idxFile(0x08, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], Buffer.alloc(3)),
      'wrapping shape': idxFile(0x08, [2 ** 31, 2 ** 31, 4], empty),
      'cut gzip': gz.subarray(0, gz.length - 12),
      'tiny gzip': gz.subarray(0, 10),
      'gzip larger than stated': lying,
      'damaged gzip': damaged,
    }
    for (const [name, bytes] of Object.entries(cases)) {
      const path = write('bad', bytes)
      await expectError('idx.invalid', () => lw.data.idx(path), { path }).catch((error) => {
        throw new Error(`${name}: ${error}`)
      })
    }
    expect(() => lw.data.idx(join(folder, 'absent'))).toThrow('ENOENT')
  })
})

describe('lw.datasets.digits', () => {
  it('holds 1,797 images from 0 to 1 and their digits', () => {
    const { x, y } = lw.datasets.digits()
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[1797, 64], 'float32', [1797], 'int32'])
    const pixels = x.dataSync()
    expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, 1])
    expect([...pixels.subarray(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0].map((count) => count / 16))
    const counts = Array(10).fill(0)
    for (const digit of y.dataSync()) counts[digit]++
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
  })
})
