import { expect, test } from 'vitest'
import type { Limit } from '../../bench/limits.js'
import { leastTime, type Work } from '../../bench/roofline.js'

const limit = (name: string, best: number, bytesPerThread: number | null): Limit => ({
  ...{ limit: name, unit: bytesPerThread ? 'GB/s' : 'GFLOP/s', threads: 2, bytesPerThread, best },
  median: best / 2,
})

const limits = [
  limit('avx512', 100, null),
  ...(['L1', 'L2', 'L3', 'memory'] as const).flatMap((level, i) => [
    limit(`${level} read`, 40 / 2 ** i, 1000 * 10 ** i),
    limit(`${level} write`, 20 / 2 ** i, 1000 * 10 ** i),
    limit(`${level} copy`, 30 / 2 ** i, 1000 * 10 ** i),
  ]),
]

const work = (flops: number, bytes: number, written: number): Work => ({
  ...{ flops, bytes, outputs: [{ bytes: written }] },
})

test('the longer of arithmetic and memory traffic bounds an instruction', () => {
  expect(leastTime([work(1000, 100, 50)], limits, 'avx512')).toEqual({ limit: 'arithmetic', nanoseconds: 10 })
  expect(leastTime([work(10, 1200, 0)], limits, 'amx')).toEqual({ limit: 'L1', nanoseconds: 30 })
})

test('operands lie where the caches of all threads hold them, and what is read and written is copied', () => {
  const time = (bytes: number, written: number) => leastTime([work(0, bytes, written)], limits, 'avx512')
  expect(time(2000, 1000)).toEqual({ limit: 'L1', nanoseconds: 2000 / 30 })
  expect(time(2001, 2001)).toEqual({ limit: 'L2', nanoseconds: 2001 / 10 })
  expect(time(12_000, 3000)).toEqual({ limit: 'L2', nanoseconds: 6000 / 15 + 6000 / 20 })
  expect(time(1e9, 0)).toEqual({ limit: 'memory', nanoseconds: 1e9 / 5 })
})

test('instructions follow each other, and the longest names the limit', () => {
  const found = leastTime([work(1000, 0, 0), work(0, 1200, 0)], limits, 'avx512')
  expect(found).toEqual({ limit: 'L1', nanoseconds: 40 })
})
