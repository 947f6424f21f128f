import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { numbers, watched } from '../datasets.js'
import { expectError } from '../expect.js'

const { fromGenerator } = lw.data
const valuesOf = (dataset: lw.data.Dataset<unknown>) =>
  dataset.map((element) => (element as lw.Tensor).arraySync()).toArray()
/** Lets all that can go on without the consumer go on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('a pass', () => {
  it('reads nothing before somebody iterates, and no more than its stages hold', async () => {
    const { state, dataset } = watched()
    const stages: [lw.data.Dataset<unknown>, number][] = [
      [dataset.map((n) => n), 1],
      [dataset.map((n) => n, { numParallelCalls: 4 }), 4],
      [dataset.batch(3), 3],
      [dataset.shuffle(5), 6],
      [dataset.prefetch(2), 3],
      [dataset.take(1), 1],
      [dataset.skip(2), 3],
      [dataset.repeat(), 1],
      [
        dataset
          .shuffle(5)
          .map((n) => n, { numParallelCalls: 2 })
          .batch(3)
          .prefetch(2),
        5 + 3 * 3 + 1,
      ],
    ]
    await settled()
    expect(state.opened).toBe(0)
    for (const [staged, held] of stages) {
      Object.assign(state, { taken: 0, opened: 0, closed: 0 })
      const iterator = staged[Symbol.asyncIterator]()
      await iterator.next()
      await settled()
      expect(state).toEqual({ taken: held, opened: 1, closed: 0 })
      await iterator.return?.()
      await settled()
      expect(state.closed).toBe(1)
      expect(state.taken).toBe(held)
    }
  })

  it('keeps no element that is done with', async () => {
    const alive = new Set<number>()
    const finalizers = new FinalizationRegistry<number>((n) => alive.delete(n))
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const dataset = fromGenerator(function* () {
      for (let i = 0; i < 240; i++) {
        const element = lw.tensor(new Float32Array(1000))
        alive.add(i)
        finalizers.register(element, i)
        yield element
      }
    })
      .shuffle(10, { seed: 1 })
      .map((x) => [x, 1] as const, { numParallelCalls: 3 })
      .batch(4)
      .prefetch(2)
    let [most, batches] = [0, 0]
    for await (const [x] of dataset) {
      expect(x.shape).toEqual([4, 1000])
      if (++batches % 5 > 0) continue
      collect()
      await settled()
      most = Math.max(most, alive.size)
    }
    // 10 in the buffer of shuffle, 3 in map and 4 in each batch that is made; what the engine itself still refers to is a few more.
    expect(most).toBeLessThan(40)
  })

  it('prefetch works on the next elements while one is in use, one after the other, and ends with the one under way', async () => {
    let active = 0
    let begun = 0
    const slow = fromGenerator(async function* () {
      for (;;) {
        expect(++active).toBe(1)
        begun++
        await new Promise((resolve) => setTimeout(resolve, 1))
        active--
        yield begun
      }
    })
    for await (const n of slow.prefetch(3)) {
      if (n === 1) continue
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect([n, begun]).toEqual([2, 5])
      break
    }
    const after = begun
    await settled()
    expect(begun).toBe(after)
  })

  it('prefetch asks for no more than there is', async () => {
    expect(await numbers(3).prefetch(1e9).toArray()).toEqual([0, 1, 2])
  })

  it('batch refuses one that no tensor can hold, before it is made', async () => {
    const element = lw.ops.zeros([1024, 1024], 'uint8')
    const many = fromGenerator(() => Array<lw.Tensor>(2048).fill(element))
    await expectError('shape.invalid', () => many.batch(2048).toArray(), { op: 'batch' })
  })

  it('map runs so many calls at a time, and keeps the order', async () => {
    let [active, most] = [0, 0]
    const mapped = numbers(20).map(
      async (n) => {
        most = Math.max(most, ++active)
        await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5))
        active--
        return n
      },
      { numParallelCalls: 4 },
    )
    expect(await mapped.toArray()).toEqual(await numbers(20).toArray())
    expect(most).toBe(4)
  })

  it('may run beside another one', async () => {
    const dataset = numbers(6).batch(2).prefetch(1)
    const passes = await Promise.all([valuesOf(dataset), valuesOf(dataset)])
    expect(passes[0]).toEqual(passes[1])
  })
})
