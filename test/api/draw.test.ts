import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { expectError } from '../expect.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

class Screen {
  text = ''
  constructor(
    readonly depth: number,
    readonly columns = 80,
    readonly isTTY = true,
  ) {}

  getColorDepth(): number {
    return this.depth
  }

  write(text: string): void {
    this.text += text
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** The colours of what half blocks show, as they stand in the codes, by rows of pixels. */
  get pixels(): string[][] {
    return this.lines.flatMap((line) => {
      const rows: [string[], string[]] = [[], []]
      let colors: [string, string] = ['', '']
      for (const [, code, block] of line.matchAll(/\[([\d;]+)m|(▀)/g)) {
        const found = /^38;(.*);4(?:8;(.*)|9)$/.exec(code ?? '')
        if (found) colors = [found[1] as string, found[2] ?? 'none']
        if (block) for (const i of [0, 1] as const) rows[i].push(colors[i])
      }
      return rows
    })
  }
}

const onScreen = (
  images: Parameters<typeof lw.draw>[0],
  options: object,
  ...of: [number, number?, boolean?]
) => {
  const stream = new Screen(...of)
  lw.draw(images, { stream, ...options })
  return stream
}

/** Decodes what the encoder can write, and checks every checksum. */
function readPng(path: string) {
  const file = readFileSync(path)
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const body = file.subarray(at + 4, at + 8 + length)
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(body))
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4))
    at += 12 + length
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR') as Buffer
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = { 0: 1, 2: 3, 6: 4 }[header[9] as number] as number
  expect([...header.subarray(8)]).toEqual([8, header[9], 0, 0, 0])
  const bytes = inflateSync(chunks.get('IDAT') as Buffer)
  expect(bytes.length).toBe(height * (width * channels + 1))
  const rows = Array.from({ length: height }, (_, y) => {
    const row = bytes.subarray(y * (width * channels + 1) + 1, (y + 1) * (width * channels + 1))
    for (let i = channels; i < row.length; i++) row[i] = (row[i] as number) + (row[i - channels] as number)
    return [...row]
  })
  return { width, height, channels, rows }
}

const onDisk = (images: Parameters<typeof lw.draw>[0], options: object = {}) => {
  const path = join(folder, 'image.png')
  lw.draw(images, { path, ...options })
  return readPng(path)
}

describe('lw.draw as PNG', () => {
  it('writes grey, RGB and RGBA pixels as they are', () => {
    for (const channels of [1, 3, 4]) {
      const pixels = Uint8Array.from({ length: 2 * 3 * channels }, (_, i) => (i * 97) % 256)
      const read = onDisk(lw.tensor(pixels, [2, 3, channels]))
      expect(read).toMatchObject({ width: 3, height: 2, channels })
      expect(read.rows.flat()).toEqual([...pixels])
    }
  })

  it('takes floats from 0 to 1, booleans, integers to 255, and other ranges', () => {
    const floats = lw.tensor([[-1, 0, 0.5, 1, 7, NaN]])
    expect(onDisk(floats).rows).toEqual([[0, 0, 128, 255, 255, 0]])
    expect(onDisk([[true, false]]).rows).toEqual([[255, 0]])
    expect(onDisk(lw.tensor(new Int32Array([-5, 77, 300]), [1, 3])).rows).toEqual([[0, 77, 255]])
    expect(onDisk(lw.tensor([[-1, 0, 1]]), { range: [-1, 1] }).rows).toEqual([[0, 128, 255]])
    expect(onDisk(lw.tensor([[-1, 0, 1]]), { range: [1, -1] }).rows).toEqual([[255, 128, 0]])
  })

  it("stretches each image of a batch with range 'auto'", () => {
    const batch = lw.tensor([[[10, 20]], [[-3, -3]], [[Infinity, NaN]], [[1, 0]]])
    expect(onDisk(batch, { range: 'auto', columns: 1 }).rows.filter((_, y) => y % 3 === 0)).toEqual([
      [0, 255],
      [0, 0],
      [255, 0],
      [255, 0],
    ])
  })

  it('joins a batch to a grid with white between, and enlarges', () => {
    const batch = lw.tensor([0, 0.2, 0.4], [3, 1, 1, 1])
    const white = [255, 255]
    expect(onDisk(batch).rows).toEqual([
      [0, ...white, 51],
      [...white, ...white],
      [...white, ...white],
      [102, ...white, 255],
    ])
    expect(onDisk(batch, { columns: 3, scale: 2 }).rows).toEqual(
      Array(2).fill([0, 0, ...white, 51, 51, ...white, 102, 102]),
    )
    expect(onDisk(batch, { columns: 9 })).toMatchObject({ width: 7, height: 1 })
    expect(onDisk(new Array(5).fill([[[1, 0, 0]]]))).toMatchObject({ width: 3 * 3 - 2, channels: 3 })
  })
})

