import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadSharp } from '../../ts/data/image-decoder.js'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

/** What the tests take of sharp to make files. */
interface Encoder {
  withMetadata(options: object): Encoder
  png(): Encoder
  toFile(path: string): Promise<unknown>
}
const sharp = createRequire(import.meta.url)('sharp') as (pixels: Uint8Array, options: object) => Encoder

type Pixel = readonly number[]
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes an image of rows of pixels in the format that its name ends with. */
async function write(path: string, rows: readonly (readonly Pixel[])[], metadata?: object): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const [height, width, channels] = [rows.length, rows[0]?.length, rows[0]?.[0]?.length]
  const image = sharp(Uint8Array.from(rows.flat(2)), { raw: { width, height, channels } })
  await (metadata ? image.withMetadata(metadata) : image).toFile(path)
}

const filled = (height: number, width: number, pixel: Pixel): Pixel[][] =>
  Array.from({ length: height }, () => Array(width).fill(pixel))

/** A folder of images of one colour each: red tells the class, green the number. */
async function classes(counts: Record<string, number>, extension = '.png'): Promise<string> {
  const path = mkdtempSync(join(folder, 'classes-'))
  for (const [label, [name, count]] of Object.entries(counts).entries()) {
    for (let i = 0; i < count; i++) {
      await write(join(path, name, `${i}${extension}`), filled(3, 4, [label, i, 9]))
    }
  }
  return path
}

const small = { imageSize: [2, 3], shuffle: false } as const
/** [red, green] and the label of each image. */
async function contents(dataset: AsyncIterable<readonly [lw.Tensor, lw.Tensor]>): Promise<number[][]> {
  const rows: number[][] = []
  for await (const [x, y] of dataset) {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const pixels = x.dataSync()
    for (let i = 0; i < n; i++) {
      rows.push([...pixels.subarray(i * h * w * c, i * h * w * c + 2), y.dataSync()[i] as number])
    }
  }
  return rows
}

