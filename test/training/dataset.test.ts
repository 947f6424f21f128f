import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { watched } from '../datasets.js'
import { expectError } from '../expect.js'

const { fromTensorSlices } = lw.data
/** Lets all that can go on without the consumer go on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

describeOnEachBackend('training on a dataset', () => {
  const x = lw.ops.reshape(lw.ops.arange(0, 24, 1, 'float32'), [8, 3])
  const y = lw.tensor(new Int32Array([0, 1, 0, 1, 1, 0, 1, 0]))
  const createModel = () => {
    const kernelInitializer = lw.initializers.glorotUniform({ seed: 1 })
    const model = lw.sequential({
      layers: [lw.layers.dense({ units: 2, activation: 'softmax', inputShape: [3], kernelInitializer })],
    })
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
    return model
  }
  const quiet = { verbose: 0 } as const

  it('is training on the same data in memory', async () => {
    const dataset = fromTensorSlices([x, y]).batch(3).prefetch(2)
    const [inMemory, streamed] = [createModel(), createModel()]
    const options = { epochs: 3, ...quiet }
    const { history } = await inMemory.fit(x, y, { batchSize: 3, shuffle: false, ...options })
    const result = await streamed.fit(dataset, { ...options, validationData: dataset })
    expect(result.history.loss).toEqual(history.loss)
    expect(result.params.steps).toBe(3)
    expect(await streamed.evaluate(dataset, quiet)).toEqual(
      await inMemory.evaluate(x, y, { batchSize: 3, ...quiet }),
    )
    const expected = (await inMemory.predict(x)).dataSync()
    expect((await streamed.predict(dataset, quiet)).dataSync()).toEqual(expected)
    expect(
      (
        await streamed.predict(
          dataset.map(([x]) => x),
          quiet,
        )
      ).dataSync(),
    ).toEqual(expected)
  })

  it('shuffles each epoch anew, repeatably, and closes the source', async () => {
    const orders: number[][] = []
    const run = async () => {
      const seen: number[] = []
      const dataset = fromTensorSlices([x, y])
        .shuffle(8, { seed: 2 })
        .map(([x, y]) => {
          seen.push((x.dataSync()[0] as number) / 3)
          return [x, y]
        })
        .batch(2)
      const { history } = await createModel().fit(dataset, { epochs: 2, ...quiet })
      orders.push(seen.slice(0, 8), seen.slice(8))
      return history.loss
    }
    expect(await run()).toEqual(await run())
    expect(orders[0]).toEqual(orders[2])
    expect(orders[0]).not.toEqual(orders[1])
    const { state, dataset } = watched()
    const endless = dataset
      .map((): [lw.Tensor, number] => [lw.ops.ones([3]), 1])
      .batch(2)
      .prefetch(1)
    await createModel().fit(endless, { epochs: 2, stepsPerEpoch: 3, ...quiet })
    expect(state).toMatchObject({ opened: 1, closed: 1 })
  })

  it('needs a number of steps where the dataset has no end', async () => {
    const endless = fromTensorSlices([x, y]).batch(2).repeat()
    const model = createModel()
    await expectError('data.infinite', () => model.fit(endless, quiet), { argument: 'stepsPerEpoch' })
    await expectError('data.infinite', () => model.evaluate(endless, quiet), { argument: 'steps' })
    await expectError('data.infinite', () => model.predict(endless, quiet), { argument: 'steps' })
    const options = { stepsPerEpoch: 2, validationData: endless, ...quiet }
    await expectError('data.infinite', () => model.fit(endless, options), { argument: 'validationSteps' })
    const { history } = await model.fit(endless, { ...options, validationSteps: 1 })
    expect(history.val_loss).toHaveLength(1)
    expect((await model.predict(endless, { steps: 3, ...quiet })).shape).toEqual([6, 2])
  })

  it('answers what is easily forgotten', async () => {
    const single = fromTensorSlices([x, y])
    const model = createModel()
    const unbatched = { got: [3] }
    await expectError('data.unbatched', () => model.fit(single, quiet), { op: 'fit', ...unbatched })
    await expectError('data.unbatched', () => model.evaluate(single, quiet), { op: 'evaluate', ...unbatched })
    await expectError('data.unbatched', () => model.predict(single, quiet), { op: 'predict', ...unbatched })
    await expectError('data.stream', () => model.fit(single.batch(2) as never, y, quiet), { argument: 'y' })
    await expectError('data.batch', () => model.fit(single.batch(2).map(([x]) => x) as never, quiet))
  })

  it('closes the dataset when a signal stops it', async () => {
    const { state, dataset } = watched()
    const batches = dataset
      .map((): [lw.Tensor, number] => [lw.ops.ones([3]), 1])
      .batch(2)
      .prefetch(2)
    const stop = new AbortController()
    let steps = 0
    const onTrainBatchEnd = () => {
      if (++steps === 3) stop.abort(new Error('enough'))
    }
    const training = createModel().fit(batches, {
      epochs: 2,
      stepsPerEpoch: 100,
      signal: stop.signal,
      callbacks: { onTrainBatchEnd },
      ...quiet,
    })
    await expect(training).rejects.toThrow('enough')
    await settled()
    expect([steps, state.opened, state.closed]).toEqual([3, 1, 1])
  })

  it('passes on what a function of the dataset raises', async () => {
    const broken = fromTensorSlices([x, y]).map(() => {
      throw new Error('broken')
    })
    await expectError('data.map', () => createModel().fit(broken.batch(2) as never, quiet), { index: 0 })
  })
})