describe('lw.draw in the terminal', () => {
  const colors = lw.tensor(
    Uint8Array.from([255, 0, 0, 1, 2, 3, 9, 9, 9, 0, 255, 0, 50, 60, 70, 8, 8, 8]),
    [3, 2, 3],
  )

  it('shows two pixels a character in 24-bit colours', () => {
    const screen = onScreen(colors, { scale: 1 }, 24)
    expect(screen.lines).toEqual([
      '\u001b[38;2;255;0;0;48;2;9;9;9m▀\u001b[38;2;1;2;3;48;2;0;255;0m▀\u001b[0m',
      '\u001b[38;2;50;60;70;49m▀\u001b[38;2;8;8;8;49m▀\u001b[0m',
    ])
  })

  it('enlarges small images, and shrinks large ones to the width', () => {
    expect(onScreen(colors, {}, 24).pixels[23]?.slice(6, 10)).toEqual(
      Array(2).fill(['2;50;60;70', '2;8;8;8']).flat().sort(),
    )
    const wide = lw.tensor(
      Float32Array.from({ length: 200 }, (_, i) => i % 2),
      [2, 100],
    )
    const { pixels } = onScreen(wide, {}, 24, 50)
    expect(pixels[0]).toEqual(Array(50).fill('2;128;128;128'))
    expect(onScreen(wide, { width: 25 }, 24).pixels[0]).toHaveLength(25)
  })

  it('mixes what is not opaque with black', () => {
    const pixel = lw.tensor(Uint8Array.from([200, 100, 50, 51]), [1, 1, 4])
    expect(onScreen(pixel, { scale: 1 }, 24).pixels[0]).toEqual(['2;40;20;10'])
  })

  it('takes the palette where there are 256 colours', () => {
    const row = [255, 0, 0, 128, 128, 128, 0, 0, 0, 255, 255, 255, 95, 135, 175]
    const screen = onScreen(lw.tensor(Uint8Array.from(row), [1, 5, 3]), { scale: 1 }, 8)
    expect(screen.pixels[0]).toEqual(['5;196', '5;244', '5;16', '5;231', '5;67'])
  })

  it('writes shades as plain text without colours, and where there is no terminal', () => {
    const images = lw.tensor([
      [
        [0, 0.25],
        [0.5, 1],
      ],
      [
        [1, 1],
        [0, 0],
      ],
    ])
    const text = '1     two…\n  ░░  ████\n▒▒██\n'
    const options = { labels: [1, 'two and more'], scale: 1 }
    expect(onScreen(images, options, 1).text).toBe(text)
    expect(onScreen(images, options, 24, 80, false).text).toBe(text)
  })

  it('puts as many images in a row as there is room for', () => {
    const batch = lw.ops.zeros([7, 8, 8])
    const rows = (screen: Screen) =>
      screen.lines.filter((line) => /\d/.test(line)).map((line) => line.split(/ +/))
    const labels = [1, 2, 3, 4, 5, 6, 7]
    expect(rows(onScreen(batch, { labels }, 1, 60))).toEqual([['1', '2', '3'], ['4', '5', '6'], ['7']])
    expect(rows(onScreen(batch, { labels, columns: 5 }, 1, 60))).toEqual([
      ['1', '2', '3', '4', '5'],
      ['6', '7'],
    ])
    for (const columns of [1, 2, 5, 7]) {
      const { lines } = onScreen(lw.ops.ones([7, 40, 40]), { columns, labels }, 1, 60)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
    }
  })

  it('takes 80 columns where a terminal does not know its width', () => {
    expect(onScreen(lw.ops.ones([4, 100]), {}, 24, 0).text).toBe(onScreen(lw.ops.ones([4, 100]), {}, 24).text)
  })

  it('says how many images of a large batch it left out', () => {
    const { lines } = onScreen(lw.ops.zeros([1234, 1, 1, 1]), { scale: 1 }, 24)
    expect(lines.at(-1)).toBe('1134 more images')
  })
})

describe('lw.draw refuses', () => {
  it('what is not an image', async () => {
    for (const shape of [[], [3], [2, 2, 2, 2], [2, 2, 2, 2, 3], [0, 2], [2, 0, 3], [0, 2, 2, 1]]) {
      await expectError('shape.mismatch', () => lw.draw(lw.ops.zeros(shape), { width: 1 }), { op: 'draw' })
    }
    await expectError('argument.type', () => lw.draw('a.png' as never), { op: 'draw' })
    await expectError('trace.read', () => lw.jit((x: lw.Tensor) => lw.draw(x) as never)(lw.ops.zeros([2, 2])))
  })

  it('options that do not fit', async () => {
    const image = lw.ops.zeros([2, 2])
    const path = join(folder, 'refused.png')
    await expectError('argument.unknown', () => lw.draw(image, { file: path } as never), { argument: 'file' })
    await expectError('argument.unknown', () => lw.draw(image, { path, labels: ['a'] }), {
      argument: 'labels',
    })
    await expectError('argument.type', () => lw.draw(image, { labels: ['a', 'b'] }), { argument: 'labels' })
    await expectError('argument.type', () => lw.draw(image, { range: [1, 1] }), { argument: 'range' })
    await expectError('argument.type', () => lw.draw(image, { path: 3 as never }), { argument: 'path' })
    for (const key of ['scale', 'columns', 'width']) {
      await expectError('argument.range', () => lw.draw(image, { [key]: 0.5 }), { argument: key })
    }
    await expectError('argument.range', () => lw.draw(image, { path, scale: 20_000 }), { argument: 'scale' })
    await expectError('argument.range', () => lw.draw(image, { width: 1e9, scale: 1e6 }), {
      argument: 'scale',
    })
    await expectError('argument.range', () => lw.draw(lw.ops.zeros([2 ** 20, 1])), { argument: 'the image' })
    await expectError('argument.type', () => lw.draw(image, { stream: 'out' as never }), {
      argument: 'stream',
    })
    await expectError('io.write', () => lw.draw(image, { path: join(folder, 'absent', 'a.png') }))
  })
})
