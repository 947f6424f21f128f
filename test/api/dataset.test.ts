import { describe, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { numbers, watched } from '../datasets.js'
import { expectError } from '../expect.js'

const { fromGenerator, fromTensorSlices } = lw.data

describe('datasets', () => {
  it('of the rows of tensors keep their structure, dtypes and memory', async () => {
    const x = lw.tensor([
      [1, 2],
      [3, 4],
    ])
    const elements = await fromTensorSlices({ x, y: [new Int32Array([5, 6])] }).toArray()
    expect(elements.map(({ x, y }) => [x.arraySync(), y[0].arraySync()])).toEqual([
      [[1, 2], 5],
      [[3, 4], 6],
    ])
    expect(elements[0]?.y[0].dtype).toBe('int32')
    expect(fromTensorSlices(x).cardinality).toBe(2)
    await expectError('shape.mismatch', () => fromTensorSlices([x, lw.tensor([1, 2, 3])]), {
      op: 'fromTensorSlices',
    })
    await expectError('shape.mismatch', () => fromTensorSlices([lw.tensor(1)]))
    await expectError('shape.mismatch', () => fromTensorSlices([]))
    await expectError('argument.type', () => fromTensorSlices([x, 'labels']))
  })

  it('of generators begin anew for each pass', async () => {
    const sources = [
      () => [1, 2, 3],
      () => new Set([1, 2, 3]),
      () => [Promise.resolve(1), 2, 3],
      function* () {
        yield* [1, 2, 3]
      },
      async function* () {
        yield* [1, 2, 3]
      },
    ]
    for (const source of sources) {
      const dataset = fromGenerator<number>(source)
      for (let pass = 0; pass < 2; pass++) expect(await dataset.toArray()).toEqual([1, 2, 3])
      expect(dataset.cardinality).toBe(null)
    }
    await expectError('argument.type', () => fromGenerator([1, 2] as never), { op: 'fromGenerator' })
    await expectError('argument.type', () => fromGenerator(() => 3 as never).toArray(), { got: 3 })
    await expectError('argument.range', () => fromGenerator(() => [], { cardinality: -1 }))
  })

  it('map, filter, take, skip and repeat, with the cardinality where it is known', async () => {
    const ten = numbers(10)
    const cases: [lw.data.Dataset<number>, number[], number | null][] = [
      [ten.map((n, i) => 10 * n + i).take(3), [0, 11, 22], 3],
      [ten.map(async (n) => -n).skip(8), [-8, -9], 2],
      [ten.filter((n) => n % 4 === 1), [1, 5, 9], null],
      [ten.filter((n) => n > 100).repeat(), [], null],
      [ten.take(2).repeat(3), [0, 1, 0, 1, 0, 1], 6],
      [ten.skip(8).repeat().take(5), [8, 9, 8, 9, 8], 5],
      [ten.take(0), [], 0],
      [ten.skip(11), [], 0],
      [ten.take(11).skip(9), [9], 1],
      [ten.take(0).repeat(), [], 0],
      [ten.repeat(0), [], 0],
    ]
    for (const [dataset, expected, cardinality] of cases) {
      expect(await dataset.toArray()).toEqual(expected)
      expect(dataset.cardinality).toBe(cardinality)
    }
    expect(ten.repeat().cardinality).toBe(Infinity)
    await expectError('data.infinite', () => ten.repeat().toArray())
  })

  it('cache keeps the first whole pass', async () => {
    const { state, dataset } = watched(5)
    const calls: number[] = []
    const cached = dataset.map((n) => calls.push(n) && n * n).cache()
    expect(await cached.take(2).toArray()).toEqual([0, 1])
    for (let pass = 0; pass < 3; pass++) expect(await cached.toArray()).toEqual([0, 1, 4, 9, 16])
    expect([state.opened, state.closed, calls]).toEqual([2, 2, [0, 1, 0, 1, 2, 3, 4]])
    expect(await cached.skip(4).repeat(2).toArray()).toEqual([16, 16])
    expect(numbers(7).cache().cardinality).toBe(7)
    await expectError('data.infinite', () => numbers(1).repeat().cache(), { op: 'cache' })
  })

  it('batch makes tensors in the structure of the elements', async () => {
    const elements = () =>
      Array.from({ length: 5 }, (_, i) => ({
        image: lw.tensor([i, i]),
        rest: [i, i > 2, new Uint8Array([i])] as const,
      }))
    const batches = await fromGenerator(elements).batch(2).toArray()
    expect(batches.map(({ image }) => image.arraySync())).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
      [
        [2, 2],
        [3, 3],
      ],
      [[4, 4]],
    ])
    const [n, large, bytes] = (batches[1] as (typeof batches)[number]).rest
    expect([n.dtype, n.arraySync()]).toEqual(['float32', [2, 3]])
    expect([large.dtype, large.arraySync()]).toEqual(['bool', [false, true]])
    expect([bytes.dtype, bytes.arraySync()]).toEqual(['uint8', [[2], [3]]])
    const sizes = async (dataset: lw.data.Dataset<lw.Tensor>) => [
      (await dataset.toArray()).map(({ shape }) => shape[0]),
      dataset.cardinality,
    ]
    expect(await sizes(numbers(5).batch(2))).toEqual([[2, 2, 1], 3])
    expect(await sizes(numbers(5).batch(2, { dropRemainder: true }))).toEqual([[2, 2], 2])
    expect(await sizes(numbers(4).batch(2))).toEqual([[2, 2], 2])
    expect(await sizes(numbers(0).batch(2))).toEqual([[], 0])
    expect((await numbers(6).batch(3).batch(2).toArray())[0]?.arraySync()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
  })

  it('batch names the element that differs, or cannot become a tensor', async () => {
    const shapes = fromGenerator(() => [1, 1, 1, 2].map((n) => [lw.ops.zeros([n, 3]), n]))
    const error = await expectError('data.alike', () => shapes.batch(2).toArray(), { first: 2, index: 3 })
    expect(error.message).toContain('[float32 [1, 3], float32 []]')
    const paths = fromGenerator(() => ['a.png', 'b.png'])
    await expectError('data.leaf', () => paths.batch(2).toArray(), { index: 0, got: 'a.png' })
  })

  it('errors of a function name the element, and keep their cause', async () => {
    for (const numParallelCalls of [1, 3]) {
      const { state, dataset } = watched()
      const broken = dataset.map(
        async (n) => {
          if (n === 7) throw new TypeError('no seven')
          return n
        },
        { numParallelCalls },
      )
      const error = await expectError('data.map', () => broken.toArray(), { op: 'map', index: 7 })
      expect(error.message).toMatch(/element 7: no seven/)
      expect(error.cause).toBeInstanceOf(TypeError)
      expect(state.closed).toBe(1)
    }
    const thrown = numbers(3).filter(() => Promise.reject('text'))
    await expectError('data.map', () => thrown.toArray(), { op: 'filter', index: 0 })
  })

  it('refuse arguments that cannot be', async () => {
    const ten = numbers(10)
    await expectError('argument.type', () => ten.map(3 as never), { op: 'map' })
    await expectError('argument.range', () => ten.map((n) => n, { numParallelCalls: 0 }), { op: 'map' })
    await expectError('argument.range', () => ten.batch(0), { op: 'batch' })
    await expectError('argument.unknown', () => ten.batch(2, { dropRemainders: true } as never), {
      nearest: 'dropRemainder',
    })
    await expectError('argument.type', () => ten.shuffle(2, { seed: 0.5 }), { op: 'shuffle' })
    await expectError('argument.type', () => ten.shuffle(2, 7 as never), { op: 'shuffle' })
    for (const method of ['shuffle', 'prefetch', 'take', 'skip', 'repeat'] as const) {
      await expectError('argument.range', () => ten[method](-1), { op: method })
    }
  })

  it('print what they are', () => {
    expect([numbers(1), numbers(8).batch(3), numbers(3).repeat(), watched().dataset].map(String)).toEqual([
      'Dataset of 1 element',
      'Dataset of 3 elements',
      'Dataset without end',
      'Dataset of an unknown number of elements',
    ])
  })
})

