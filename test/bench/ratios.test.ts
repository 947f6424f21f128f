import { expect, test } from 'vitest'
import { ratios } from '../../bench/ratios.js'
import type { Timing } from '../../bench/steps.js'
import { checkLoss, flops, type Workload, workloads } from '../../bench/workloads.js'

const timing = (peer: string, threads: number, ms: number, mean_ms: number, min_ms: number): Timing => ({
  ...{ peer, threads, ms, mean_ms, min_ms },
  ...{ workload: 'digits-mlp', stepsPerCall: 1, steps: 100, loss10: 2.184567 },
})

test('the better number of threads counts, for medians, means and minima by themselves', () => {
  const [ratio] = ratios([
    timing('layerwise-1', 1, 2, 2, 2),
    timing('layerwise-1', 1, 4, 4, 1),
    timing('layerwise-1', 1, 3, 6, 2),
    timing('layerwise-1', 2, 5, 2, 4),
    timing('torch', 1, 30, 40, 20),
    timing('torch', 2, 60, 20, 10),
  ])
  expect(ratio).toMatchObject({
    layerwise: { threads: 1, ms: 3, mean_ms: 2, min_ms: 1 },
    peer: { threads: 1, ms: 30, mean_ms: 20, min_ms: 10 },
    ...{ ratio: 10, meanRatio: 10, minimumRatio: 10 },
  })
})

test('instruction sets and numbers of steps in a call are compared one by one', () => {
  const ours = timing('layerwise-1', 1, 2, 2, 2)
  const found = ratios([
    { ...ours, isa: 'avx2' },
    { ...ours, isa: 'avx512', ms: 1 },
    { ...ours, isa: 'avx512', ms: 0.5, stepsPerCall: 7 },
    timing('torch', 1, 4, 4, 4),
  ])
  expect(found.map(({ layerwise, ratio }) => [layerwise.isa, layerwise.stepsPerCall, ratio])).toEqual([
    ['avx2', '1', 2],
    ['avx512', '1', 4],
    ['avx512', 'many', 8],
  ])
})

test('the arithmetic of a step is counted without the gradient of the data', () => {
  const [digits] = workloads as [Workload]
  expect(flops(digits)).toBe(2 * 32 * (2 * 64 * 64 + 3 * 64 * 32 + 3 * 32 * 10))
})

test('a loss that is another refuses the comparison', () => {
  const timed = { peer: 'torch', workload: 'mnist-mlp', loss10: 1.038364 }
  expect(() => checkLoss(timed)).not.toThrow()
  expect(() => checkLoss({ ...timed, loss10: 1.04 })).toThrow('not the same work')
})
