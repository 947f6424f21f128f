import { afterAll, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { backends, describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const {
  cutMix,
  dense,
  flatten,
  mixUp,
  randomBrightness,
  randomContrast,
  randomCrop,
  randomErasing,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
} = lw.layers
const { multiply, oneHot, reshape } = lw.ops

const former = lw.backend()
afterAll(() => lw.setBackend(former))

const training = { training: true }
const seed = 5

/** One of each layer, over pixels from 0 to 1. */
const valueRange = [0, 1] as const
const makers: Readonly<Record<string, () => lw.layers.Layer>> = {
  cutMix: () => cutMix({ seed }),
  mixUp: () => mixUp({ alpha: 1, seed }),
  randomBrightness: () => randomBrightness({ factor: 0.5, valueRange, seed }),
  randomContrast: () => randomContrast({ factor: [0.5, 0.5], valueRange, seed }),
  randomErasing: () => randomErasing({ factor: [1, 1], scale: [0.3, 0.5], valueRange, seed }),
  randomFlip: () => randomFlip({ seed }),
  randomRotation: () => randomRotation({ factor: 0.2, seed }),
  randomTranslation: () => randomTranslation({ heightFactor: 0.3, widthFactor: 0.4, fillMode: 'wrap', seed }),
  randomZoom: () => randomZoom({ heightFactor: 0.5, widthFactor: 0.3, fillMode: 'constant', seed }),
}

const images = (batch: number) => lw.random.uniform([batch, 6, 5, 3], { seed: 1 })
const rowsOf = (x: lw.Tensor) => reshape(x, [x.shape[0] as number, -1]).arraySync() as number[][]
const meanOf = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length

/** Expects numbers to fill a range as uniform ones do: mean and extremes within the error of so many. */
function expectUniform(list: readonly number[], low: number, high: number): void {
  const width = high - low
  expect(Math.min(...list)).toBeGreaterThanOrEqual(low - 1e-5)
  expect(Math.max(...list)).toBeLessThanOrEqual(high + 1e-5)
  expect(Math.abs(meanOf(list) - (low + high) / 2)).toBeLessThan((5 * width) / Math.sqrt(12 * list.length))
  expect(Math.max(...list) - Math.min(...list)).toBeGreaterThan(0.97 * width)
}

it('the executors change the same pixels by the same numbers', () => {
  for (const make of Object.values(makers)) {
    const results = backends.map((backend) => {
      lw.setBackend(backend)
      const layer = make()
      const step = lw.jit((x: lw.Tensor) => layer.apply(x, training))
      return [layer.apply(images(4), training), step(images(4)), step(images(4))]
    })
    const [first, ...others] = results as [lw.Tensor[], ...lw.Tensor[][]]
    for (const other of others) other.forEach((x, i) => expectClose(x, first[i]?.dataSync() as Float32Array))
  }
})

describeOnEachBackend('layers that change images while training', () => {
  it('give their input otherwise, as float32', () => {
    const bytes = lw.tensor(
      Uint8Array.from({ length: 90 }, (_, i) => 2 * i),
      [1, 6, 5, 3],
    )
    for (const make of Object.values(makers)) {
      const y = make().apply(bytes)
      expect(y.dtype).toBe('float32')
      expect([...y.dataSync()]).toEqual([...bytes.dataSync()])
      expect(make().apply(bytes, training).dtype).toBe('float32')
    }
  })

  it('draw anew for each batch, and a seed repeats all of them', () => {
    const x = images(4)
    for (const make of Object.values(makers)) {
      const three = (layer: lw.layers.Layer) => [1, 2, 3].map(() => layer.apply(x, training).arraySync())
      const drawn = three(make())
      expect(drawn[0]).not.toEqual(drawn[1])
      expect(drawn[1]).not.toEqual(drawn[2])
      expect(three(make())).toEqual(drawn)
    }
    const unseeded = () => {
      lw.seed(3)
      return randomBrightness({ factor: 1 }).apply(x, training).arraySync()
    }
    expect(unseeded()).toEqual(unseeded())
  })

  it('work on the batches of a dataset', async () => {
    const x = images(10)
    const y = lw.tensor(Int32Array.from({ length: 10 }, (_, i) => i % 3))
    const augmented = () => {
      const [flips, mixes] = [randomFlip({ seed: 1 }), mixUp({ seed: 2 })]
      return lw.data
        .fromTensorSlices([x, y] as const)
        .batch(4)
        .map(([images, classes]) => {
          const data = { images: flips.apply(images, training), labels: oneHot(classes, 3) }
          const mixed = mixes.apply<typeof data>(data, training)
          return [mixed.images, mixed.labels] as const
        })
    }
    const passOf = async (dataset: ReturnType<typeof augmented>) => {
      const seen: unknown[] = []
      for await (const batch of dataset) seen.push(batch.map((part) => part.arraySync()))
      return seen
    }
    const dataset = augmented()
    const [first, second] = [await passOf(dataset), await passOf(dataset)]
    expect(first.length).toBe(3)
    expect(first).not.toEqual(second)
    const again = augmented()
    expect([await passOf(again), await passOf(again)]).toEqual([first, second])

    const model = lw.sequential({
      layers: [flatten({ inputShape: [6, 5, 3] }), dense({ units: 3, activation: 'softmax' })],
    })
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    const { history } = await model.fit(augmented(), { epochs: 2, verbose: 0 })
    expect(history.loss?.every(Number.isFinite)).toBe(true)
  })

  it('are active in the training of a model, not in its predictions', async () => {
    const x = images(8)
    const model = lw.sequential({
      layers: [
        lw.input({ shape: [6, 5, 3] }),
        ...Object.values(makers).map((make) => make()),
        flatten(),
        dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' })
    const kernel = model.getWeights()[0] as lw.Tensor
    const plain = lw.ops.matmul(reshape(x, [8, -1]), kernel)
    expectClose(await model.predict(x), plain.dataSync(), 1e-5)
    const { history } = await model.fit(x, plain, { epochs: 2, batchSize: 8, verbose: 0 })
    expect(Math.min(...(history.loss as number[]))).toBeGreaterThan(1e-4)
    expect(history.loss?.[0]).not.toBe(history.loss?.[1])
    expect((await model.evaluate(x, plain, { verbose: 0 })).loss).toBeLessThan(1e-8)
  })

  it('randomFlip flips half of the images, each by itself', () => {
    const x = lw.ops.broadcastTo(
      lw.tensor([
        [
          [[0], [1]],
          [[2], [3]],
        ],
      ]),
      [2000, 2, 2, 1],
    )
    const flipped = { horizontal: '1,0,3,2', vertical: '2,3,0,1', horizontalAndVertical: '3,2,1,0' } as const
    for (const mode of ['horizontal', 'vertical', 'horizontalAndVertical'] as const) {
      const rows = rowsOf(randomFlip({ mode, seed }).apply(x, training)).map(String)
      expect(new Set(rows)).toEqual(new Set(['0,1,2,3', flipped[mode]]))
      const share = rows.filter((row) => row === flipped[mode]).length / rows.length
      expect(Math.abs(share - 0.5)).toBeLessThan(0.05)
      const changes = rows.filter((row, i) => row !== rows[i + 1]).length / rows.length
      expect(Math.abs(changes - 0.5)).toBeLessThan(0.05)
    }
  })

  it('randomBrightness and randomContrast draw from their ranges', () => {
    const x = lw.ops.broadcastTo(lw.tensor([[[[0.4], [0.6]]]]), [2000, 1, 2, 1])
    const valueRange = [-9, 9] as const
    const brighter = randomBrightness({ factor: [-0.25, 0.5], valueRange, seed }).apply(x, training)
    expectUniform(
      rowsOf(brighter).map(([a]) => (a as number) - 0.4),
      -0.25 * 18,
      0.5 * 18,
    )
    const contrasted = randomContrast({ factor: [0.25, 0.75], valueRange, seed }).apply(x, training)
    expectUniform(
      rowsOf(contrasted).map(([a, b]) => ((b as number) - (a as number)) / 0.2),
      0.75,
      1.75,
    )
    const clipped = randomBrightness({ factor: [1, 1], valueRange: [0, 0.5], seed }).apply(x, training)
    expect(new Set(clipped.dataSync())).toEqual(new Set([0.5]))
  })

  it('randomTranslation, randomRotation and randomZoom draw from their ranges, for each image', () => {
    const x = lw.ops.zeros([2000, 10, 20, 1])
    const list = (t: lw.Tensor) => [...t.dataSync()]
    const moved = randomTranslation({
      heightFactor: [-0.1, 0.3],
      widthFactor: 0.2,
      seed,
    }).getRandomTransformation(x)
    const translations = rowsOf(moved.translations)
    expectUniform(
      translations.map(([right]) => right as number),
      -4,
      4,
    )
    expectUniform(
      translations.map(([, down]) => down as number),
      -1,
      3,
    )
    expectUniform(
      list(randomRotation({ factor: [-0.1, 0.3], seed }).getRandomTransformation(x).angle),
      -36,
      108,
    )
    const zoom = randomZoom({ heightFactor: 0.2, widthFactor: [-0.5, 0], seed }).getRandomTransformation(x)
    expectUniform(list(zoom.heightZoom), 0.8, 1.2)
    expectUniform(list(zoom.widthZoom), 0.5, 1)
    const square = randomZoom({ heightFactor: 0.2, seed }).getRandomTransformation(x)
    expect(list(square.widthZoom)).toEqual(list(square.heightZoom))
  })

  it('they move pixels where they should, and of masks whole ones', () => {
    const pixels = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]
    const x = reshape(lw.tensor(pixels), [1, 3, 3, 1])
    const seen = (layer: lw.layers.Layer) => reshape(layer.apply(x, training), [3, 3])
    const quarter = seen(randomRotation({ factor: [0.25, 0.25] }))
    expectClose(quarter, [3, 6, 9, 2, 5, 8, 1, 4, 7], 1e-5)
    const third = [1 / 3, 1 / 3] as const
    const fill = { fillMode: 'constant', fillValue: -1 } as const
    const down = seen(randomTranslation({ heightFactor: third, widthFactor: 0, ...fill }))
    expectClose(down, [-1, -1, -1, 1, 2, 3, 4, 5, 6], 1e-5)
    const right = seen(randomTranslation({ heightFactor: 0, widthFactor: third, ...fill }))
    expectClose(right, [-1, 1, 2, -1, 4, 5, -1, 7, 8], 1e-5)
    const near = seen(randomZoom({ heightFactor: [-0.5, -0.5] }))
    expectClose(near, [3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7], 1e-5)
    const tall = seen(randomZoom({ heightFactor: [1, 1], widthFactor: 0, ...fill }))
    expectClose(tall, [-1, -1, -1, 4, 5, 6, -1, -1, -1], 1e-5)

    const masks = lw.ops.round(multiply(images(4), 4))
    for (const name of ['randomRotation', 'randomTranslation', 'randomZoom']) {
      const layer = (makers[name] as () => lw.layers.Layer)()
      const data = { images: images(4), segmentationMasks: masks }
      const { segmentationMasks } = layer.apply<typeof data>(data, training)
      expect(segmentationMasks.shape).toEqual(masks.shape)
      expect(segmentationMasks.arraySync()).not.toEqual(masks.arraySync())
      expect(new Set(segmentationMasks.dataSync())).toEqual(new Set([0, 1, 2, 3, 4]))
    }
  })

  it('randomCrop cuts all images of a batch at one place, each place equally often', () => {
    const x = reshape(lw.ops.arange(0, 2 * 5 * 4, 1, 'float32'), [2, 5, 4, 1])
    const layer = randomCrop({ height: 4, width: 2, seed })
    const cut = lw.jit((images: lw.Tensor) => layer.apply(images, training))
    const counts = new Map<number, number>()
    for (let step = 0; step < 600; step++) {
      const [first, second] = rowsOf(cut(x)) as [number[], number[]]
      const corner = first[0] as number
      expect(first).toEqual([0, 4, 8, 12].flatMap((row) => [corner + row, corner + row + 1]))
      expect(second).toEqual(first.map((pixel) => pixel + 20))
      counts.set(corner, (counts.get(corner) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6])
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(40)
    // Of the whole height there is one place, and of the whole image.
    const columns = randomCrop({ height: 5, width: 3, seed })
    const starts = Array.from({ length: 20 }, () => columns.apply(x, training).dataSync()[0])
    expect(new Set(starts)).toEqual(new Set([0, 1]))
    expect(randomCrop({ height: 5, width: 4 }).apply(x, training).arraySync()).toEqual(x.arraySync())
  })

  it('randomCrop resizes the middle outside of training, and what is too small', () => {
    const x = images(2)
    const masks = lw.ops.round(multiply(lw.ops.slice(x, [0, 0, 0, 0], [2, 6, 5, 1]), 4))
    const data = { images: x, segmentationMasks: masks }
    const options = { cropToAspectRatio: true } as const
    for (const [size, when] of [
      [[3, 4], {}],
      [[2, 2], {}],
      [[9, 4], training],
      [[6, 7], training],
    ] as const) {
      const [height, width] = size
      const cropped = randomCrop({ height, width, seed }).apply<typeof data>(data, when)
      expectClose(cropped.images, lw.ops.image.resize(x, size, options).dataSync())
      const nearest = lw.ops.image.resize(masks, size, { ...options, interpolation: 'nearest' })
      expect(cropped.segmentationMasks.arraySync()).toEqual(nearest.arraySync())
    }
    const first = randomCrop({ height: 3, width: 4, dataFormat: 'channelsFirst' })
    const channelsFirst = first.apply(lw.ops.transpose(x, [0, 3, 1, 2]))
    expectClose(
      lw.ops.transpose(channelsFirst, [0, 2, 3, 1]),
      lw.ops.image.resize(x, [3, 4], options).dataSync(),
    )
    const placeholder = first.apply(lw.input({ shape: [3, null, null] }))
    expect(placeholder.shape).toEqual([null, 3, 3, 4])
  })

  it('randomErasing fills rectangles of the sides that scale gives, in a share of the images', () => {
    const x = lw.ops.zeros([1000, 40, 30, 1])
    const erased = randomErasing({ factor: [0.3, 0.5], scale: [0.25, 0.64], fillValue: 7, seed }).apply(
      x,
      training,
    )
    const areas = rowsOf(erased).map((row) => row.filter((pixel) => pixel === 7).length / row.length)
    const hit = areas.filter((area) => area > 0)
    expect(Math.abs(hit.length / areas.length - 0.4)).toBeLessThan(0.08)
    expect(Math.min(...hit)).toBeGreaterThan(0.2)
    expect(Math.max(...hit)).toBeLessThan(0.7)
    // The mean of a product of two independent sides, each the root of a uniform number.
    const side = ((2 / 3) * (0.64 ** 1.5 - 0.25 ** 1.5)) / (0.64 - 0.25)
    expect(Math.abs(meanOf(hit) - side ** 2)).toBeLessThan(0.03)
    const rows = new Set(rowsOf(erased).map(String))
    expect(rows.size).toBeGreaterThan(300)
    const noise = randomErasing({ factor: [1, 1], scale: [1, 1], valueRange: [-100, 1], seed }).apply(
      lw.ops.zeros([10, 40, 30, 1]),
      training,
    )
    const values = [...noise.dataSync()]
    expect(Math.abs(values.filter((value) => value === 1).length / values.length - 0.1587)).toBeLessThan(0.02)
    expect(Math.abs(values.filter((value) => value < 0).length / values.length - 0.5)).toBeLessThan(0.02)
  })

  it('mixUp mixes images and labels by one share, and keeps their sum', () => {
    // Every pixel of image i is i, and its label is class i.
    const n = 400
    const x = multiply(lw.ops.ones([n, 2, 3, 1]), reshape(lw.ops.arange(0, n, 1, 'float32'), [n, 1, 1, 1]))
    const y = lw.ops.eye(n)
    const layer = mixUp({ alpha: 0.4, seed })
    const { images, labels } = layer.apply<{ images: lw.Tensor; labels: lw.Tensor }>(
      { images: x, labels: y },
      training,
    )
    const shares = (labels.arraySync() as number[][]).map((row, i) => {
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
      return row[i] as number
    })
    const wanted = lw.ops.matmul(labels, reshape(lw.ops.arange(0, n, 1, 'float32'), [n, 1]))
    expectClose(lw.ops.max(images, { axis: [1, 2, 3] }), wanted.dataSync(), 1e-4)
    expectClose(lw.ops.min(images, { axis: [1, 2, 3] }), wanted.dataSync(), 1e-4)
    // Beta(0.4, 0.4) has mean 1/2 and variance 1 / (4 · 1.8).
    expect(Math.abs(meanOf(shares) - 0.5)).toBeLessThan(0.1)
    expect(Math.abs(meanOf(shares.map((share) => (share - 0.5) ** 2)) - 1 / 7.2)).toBeLessThan(0.02)
  })

  it('cutMix puts rectangles in place, and mixes labels by their areas', () => {
    const n = 300
    const x = multiply(lw.ops.ones([n, 30, 20, 1]), reshape(lw.ops.arange(0, n, 1, 'float32'), [n, 1, 1, 1]))
    const { images, labels } = cutMix({ factor: [1, 1], seed }).apply<{
      images: lw.Tensor
      labels: lw.Tensor
    }>({ images: x, labels: lw.ops.eye(n) }, training)
    const rows = rowsOf(images)
    const kept = (labels.arraySync() as number[][]).map((row, i) => {
      const others = new Set(rows[i]?.filter((pixel) => pixel !== i))
      expect(others.size).toBeLessThanOrEqual(1)
      for (const other of others) expect(row[other]).toBeGreaterThan(0)
      const pixels = (rows[i] as number[]).filter((pixel) => pixel === i).length / 600
      expect(Math.abs(pixels - (row[i] as number))).toBeLessThan(0.1)
      return row[i] as number
    })
    // Beta(1, 1) is uniform.
    expect(Math.abs(meanOf(kept) - 0.5)).toBeLessThan(0.1)
  })

  it('refuse what they cannot take', async () => {
    const x = images(2)
    const labels = lw.tensor([1, 2])
    await expectError('layer.input', () => randomFlip().apply(lw.input({ shape: [6, 5] })))
    await expectError('layer.input', () => randomFlip().apply({ images: x, boundingBoxes: x }))
    await expectError('layer.input', () => randomFlip().apply({ labels }))
    await expectError('layer.input', () => randomFlip().apply({ images: x, segmentationMasks: labels }))
    await expectError('layer.input', () => mixUp().apply({ images: x, labels }, training))
    await expectError('layer.input', () => cutMix().apply({ images: x, labels }, training))
    await expectError('layer.input', () => randomErasing({ fillValue: [1, 2] }).apply(x, training))
    await expectError('argument.type', () => randomFlip({ mode: 'left' as never }), { argument: 'mode' })
    await expectError('argument.type', () => randomFlip({ dataFormat: 'hwc' as never }), {
      argument: 'dataFormat',
    })
    for (const factor of [-0.5, 1.5, [0.5], [0, 2], [NaN, 1], '1'] as never[]) {
      await expectError('argument.range', () => randomContrast({ factor }), { argument: 'factor' })
      await expectError('argument.range', () => cutMix({ factor }), { argument: 'factor' })
    }
    await expectError('argument.range', () => randomBrightness({ factor: -1.5 }), { argument: 'factor' })
    await expectError('argument.range', () => randomErasing({ scale: [0, 2] }), { argument: 'scale' })
    await expectError('argument.range', () => randomErasing({ fillValue: [] }), { argument: 'fillValue' })
    await expectError('argument.range', () => randomContrast({ factor: 1, valueRange: [1] as never }), {
      argument: 'valueRange',
    })
    await expectError('argument.range', () => randomZoom({ heightFactor: -1 }), { argument: 'heightFactor' })
    await expectError('argument.range', () => randomZoom({ heightFactor: 0, widthFactor: [-1, 0] }), {
      argument: 'widthFactor',
    })
    await expectError('argument.range', () => randomTranslation({ heightFactor: 0, widthFactor: 2 }), {
      argument: 'widthFactor',
    })
    await expectError('argument.type', () => randomRotation({ factor: 0, fillMode: 'mirror' as never }), {
      argument: 'fillMode',
    })
    await expectError('argument.range', () => randomRotation({ factor: 0, fillValue: NaN }), {
      argument: 'fillValue',
    })
    await expectError(
      'argument.type',
      () => randomRotation({ factor: 0, interpolation: 'bicubic' as never }),
      {
        argument: 'interpolation',
      },
    )
    await expectError('argument.range', () => randomCrop({ height: 0, width: 1 }), { argument: 'height' })
    await expectError('argument.range', () => randomCrop({ height: 2, width: 1.5 }), { argument: 'width' })
    await expectError('argument.range', () => mixUp({ alpha: 0 }), { argument: 'alpha' })
  })
})
