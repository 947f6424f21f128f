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

describe('lw.data.cifar', () => {
  const plane = 32 * 32
  /** Records whose every byte tells where it stands. */
  const records = (count: number, labels: (i: number) => number[], first = 0) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) => {
        const pixels = Uint8Array.from({ length: 3 * plane }, (_, p) => (7 * (first + i) + p * 31) % 251)
        return Buffer.concat([Uint8Array.from(labels(first + i)), pixels])
      }),
    )
  const pixelOf = (i: number, row: number, column: number, channel: number) =>
    (7 * i + (channel * plane + 32 * row + column) * 31) % 251
  const folderOf = (files: Record<string, Uint8Array | string>) => {
    const path = mkdtempSync(join(folder, 'cifar-'))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
    return path
  }
  const names10 = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ')
  const files10 = (): Record<string, Uint8Array | string> => ({
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((k) => [`data_batch_${k}.bin`, records(3, (i) => [i % 10], 3 * (k - 1))]),
    ),
    'test_batch.bin': records(2, (i) => [9 - i]),
    'batches.meta.txt': `${names10.join('\n')}\n\n`,
  })
  const files100 = () => ({
    'train.bin': records(4, (i) => [i + 16, 99 - i]),
    'test.bin': records(2, (i) => [i, 50 + i]),
  })

  it('reads CIFAR-10 in the order of its files', () => {
    const { train, test, classNames } = lw.data.cifar(folderOf(files10()))
    expect([train.x.shape, train.x.dtype, train.y.dtype]).toEqual([[15, 32, 32, 3], 'uint8', 'int32'])
    expect([...train.y.dataSync()]).toEqual(Array.from({ length: 15 }, (_, i) => i % 10))
    expect([...test.y.dataSync()]).toEqual([9, 8])
    expect(classNames).toEqual(names10)
    const pixels = train.x.dataSync()
    for (const [i, row, column, channel] of [
      [0, 0, 0, 0],
      [3, 1, 2, 1],
      [14, 31, 30, 2],
    ] as const) {
      expect(pixels[((i * 32 + row) * 32 + column) * 3 + channel]).toBe(pixelOf(i, row, column, channel))
    }
  })

  it('reads CIFAR-100 with its fine or its coarse labels', async () => {
    const path = folderOf({ ...files100(), 'coarse_label_names.txt': 'group\r\n'.repeat(20) })
    const fine = lw.data.cifar(path)
    expect([[...fine.train.y.dataSync()], [...fine.test.y.dataSync()]]).toEqual([
      [99, 98, 97, 96],
      [50, 51],
    ])
    expect([fine.classNames, fine.test.x.dataSync()[2]]).toEqual([undefined, pixelOf(0, 0, 0, 2)])
    const coarse = lw.data.cifar(path, { labelMode: 'coarse' })
    expect([...coarse.train.y.dataSync()]).toEqual([16, 17, 18, 19])
    expect(coarse.classNames).toHaveLength(20)
    await expectError('argument.range', () => lw.data.cifar(path, { labelMode: 'rough' as never }))
    await expectError('argument.type', () => lw.data.cifar(5 as never), { op: 'cifar' })
    await expectError('argument.type', () => lw.data.idx(5 as never), { op: 'idx' })
    await expectError('argument.range', () => lw.data.cifar(folderOf(files10()), { labelMode: 'coarse' }))
    await expectError('argument.unknown', () => lw.data.cifar(path, { labels: 'fine' } as never))
  })

  it('names the file that is missing or not what it should be', async () => {
    const { 'data_batch_4.bin': _, ...without4 } = files10()
    const { 'test.bin': __, ...withoutTest } = files100()
    const whole = records(3, () => [1])
    const cases: [files: Record<string, Uint8Array | string>, name: string, detail: RegExp][] = [
      [{}, '', /neither data_batch_1\.bin … of CIFAR-10 nor train\.bin of CIFAR-100/],
      [without4, 'data_batch_4.bin', /missing; CIFAR-10 consists of data_batch_1\.bin, .*test_batch\.bin/],
      [withoutTest, 'test.bin', /missing; CIFAR-100 consists of train\.bin, test\.bin/],
      [
        { ...files10(), 'data_batch_2.bin': whole.subarray(1) },
        'data_batch_2.bin',
        /9218 bytes.* records of 3073/,
      ],
      [{ ...files10(), 'data_batch_5.bin': '' }, 'data_batch_5.bin', /0 bytes/],
      [{ ...files10(), 'data_batch_3.bin': records(2, () => [1]) }, 'data_batch_3.bin', /6146 bytes.* 9219/],
      [
        { ...files10(), 'test_batch.bin': records(2, (i) => [i * 10]) },
        'test_batch.bin',
        /record 1 .* 10; .* 10/,
      ],
      [{ ...files100(), 'train.bin': whole }, 'train.bin', /records of 3074/],
      [{ ...files100(), 'train.bin': records(1, () => [20, 1]) }, 'train.bin', /coarse label 20/],
      [{ ...files100(), 'train.bin': records(1, () => [1, 100]) }, 'train.bin', /fine label 100/],
      [{ ...files10(), 'batches.meta.txt': 'cat\n' }, 'batches.meta.txt', /1 names, and there are 10/],
    ]
    for (const [files, name, detail] of cases) {
      const path = folderOf(files)
      const error = await expectError('cifar.invalid', () => lw.data.cifar(path), { path: join(path, name) })
      expect(error.message).toMatch(detail)
    }
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
