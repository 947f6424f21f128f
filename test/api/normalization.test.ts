import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { dense, normalization, rescaling } = lw.layers

describeOnEachBackend('normalization', () => {
  // Features of unlike means, far from zero and near to it, in 60 rows.
  const rows = Array.from({ length: 60 }, (_, i) => [1000 + Math.sin(i), i % 7, -0.01 * i])
  const x = lw.tensor(rows)
  const column = (j: number) => rows.map((row) => Math.fround(row[j] as number))
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
  const variance = (list: readonly number[]) => mean(list.map((value) => (value - mean(list)) ** 2))
  const truth = [0, 1, 2].map(column)
  const cut = (from: number, to: number) => lw.ops.slice(x, [from, 0], [to - from, 3])

  it('adapts to data in memory, before its promise is awaited', async () => {
    const layer = normalization()
    const adapted = layer.adapt(x)
    const [learntMean, learntVariance, count] = layer.getWeights() as [lw.Tensor, lw.Tensor, lw.Tensor]
    await adapted
    expectClose(learntMean, truth.map(mean))
    expectClose(learntVariance, truth.map(variance), 1e-5)
    expect([count.dtype, count.item()]).toEqual(['int32', 0])
    const y = layer.apply(x)
    for (const j of [0, 1, 2]) {
      const values = (y.arraySync() as number[][]).map((row) => row[j] as number)
      expect(Math.abs(mean(values))).toBeLessThan(1e-3)
      expect(Math.abs(variance(values) - 1)).toBeLessThan(1e-3)
    }
    expectClose(
      normalization({ mean: truth.map(mean), variance: truth.map(variance) }).apply(x),
      y.dataSync(),
      1e-3,
    )
  })

  it('adapts to batches as to the whole, whatever their sizes and form', async () => {
    const batches = [cut(0, 7), cut(7, 8), cut(8, 8), cut(8, 50), cut(50, 60)]
    async function* asynchronous() {
      for (const batch of batches) yield batch
    }
    const forms: readonly lw.layers.AdaptData[] = [
      batches,
      new Set(batches),
      asynchronous(),
      batches.map((batch) => [batch, lw.ops.zeros([batch.shape[0] as number])]),
      new Set(batches.map((batch) => [batch, batch, batch] as const)),
      lw.data.fromTensorSlices([x, lw.ops.zeros([60])] as const).batch(9),
    ]
    for (const form of forms) {
      const layer = normalization()
      await layer.adapt(form)
      expectClose(layer.getWeights()[0] as lw.Tensor, truth.map(mean))
      expectClose(layer.getWeights()[1] as lw.Tensor, truth.map(variance), 1e-5)
    }
  })

  it('adapts along the axes that it keeps, to bytes too, and anew each time', async () => {
    const pixels = lw.tensor(
      Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => (i * 37) % 256),
      [2, 3, 4],
    )
    const values = lw.ops.cast(pixels, 'float32')
    const layer = normalization({ axis: [1, 2] })
    await layer.adapt(lw.ops.multiply(values, 3))
    await layer.adapt(pixels)
    expectClose(layer.getWeights()[0] as lw.Tensor, lw.ops.mean(values, { axis: 0 }).dataSync())
    const whole = normalization({ axis: null })
    await whole.adapt([
      [1, 2],
      [3, 6],
    ])
    expect(whole.getWeights().map((weight) => weight.item())).toEqual([3, 3.5, 0])
    expectClose(whole.apply(lw.tensor([[3 + Math.sqrt(3.5)]])), [1])
  })

  it('turns normalized values back', async () => {
    const [there, back] = [normalization(), normalization({ invert: true })]
    await Promise.all([there.adapt(x), back.adapt(x)])
    expectClose(back.apply(there.apply(x)), x.dataSync(), 1e-5)
  })

  it('what it learnt reaches plans that exist, and is saved with the model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-normalization-'))
    try {
      const layer = normalization({ inputShape: [3] })
      const model = lw.sequential({ layers: [layer, dense({ units: 2 })] })
      const before = await model.predict(x)
      await layer.adapt(x)
      const after = await model.predict(x)
      expect(after.arraySync()).not.toEqual(before.arraySync())
      const path = join(folder, 'model.safetensors')
      await model.save(path)
      const loaded = await lw.loadModel(path)
      expect((await loaded.predict(x)).arraySync()).toEqual(after.arraySync())
      expect(loaded.getConfig()).toEqual(model.getConfig())
      expect(model.trainableWeights.length).toBe(2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses what does not fit', async () => {
    await expectError('argument.range', () => normalization({ mean: 1 }), { argument: 'mean and variance' })
    await expectError('argument.range', () => normalization({ variance: 1 }), {
      argument: 'mean and variance',
    })
    await expectError('argument.range', () => normalization({ mean: [1, 2], variance: [1] }), {
      argument: 'variance',
    })
    await expectError('argument.range', () => normalization({ mean: [[1]], variance: [[1]] }), {
      argument: 'mean',
    })
    await expectError('argument.range', () => normalization({ mean: NaN, variance: 1 }), { argument: 'mean' })
    await expectError('argument.range', () => normalization({ mean: [0, 0], variance: [1, -1] }), {
      argument: 'variance',
    })
    await expectError('argument.range', () => normalization({ axis: [1, 1] }), { argument: 'axis' })
    await expectError('layer.input', () => normalization({ mean: [1, 2], variance: [1, 2] }).apply(x))
    await expectError('layer.input', () => normalization({ axis: 0 }).apply(x))
    await expectError('argument.type', () => normalization({ mean: 1, variance: 1 }).adapt(x), {
      argument: 'mean',
    })
    await expectError('data.empty', () => normalization().adapt(new Set<lw.Tensor>()))
    await expectError('data.empty', () => normalization().adapt(cut(0, 0)))
    await expectError('layer.input', () => normalization().adapt([x, lw.ops.zeros([2, 4])]))
    await expectError('argument.range', () => rescaling({ scale: [1, 2], offset: [1, 2, 3] }), {
      argument: 'scale',
    })
    await expectError('argument.range', () => rescaling({ scale: NaN }), { argument: 'scale' })
    await expectError('argument.range', () => rescaling({ scale: 1, offset: [] }), { argument: 'offset' })
  })
})