describe('lw.data.imageFolder', () => {
  it('gives batches of images and the number of their folder', async () => {
    const path = await classes({ cat: 3, dog: 2 })
    await write(join(path, 'dog', 'more', '0.PNG'), filled(3, 4, [1, 2, 9]))
    mkdirSync(join(path, '.hidden'))
    writeFileSync(join(path, 'cat', 'notes.txt'), 'no image')
    writeFileSync(join(path, 'loose.png'), 'in no class')
    symlinkSync(path, join(path, 'dog', 'cycle'))
    const dataset = lw.data.imageFolder(path, { ...small, batchSize: 4 })
    expect(dataset.classNames).toEqual(['cat', 'dog'])
    expect(dataset.filePaths.map((file) => relative(path, file))).toEqual([
      'cat/0.png',
      'cat/1.png',
      'cat/2.png',
      'dog/0.png',
      'dog/1.png',
      'dog/more/0.PNG',
    ])
    expect([dataset.cardinality, `${dataset}`]).toEqual([2, 'ImageDataset of 6 images of 2 classes'])
    const [[x, y]] = (await dataset.take(1).toArray()) as [readonly [lw.Tensor, lw.Tensor]]
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[4, 2, 3, 3], 'uint8', [4], 'int32'])
    const expected = [0, 1, 2, 3, 4, 5].map((i) => [Math.floor(i / 3), i % 3, Math.floor(i / 3)])
    expect(await contents(dataset)).toEqual(expected)
    const reversed = lw.data.imageFolder(path, { ...small, classNames: ['dog', 'cat'] })
    expect((await contents(reversed)).map(([red, , label]) => [red, label])).toEqual(
      expected.map(([label]) => [1 - (label as number), label]),
    )
  })

  it('decodes every format to the channels that are asked for', async () => {
    const path = mkdtempSync(join(folder, 'formats-'))
    for (const extension of ['png', 'jpg', 'jpeg', 'webp', 'gif', 'tiff', 'avif']) {
      await write(join(path, extension, `a.${extension}`), filled(16, 16, [200, 100, 50]))
    }
    await write(join(path, 'grey', 'a.png'), filled(16, 16, [77]))
    await write(join(path, 'opacity', 'a.png'), filled(16, 16, [200, 100, 50, 128]))
    const of = async (colorMode: 'grayscale' | 'rgb' | 'rgba') => {
      const dataset = lw.data.imageFolder(path, { colorMode, imageSize: 8, shuffle: false })
      const [[x]] = (await dataset.toArray()) as [readonly [lw.Tensor, lw.Tensor]]
      const pixels = x.dataSync()
      const channels = x.shape[3] as number
      expect(x.shape).toEqual([9, 8, 8, { grayscale: 1, rgb: 3, rgba: 4 }[colorMode]])
      return new Map(
        dataset.classNames.map((name, i) => [
          name,
          [...pixels.subarray(i * 64 * channels).subarray(0, channels)],
        ]),
      )
    }
    const rgb = await of('rgb')
    const opaque = new Map(
      [...rgb].map(([name, pixel]) => [name, [...pixel, name === 'opacity' ? 128 : 255]]),
    )
    expect(rgb.get('grey')).toEqual([77, 77, 77])
    for (const [name, pixel] of rgb) {
      if (name === 'grey') continue
      pixel.forEach((value, channel) => {
        expect(Math.abs(value - ([200, 100, 50][channel] as number)), name).toBeLessThanOrEqual(8)
      })
    }
    expect(await of('rgba')).toEqual(opaque)
    const grey = await of('grayscale')
    expect(grey.get('grey')).toEqual([77])
    expect(Math.abs((grey.get('png')?.[0] as number) - 124)).toBeLessThan(8)
  })

  it('stretches, crops or pads to the size, and turns photographs upright', async () => {
    const path = mkdtempSync(join(folder, 'shapes-'))
    const [black, red, white] = [
      [0, 0, 0],
      [255, 0, 0],
      [255, 255, 255],
    ] as const
    await write(join(path, 'wide.png'), [
      [red, white, white, red],
      [red, white, white, red],
    ])
    await write(join(path, 'x', 'turned.png'), [[red, white]], { orientation: 6 })
    const of = async (options: object) => {
      const dataset = lw.data.imageFolder(path, {
        labels: null,
        shuffle: false,
        interpolation: 'nearest',
        ...options,
      })
      return (await dataset.map((x) => x.arraySync()).toArray())[0] as Pixel[][][]
    }
    expect((await of({ imageSize: [2, 4] }))[0]).toEqual([
      [red, white, white, red],
      [red, white, white, red],
    ])
    expect((await of({ imageSize: 2, cropToAspectRatio: true }))[0]).toEqual([
      [white, white],
      [white, white],
    ])
    expect((await of({ imageSize: 4, padToAspectRatio: true }))[0]).toEqual([
      Array(4).fill(black),
      [red, white, white, red],
      [red, white, white, red],
      Array(4).fill(black),
    ])
    expect((await of({ imageSize: [2, 1] }))[1]).toEqual([[red], [white]])
  })

  it('gives labels as they are asked for, or none', async () => {
    const path = await classes({ a: 1, b: 2 })
    const labels = async (options: lw.data.ImageFolderOptions) => {
      const [[, y]] = (await lw.data.imageFolder(path, { ...small, ...options }).toArray()) as [
        readonly [unknown, lw.Tensor],
      ]
      return [y.dtype, y.arraySync()]
    }
    expect(await labels({})).toEqual(['int32', [0, 1, 1]])
    expect(await labels({ labelMode: 'binary' })).toEqual(['float32', [[0], [1], [1]]])
    expect(await labels({ labelMode: 'categorical' })).toEqual([
      'float32',
      [
        [1, 0],
        [0, 1],
        [0, 1],
      ],
    ])
    expect(await labels({ labels: [2, 0, 1] })).toEqual(['int32', [2, 0, 1]])
    expect(await labels({ labels: [2, 0, 1], labelMode: 'categorical' })).toEqual([
      'float32',
      [
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ],
    ])
    for (const none of [{ labels: null }, { labelMode: null }] as const) {
      const dataset = lw.data.imageFolder(path, { ...small, ...none })
      expect((await dataset.toArray()).map(({ shape }) => shape)).toEqual([[3, 2, 3, 3]])
      expect([dataset.classNames, `${dataset}`]).toEqual([[], 'ImageDataset of 3 images'])
    }
    const single = await lw.data.imageFolder(path, { ...small, batchSize: null }).toArray()
    expect(single.map(([x, y]) => [x.shape, y.shape, y.item()])).toEqual(
      [0, 1, 1].map((y) => [[2, 3, 3], [], y]),
    )
    await expectError('argument.range', () =>
      lw.data.imageFolder(path, { labels: [0, 1, 2], labelMode: 'binary' }),
    )
  })

  it('shuffles each pass anew, and splits without overlap', async () => {
    const path = await classes({ a: 8, b: 8 })
    const options = { imageSize: 2, batchSize: 3, seed: 4 } as const
    const inOrder = await contents(lw.data.imageFolder(path, { ...options, shuffle: false }))
    const dataset = lw.data.imageFolder(path, options)
    const [first, second] = [await contents(dataset), await contents(dataset)]
    expect(first.toSorted()).toEqual(inOrder.toSorted())
    expect(second.toSorted()).toEqual(inOrder.toSorted())
    expect(first).not.toEqual(second)
    expect(await contents(lw.data.imageFolder(path, options))).toEqual(first)

    const split = { ...options, validationSplit: 0.3 }
    const [training, validation] = lw.data.imageFolder(path, { ...split, subset: 'both' })
    expect([training.filePaths.length, validation.filePaths.length, training.cardinality]).toEqual([12, 4, 4])
    expect([...training.filePaths, ...validation.filePaths].toSorted()).toEqual(dataset.filePaths.toSorted())
    expect(lw.data.imageFolder(path, { ...split, subset: 'training' }).filePaths).toEqual(training.filePaths)
    const alone = lw.data.imageFolder(path, { ...split, subset: 'validation' })
    expect(alone.filePaths).toEqual(validation.filePaths)
    const validated = await contents(validation)
    expect(await contents(validation)).toEqual(validated)
    expect(await contents(alone)).toEqual(validated)
    expect([...(await contents(training)), ...validated].toSorted()).toEqual(inOrder.toSorted())
    const tail = lw.data.imageFolder(path, { ...split, shuffle: false, subset: 'validation' })
    expect(await contents(tail)).toEqual(inOrder.slice(12))
    lw.seed(3)
    const [drawn] = lw.data.imageFolder(path, { ...split, seed: undefined, subset: 'both' })
    lw.seed(3)
    const [again] = lw.data.imageFolder(path, { ...split, seed: undefined, subset: 'both' })
    expect(drawn.filePaths).toEqual(again.filePaths)
  })

  it('names a file that cannot be decoded, or leaves it out with a warning', async () => {
    const path = await classes({ a: 4 }, '.jpg')
    const whole = readFileSync(join(path, 'a', '0.jpg'))
    const damaged: Record<string, Uint8Array> = {
      'a/1.jpg': whole.subarray(0, whole.length - 20),
      'a/empty.jpg': Buffer.alloc(0),
      'a/text.png': Buffer.from('not an image'),
    }
    for (const [name, bytes] of Object.entries(damaged)) writeFileSync(join(path, name), bytes)
    const error = await expectError('image.invalid', () => lw.data.imageFolder(path, small).toArray())
    expect(error.fields.path).toBe(join(path, 'a', '1.jpg'))
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    try {
      const dataset = lw.data.imageFolder(path, { ...small, onCorrupt: 'skip' })
      expect(dataset.cardinality).toBe(null)
      for (let pass = 0; pass < 2; pass++) {
        expect((await contents(dataset)).map(([, green]) => Math.round((green as number) / 2))).toHaveLength(
          3,
        )
      }
      const warnings = warn.mock.calls.map(([text]) => String(text))
      expect(warnings).toHaveLength(3)
      for (const name of Object.keys(damaged)) {
        expect(warnings.filter((text) => text.includes(join(path, name)))).toHaveLength(1)
      }
    } finally {
      warn.mockRestore()
    }
  })

  it('decodes no further ahead than two batches and the images under way', async () => {
    const path = await classes({ a: 120 })
    const dataset = lw.data.imageFolder(path, { ...small, batchSize: 2 })
    const given: number[] = []
    const read = async () => {
      for await (const [x] of dataset) {
        given.push(x.shape[0] as number)
        if (given.length > 1) continue
        await new Promise((resolve) => setTimeout(resolve, 300))
        // What was not decoded by now cannot be any more.
        rmSync(path, { recursive: true })
      }
    }
    await expectError('image.invalid', read)
    expect(given.length).toBeGreaterThanOrEqual(3)
    expect(given.length).toBeLessThan(20)
  })

  it('says what to install where sharp is missing or does not load', async () => {
    const failing = (code: string, message: string) => () => {
      throw Object.assign(new Error(message), { code })
    }
    const missing = failing('MODULE_NOT_FOUND', "Cannot find module 'sharp'")
    const error = await expectError('peer.missing', () => loadSharp('imageFolder', missing), {
      peer: 'sharp',
    })
    expect(error.message).toBe(
      'imageFolder needs the package sharp, which is not installed. Run: npm install sharp',
    )
    const broken = failing('ERR_DLOPEN_FAILED', 'Could not load the "sharp" module\nPossible solutions: …')
    await expectError('peer.missing', () => loadSharp('imageFolder', broken), {
      reason: 'Could not load the "sharp" module',
    })
  })

  it('refuses folders without images and options that do not fit', async () => {
    const path = await classes({ a: 2, b: 1 })
    const empty = mkdtempSync(join(folder, 'empty-'))
    const error = await expectError('images.none', () => lw.data.imageFolder(empty), { path: empty })
    expect(error.message).toMatch(/one for each class.*\.png.*labels: null/)
    await expectError('images.none', () => lw.data.imageFolder(join(path, 'a')))
    await expectError('images.none', () => lw.data.imageFolder(path, { extensions: ['.bmp'] }))
    await expectError('io.read', () => lw.data.imageFolder(join(path, 'absent')))
    const cases: [lw.data.ImageFolderOptions, string][] = [
      [{ labels: [0, 1] }, 'labels'],
      [{ labels: [0, 1, -1] }, 'labels'],
      [{ labels: 'none' as never }, 'labels'],
      [{ labelMode: 'one-hot' as never }, 'labelMode'],
      [{ classNames: ['a', 'c'] }, 'classNames'],
      [{ classNames: ['a'], labels: null }, 'classNames'],
      [{ colorMode: 'bgr' as never }, 'colorMode'],
      [{ batchSize: 0 }, 'batchSize'],
      [{ imageSize: [3] as never }, 'imageSize'],
      [{ imageSize: [3, 0] }, 'imageSize'],
      [{ shuffle: 1 as never }, 'shuffle'],
      [{ validationSplit: 0.2 }, 'subset'],
      [{ subset: 'both' }, 'subset'],
      [{ validationSplit: 1, subset: 'both' }, 'validationSplit'],
      [{ validationSplit: 0.1, subset: 'both' }, 'validationSplit'],
      [{ validationSplit: 0.4, subset: 'training' }, 'seed'],
      [{ validationSplit: 0.4, subset: 'test' as never }, 'subset'],
      [{ interpolation: 'area' as never }, 'interpolation'],
      [{ cropToAspectRatio: true, padToAspectRatio: true }, 'padToAspectRatio'],
      [{ extensions: '.png' as never }, 'extensions'],
      [{ onCorrupt: 'ignore' as never }, 'onCorrupt'],
    ]
    for (const [options, argument] of cases) {
      let raised: unknown
      try {
        lw.data.imageFolder(path, options)
      } catch (error) {
        raised = error
      }
      expect((raised as lw.LayerwiseError)?.fields?.argument, JSON.stringify(options)).toBe(argument)
    }
    await expectError('argument.unknown', () => lw.data.imageFolder(path, { image_size: 3 } as never))
    await expectError('argument.type', () => lw.data.imageFolder(3 as never))
    await expectError('argument.range', () => lw.data.imageFolder(path, { imageSize: 1e9 }))
  })
})

