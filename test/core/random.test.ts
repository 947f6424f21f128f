import { describe, expect, test } from 'vitest'
import type { Backend } from '../../ts/executors/executor.js'
import { jit, ops, random, seed, setBackend, type Tensor, tensor } from '../../ts/index.js'
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

  test('are integers of a range, each equally often', () => {
    const n = 20_000
    const dice = numbers(random.randint([n], 1, 7, { seed: 4 }))
    for (let face = 1; face <= 6; face++) {
      const share = dice.filter((d) => d === face).length / n
      expect(Math.abs(share - 1 / 6)).toBeLessThan(4 * Math.sqrt(5 / 36 / n))
    }
    expect(random.uniform([5], { minval: -3, maxval: -1, dtype: 'int32', seed: 1 }).dtype).toBe('int32')
    const all = numbers(random.randint([n], -(2 ** 31), 2 ** 31 - 1, { seed: 5 }))
    expect(meanOf(all.map((x) => x / 2 ** 31))).toBeCloseTo(0, 1)
    expect(Math.min(...all) / 2 ** 31).toBeLessThan(-0.999)
    expect(Math.max(...all) / 2 ** 31).toBeGreaterThan(0.999)
  })

  test('of continuous distributions follow the distribution function', () => {
    const n = 4000
    // Kolmogorov's statistic is beyond this once in a thousand samples; the seeds are fixed.
    const bound = 1.95 / Math.sqrt(n)
    const distance = (drawn: Tensor, distribution: (x: number) => number) =>
      numbers(drawn)
        .sort((a, b) => a - b)
        .reduce((most, x, i) => Math.max(most, Math.abs(distribution(x) - (i + 0.5) / n)), 0)
    // Closed forms: gamma of 1 and 2, of 1/2 by way of the normal distribution (Φ by its series), beta of integers.
    const phi = (x: number) => {
      let [term, sum] = [x, x]
      for (let k = 1; k < 200; k++) {
        term *= (x * x) / (2 * k + 1)
        sum += term
      }
      return x > 8 ? 1 : 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
    }
    const cases: [Tensor, (x: number) => number][] = [
      [random.normal([n], { seed: 8 }), (x) => (x < 0 ? 1 - phi(-x) : phi(x))],
      [random.gamma([n], 1, { seed: 1 }), (x) => 1 - Math.exp(-x)],
      [random.gamma([n], 2, { seed: 2 }), (x) => 1 - (1 + x) * Math.exp(-x)],
      [random.gamma([n], 0.5, { seed: 3 }), (x) => 2 * phi(Math.sqrt(2 * x)) - 1],
      [random.beta([n], 1, 1, { seed: 4 }), (x) => x],
      [random.beta([n], 2, 1, { seed: 5 }), (x) => x * x],
      [random.beta([n], 1, 3, { seed: 6 }), (x) => 1 - (1 - x) ** 3],
      [random.beta([n], 0.5, 0.5, { seed: 7 }), (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    ]
    for (const [i, [drawn, distribution]] of cases.entries())
      expect(distance(drawn, distribution), `case ${i}`).toBeLessThan(bound)
  })

  test('of small shapes stay numbers, and shapes broadcast', () => {
    expect(numbers(random.beta([500], 1e-3, 1e-3, { seed: 1 })).every((x) => x >= 0 && x <= 1)).toBe(true)
    const means = random.gamma([2000, 2], [1, 9], { seed: 2 })
    expect(numbers(ops.mean(means, { axis: 0 })).map(Math.round)).toEqual([1, 9])
    expect(numbers(random.gamma([2], [-1, 0], { seed: 1 }))).toEqual([NaN, NaN])
  })

  test('of categories are as frequent as their probabilities', () => {
    const n = 5000
    const probabilities = [0.1, 0.2, 0, 0.7]
    const logits = [probabilities.map(Math.log), [5, 5, 5, 5]]
    const drawn = random.categorical(logits, n, { seed: 6 })
    expect([drawn.dtype, drawn.shape]).toEqual(['int32', [2, n]])
    const rows = drawn.arraySync() as number[][]
    rows.forEach((row, r) => {
      for (let k = 0; k < 4; k++) {
        const p = r === 0 ? (probabilities[k] as number) : 0.25
        const share = row.filter((c) => c === k).length / n
        expect(Math.abs(share - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / n))
      }
    })
  })

  test('order slices, and drop elements', () => {
    const x = ops.reshape(tensor(Array.from({ length: 60 }, (_, i) => i)), [3, 20])
    const shuffled = random.shuffle(x, { axis: 1, seed: 3 })
    const rows = shuffled.arraySync() as number[][]
    expect(rows[0]).not.toEqual([...(rows[0] as number[])].sort((a, b) => a - b))
    expect([...(rows[0] as number[])].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(rows[1]).toEqual(rows[0]?.map((i) => i + 20))

    const dropped = numbers(random.dropout(ops.broadcastTo(3, [10_000]), 0.25, { seed: 1 }))
    expect(new Set(dropped)).toEqual(new Set([0, 4]))
    expect(meanOf(dropped)).toBeCloseTo(3, 0)
    const columns = random.dropout(ops.broadcastTo(1, [50, 4]), 0.5, { noiseShape: [1, 4], seed: 2 })
    expect(numbers(ops.max(columns, { axis: 0 }))).toEqual(numbers(ops.min(columns, { axis: 0 })))
    expect(numbers(random.dropout([1, 2], 1))).toEqual([0, 0])
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
        numbers(random.randint([33], -5, 1000)),
        numbers(random.shuffle(ops.broadcastTo([1, 2, 3], [2, 3]), { axis: 1 })),
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
    await expectError('argument.range', () => random.randint([1], 3, 3), { argument: 'maxval' })
    await expectError('argument.range', () => random.randint([1], 0.5, 3), { argument: 'minval' })
    await expectError('argument.range', () => random.uniform([1], { dtype: 'bool' as never }))
    await expectError('shape.mismatch', () => random.categorical([1, 2], 3), { op: 'categorical' })
    await expectError('shape.broadcast', () => random.gamma([3], [1, 2]))
    await expectError('argument.range', () => random.dropout([1], 1.5), { argument: 'rate' })
  })
})
