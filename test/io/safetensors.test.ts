import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { type ByteSource, decodeSafetensors, encodeSafetensors } from '../../ts/io/safetensors.js'
import { expectError } from '../expect.js'
import { readFixture } from '../golden/fixtures.js'
import { Random } from '../random.js'

/** A file in memory, which counts what is read of it. */
function source(bytes: Uint8Array): ByteSource & { longest: number } {
  return {
    path: 'memory',
    size: bytes.length,
    longest: 0,
    async read(offset, length) {
      this.longest = Math.max(this.longest, length)
      if (offset + length > bytes.length) throw new Error('read past the end')
      return bytes.slice(offset, offset + length)
    },
  }
}

const decode = (bytes: Uint8Array) => decodeSafetensors(source(bytes))

/** A file of a header as text, and data. */
function file(header: string, data = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

const encode = (tensors: Record<string, lw.Tensor>, metadata: Record<string, string> = {}) => {
  const named = { tensors: new Map(Object.entries(tensors)), metadata: new Map(Object.entries(metadata)) }
  return Uint8Array.from(Buffer.concat(encodeSafetensors(named)))
}

const sample = {
  'flags/π': lw.tensor([true, false, true]),
  kernel: lw.tensor([
    [1.5, -0, NaN],
    [Infinity, 1e-45, -2],
  ]),
  bytes: lw.tensor(new Uint8Array([0, 255, 7]), [3, 1]),
  counts: lw.tensor(new Int32Array([2 ** 31 - 1, -(2 ** 31)])),
  nothing: lw.tensor(new Float32Array(0), [2, 0]),
  one: lw.tensor(3),
}

describe('safetensors', () => {
  it('gives back what was written: names, dtypes, shapes, bits, metadata', async () => {
    const { tensors, metadata } = await decode(encode(sample, { config: '{"a":"\\"}:"}', empty: '' }))
    expect([...tensors.keys()].sort()).toEqual(Object.keys(sample).sort())
    for (const [name, tensor] of Object.entries(sample)) {
      const read = tensors.get(name) as lw.Tensor
      expect([read.shape, read.dtype], name).toEqual([tensor.shape, tensor.dtype])
      expect(Buffer.from(read.dataSync().buffer), name).toEqual(Buffer.from(tensor.dataSync().buffer))
    }
    expect([...metadata]).toEqual([
      ['config', '{"a":"\\"}:"}'],
      ['empty', ''],
    ])
    expect((await decode(encode({}))).tensors.size).toBe(0)
  })

  it('aligns the data and each tensor of four-byte elements', () => {
    const bytes = Buffer.from(encode(sample))
    const length = Number(bytes.readBigUInt64LE(0))
    expect(length % 8).toBe(0)
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    for (const { dtype, data_offsets } of Object.values(header) as {
      dtype: string
      data_offsets: number[]
    }[]) {
      if (dtype === 'F32' || dtype === 'I32') expect((data_offsets[0] as number) % 4).toBe(0)
    }
  })

  it('reads half precision as float32', async () => {
    const halves = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555])
    const brains = new Uint16Array([0x3f80, 0xc040, 0x7f80, 0x8000])
    const data = new Uint8Array([...new Uint8Array(halves.buffer), ...new Uint8Array(brains.buffer)])
    const header =
      '{"h":{"dtype":"F16","shape":[7],"data_offsets":[0,14]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[14,22]}}'
    const { tensors } = await decode(file(header, data))
    expect(tensors.get('h')?.arraySync()).toEqual([1, -2, 2 ** -24, 65504, Infinity, -0, 0.333251953125])
    expect(tensors.get('b')?.arraySync()).toEqual([1, -3, Infinity, -0])
  })

  const four = new Uint8Array(4)
  const entry = (more: string) => `{"w":{${more}}}`
  it.each([
    ['too short for a length', new Uint8Array(7), /7 bytes/],
    ['a length past the end', file('{}').subarray(0, 9), /claims 2 bytes, but only 1/],
    ['a length over the limit', new Uint8Array(8).fill(255), /more than 100000000/],
    ['no UTF-8', file('{"\u00ff"}').fill(0xff, 9, 11), /UTF-8/],
    ['a byte order mark', file('\ufeff{}'), /begin with/],
    ['no object', file('[]'), /begin with/],
    ['no JSON', file('{"w":'), /valid JSON/],
    [
      'JSON nested too deeply',
      file(`{"w":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
      /deeply|not an object/,
    ],
    ['a repeated key', file('{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}}'), /stands twice/],
    ['a repeated key within', file('{"__metadata__":{"a":"1","a":":"}}'), /stands twice/],
    ['a prototype', file('{"__proto__":{}}'), /__proto__/],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), /else than a text/],
    ['metadata that is no object', file('{"__metadata__":[]}'), /not an object/],
    ['an entry that is no object', file('{"w":3}'), /not an object/],
    [
      'an unknown dtype',
      file(entry('"dtype":"F64","shape":[1],"data_offsets":[0,8]')),
      /dtype "F64".*F32, I32/,
    ],
    ['a dtype that is no text', file(entry('"dtype":4,"shape":[1],"data_offsets":[0,4]')), /dtype 4/],
    [
      'an unknown key',
      file(entry('"dtype":"F32","shape":[1],"data_offsets":[0,4],"path":"x"'), four),
      /'path'/,
    ],
    [
      'a negative extent',
      file(entry('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), four),
      /shape of 'w'/,
    ],
    [
      'a broken extent',
      file(entry('"dtype":"F32","shape":[0.5],"data_offsets":[0,2]'), four),
      /shape of 'w'/,
    ],
    [
      'nine axes',
      file(entry('"dtype":"U8","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,4]'), four),
      /at most 8/,
    ],
    ['no shape', file(entry('"dtype":"F32","data_offsets":[0,4]'), four), /shape of 'w'/],
    [
      'a size that overflows',
      file(entry(`"dtype":"U8","shape":[${2 ** 32},${2 ** 32}],"data_offsets":[0,4]`), four),
      /2\^31/,
    ],
    [
      'an extent that overflows',
      file(entry(`"dtype":"U8","shape":[${2 ** 40},0],"data_offsets":[0,0]`)),
      /2\^31/,
    ],
    ['one offset', file(entry('"dtype":"F32","shape":[1],"data_offsets":[4]'), four), /data_offsets/],
    [
      'offsets beyond integers',
      file(entry('"dtype":"F32","shape":[1],"data_offsets":[0,1e30]'), four),
      /data_offsets/,
    ],
    ['reversed offsets', file(entry('"dtype":"U8","shape":[4],"data_offsets":[4,0]'), four), /in -4/],
    [
      'fewer bytes than the shape takes',
      file(entry('"dtype":"F32","shape":[2],"data_offsets":[0,4]'), four),
      /8 bytes, in 4/,
    ],
    ['a hole before', file(entry('"dtype":"U8","shape":[2],"data_offsets":[2,4]'), four), /begins at byte 2/],
    [
      'bytes after',
      file(entry('"dtype":"U8","shape":[2],"data_offsets":[0,2]'), four),
      /take 2 bytes, but 4/,
    ],
    [
      'bytes that are not there',
      file(entry('"dtype":"F32","shape":[2],"data_offsets":[0,8]'), four),
      /take 8 bytes, but 4/,
    ],
    [
      'an overlap',
      file(
        '{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
        four,
      ),
      /begins at byte 2 of the data, not at 3/,
    ],
    [
      'a bool of 2',
      file(entry('"dtype":"BOOL","shape":[4],"data_offsets":[0,4]'), new Uint8Array([0, 1, 2, 0])),
      /above 1/,
    ],
  ] as const)('refuses %s', async (_, bytes, reason) => {
    const error = await expectError('io.format', () => decode(bytes), { path: 'memory' })
    expect(error.message).toMatch(reason)
  })

  it('reads no more than there is, whatever bits are flipped or bytes cut off: it refuses, or gives tensors', async () => {
    const whole = encode(sample, { config: '{"x":1}' })
    const random = new Random(7)
    let refused = 0
    for (let i = 0; i < 3000; i++) {
      const damaged = Uint8Array.from(whole)
      for (let flips = random.below(4); flips >= 0; flips--) {
        // Most damage goes where most checks are: to the header.
        const at = Math.floor(random.number() ** 2 * damaged.length)
        damaged[at] = (damaged[at] as number) ^ (1 << random.below(8))
      }
      const bytes = i % 3 === 0 ? damaged.subarray(0, random.below(damaged.length)) : damaged
      const given = source(bytes)
      try {
        const { tensors } = await decodeSafetensors(given)
        for (const tensor of tensors.values()) expect(tensor.dataSync().length).toBe(tensor.size)
      } catch (error) {
        expect(error).toMatchObject({ name: 'LayerwiseError', code: 'io.format' })
        refused++
      }
      expect(given.longest).toBeLessThanOrEqual(bytes.length)
    }
    expect(refused).toBeGreaterThan(1500)
  })

  it('reads what Python’s safetensors writes', async () => {
    const [fixture] = readFixture<{
      readonly file: string
      readonly metadata: Record<string, string>
      readonly tensors: readonly {
        readonly name: string
        readonly shape: number[]
        readonly values: number[]
      }[]
    }>('saved.json')
    const { file, metadata, tensors } = fixture as NonNullable<typeof fixture>
    const read = await decode(Uint8Array.from(Buffer.from(file, 'base64')))
    expect(Object.fromEntries(read.metadata)).toEqual(metadata)
    expect(read.tensors.size).toBe(tensors.length)
    for (const { name, shape, values } of tensors) {
      expect(read.tensors.get(name)?.shape).toEqual(shape)
      expect(Array.from(read.tensors.get(name)?.dataSync() ?? []), name).toEqual(values)
    }
  })

  it.skipIf(!pythonHasSafetensors())('writes what Python’s safetensors reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-safetensors-'))
    try {
      const path = join(folder, 'sample.safetensors')
      writeFileSync(path, encode(sample, { note: 'ü' }))
      const script = [
        'import json, sys, safetensors',
        'with safetensors.safe_open(sys.argv[1], "np") as f:',
        '  tensors = {k: f.get_tensor(k) for k in f.keys()}',
        '  print(json.dumps([f.metadata(), {k: [str(t.dtype), t.shape, t.tobytes().hex()] for k, t in tensors.items()}]))',
      ].join('\n')
      const printed = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' })
      const expected = Object.entries(sample).map(([name, tensor]) => {
        const hex = Buffer.from(tensor.dataSync().buffer).toString('hex')
        return [name, [tensor.dtype, tensor.shape, hex]]
      })
      expect(JSON.parse(printed)).toEqual([{ note: 'ü' }, Object.fromEntries(expected)])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function pythonHasSafetensors(): boolean {
  try {
    execFileSync('python3', ['-c', 'import safetensors, numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