describeOnEachBackend('shuffle', () => {
  it('gives all elements, in other orders in each pass, which a seed repeats', async () => {
    for (const bufferSize of [1, 7, 50, 1000]) {
      const shuffled = () => numbers(50).shuffle(bufferSize, { seed: 3 })
      const dataset = shuffled()
      const passes = [await dataset.toArray(), await dataset.toArray()]
      for (const pass of passes) expect(pass.toSorted((a, b) => a - b)).toEqual(await numbers(50).toArray())
      expect(await shuffled().repeat(2).toArray()).toEqual(passes.flat())
      expect(passes[0]).not[bufferSize === 1 ? 'toBe' : 'toEqual'](passes[1])
      passes[0]?.forEach((n, i) => {
        expect(n - i).toBeLessThan(bufferSize)
      })
    }
    const other = await numbers(50).shuffle(50, { seed: 4 }).toArray()
    expect(other).not.toEqual(await numbers(50).shuffle(50, { seed: 3 }).toArray())
  })

  it('repeats itself when asked, and by lw.seed', async () => {
    for (const seed of [{ seed: 5 }, {}]) {
      const same = numbers(20).shuffle(20, { ...seed, reshuffleEachIteration: false })
      expect(await same.toArray()).toEqual(await same.toArray())
    }
    const dataset = numbers(20).shuffle(20)
    lw.seed(8)
    const first = [await dataset.toArray(), await dataset.toArray()]
    lw.seed(8)
    expect([await dataset.toArray(), await dataset.toArray()]).toEqual(first)
    expect(first[0]).not.toEqual(first[1])
  })

  it('makes all orders equally likely where the buffer holds all', async () => {
    const counts = new Map<string, number>()
    const dataset = numbers(3).shuffle(3, { seed: 1 })
    for (let pass = 0; pass < 3000; pass++) {
      const order = (await dataset.toArray()).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    // Chi squared with 5 degrees of freedom is above 20.5 once in a thousand.
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)
    expect(counts.size).toBe(6)
    expect(chiSquared).toBeLessThan(20.5)
  })
})