describeOnEachBackend('training on a folder of images', () => {
  it('learns the classes of colours', async () => {
    const path = mkdtempSync(join(folder, 'colours-'))
    for (const [name, pixel] of [
      ['blue', [20, 20, 220]],
      ['green', [20, 220, 20]],
      ['red', [220, 20, 20]],
    ] as const) {
      for (let i = 0; i < 6; i++) {
        await write(
          join(path, name, `${i}.png`),
          filled(
            5,
            4,
            pixel.map((value) => value + 3 * i),
          ),
        )
      }
    }
    const [train, validation] = lw.data.imageFolder(path, {
      imageSize: 4,
      batchSize: 5,
      validationSplit: 0.34,
      subset: 'both',
      seed: 1,
    })
    const scaled = (images: typeof train) =>
      images.map(([x, y]) => [lw.ops.divide(lw.ops.cast(x, 'float32'), 255), y])
    const model = lw.sequential({
      layers: [
        lw.layers.flatten({ inputShape: [4, 4, 3] }),
        lw.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: 'zeros' }),
      ],
    })
    model.compile({
      optimizer: lw.optimizers.adam({ learningRate: 0.05 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
    const { history, params } = await model.fit(scaled(train), {
      epochs: 10,
      validationData: scaled(validation),
      verbose: 0,
    })
    expect(params.steps).toBe(3)
    expect(history.val_accuracy?.at(-1)).toBe(1)
    expect((await model.predict(scaled(validation), { verbose: 0 })).shape).toEqual([6, 3])
  })
})
