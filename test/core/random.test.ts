import { describe, expect, test } from 'vitest'
import type { Backend } from '../../ts/executors/executor.js'
import { jit, ops, random, seed, setBackend, type Tensor } from '../../ts/index.js'
import { backends, describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const numbers = (t: Tensor) => [...t.dataSync()]
const meanOf = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length
const deviationOf = (list: readonly number[]) => {
  const mean = meanOf(list)
  return Math.sqrt(meanOf(list.map((x) => (x - mean) ** 2)))
}

describeOnEachBackend('random numbers', () => {
  test('have the distribution that they should', () => {
    const n = 20_000
    const u = numbers(random.uniform([n], { minval: -1, maxval: 3, seed: 1 }))
    expect(Math.min(...u)).toBeGreaterThanOrEqual(-1)
    expect(Math.max(...u)).toBeLessThan(3)
    expect(meanOf(u)).toBeCloseTo(1, 1)
    expect(deviationOf(u)).toBeCloseTo(4 / Math.sqrt(12), 1)

    const normal = numbers(random.truncatedNormal([n], { mean: 5, stddev: 0.5, seed: 2 }))
    expect(Math.max(...normal.map((x) => Math.abs(x - 5)))).toBeLessThanOrEqual(1)
    expect(meanOf(normal)).toBeCloseTo(5, 1)
    expect(deviationOf(normal) / 0.5).toBeCloseTo(0.8796, 1)

    expect(meanOf(numbers(random.bernoulli([n], 0.3, { seed: 3 })))).toBeCloseTo(0.3, 1)
    expect(numbers(random.bernoulli([100], 0, { seed: 3 }))).not.toContain(1)
    expect(numbers(random.bernoulli([100], 1, { seed: 3 }))).not.toContain(0)
  })

  test('shuffle all numbers, each to every place equally often', () => {
    expect(numbers(random.permutation(100, { seed: 5 })).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0])
    const trials = 2000
    for (let i = 0; i < trials; i++) {
      numbers(random.permutation(4, { seed: i })).forEach((value, place) => {
        const row = counts[value] as number[]
        row[place] = (row[place] as number) + 1
      })
    }
    for (const count of counts.flat()) expect(Math.abs(count / trials - 0.25)).toBeLessThan(0.05)
  })

  test('repeat after lw.seed and advance without', () => {
    seed(42)
    const first = [numbers(random.uniform([3])), numbers(random.uniform([3]))]
    expect(first[0]).not.toEqual(first[1])
    seed(42)
    expect([numbers(random.uniform([3])), numbers(random.uniform([3]))]).toEqual(first)
    seed(43)
    expect(numbers(random.uniform([3]))).not.toEqual(first[0])
    expect(numbers(random.uniform([3], { seed: 7 }))).toEqual(numbers(random.uniform([3], { seed: 7 })))
  })

  test('use all 53 bits of a seed, and its sign', () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    const drawn = seeds.map((n) => numbers(random.uniform([4], { seed: n })).join())
    expect(new Set(drawn).size).toBe(seeds.length)
  })

  test('are new in each step of a jitted function, and in each op of it', () => {
    seed(1)
    const draw = jit(() => [random.uniform([4]), random.uniform([4])])
    const [a, b] = draw() as [Tensor, Tensor]
    const [c, d] = draw() as [Tensor, Tensor]
    expect(new Set([a, b, c, d].map((t) => numbers(t).join())).size).toBe(4)
  })

  test('are the same in one run of many steps as in many runs', async () => {
    const draw = jit(() => random.uniform([5]))
    seed(9)
    const one = numbers(await draw.run([], { steps: 3 }))
    seed(9)
    expect([draw(), draw(), draw()].flatMap(numbers)).toEqual(one)
  })

  test('take safe integers as seeds', async () => {
    await expectError('argument.type', () => seed(0.5))
    await expectError('argument.type', () => seed(2 ** 60))
    await expectError('argument.type', () => random.uniform([1], { seed: Number.NaN }))
    await expectError('shape.invalid', () => random.uniform([-1]))
  })
})

describe('both executors', () => {
  test('draw the same bits', () => {
    const draws = (['native', 'reference'] as const).map((backend) => {
      setBackend(backend)
      seed(2024)
      const uniform = numbers(random.uniform([1001]))
      const kept = numbers(random.bernoulli([77], 0.25))
      const step = jit(() => [random.uniform([9]), ops.cast(random.permutation(13), 'float32')] as const)
      return [
        uniform,
        kept,
        ...step().map(numbers),
        ...step().map(numbers),
        numbers(random.permutation(1000)),
      ]
    })
    expect(draws[0]).toEqual(draws[1])
  })

  test('one seed serves the executor that is chosen after it, too', () => {
    const draw = (backend: Backend) => {
      setBackend(backend)
      return numbers(random.uniform([5]))
    }
    for (const order of [backends, [...backends].reverse()]) {
      seed(23)
      const [first, ...others] = order.map(draw)
      for (const other of others) expect(other).toEqual(first)
    }
  })

  test('refuse what they do not know', async () => {
    await expectError('argument.unknown', () => random.uniform([2], { max: 3 } as never), {
      nearest: 'maxval',
    })
    await expectError('argument.range', () => random.bernoulli([2], 1.5), { argument: 'probability' })
    await expectError('argument.range', () => random.permutation(-1), { argument: 'n' })
  })
})
