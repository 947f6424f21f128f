import { describe, expect, test } from 'vitest'
import type { Serialized } from '../../ts/described.js'
import * as lw from '../../ts/index.js'
import { getMetric } from '../../ts/metrics/registry.js'
import { uniform } from '../../ts/ops/samples.js'
import { tensorOf, withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'
import { executors, expectNear, type FixtureArray, fixtureTensor } from './keras.js'

interface Entry {
  readonly metric: lw.metrics.MetricName
  readonly config: Serialized['config']
  /** Whether Keras computed the result in float32. */
  readonly float32: boolean
  readonly yTrue: readonly FixtureArray[]
  /** Nothing for metrics of values, which are then in the place of targets. */
  readonly yPred: readonly FixtureArray[]
  readonly result: FixtureArray
  readonly weighted: FixtureArray
}

const entries = readFixture<Entry>('metrics.json')

/** Metrics that Keras does not have; test/api/metrics.test.ts holds their values. */
const notInKeras: readonly string[] = []

test('every metric has fixtures', () => {
  const made = Object.keys(lw.metrics).filter(
    (name) => !name.endsWith('Metric') && !notInKeras.includes(name),
  )
  expect([...new Set(entries.map(({ metric }) => metric))].sort()).toEqual(made.sort())
})

describe.each(executors)("metrics follow Keras's on the %s", (_, executor, tolerance) => {
  test.each(entries.map((entry) => [entry.metric, entry.config, entry] as const))('%s %j', (__, ___, entry) =>
    withExecutor(executor, () => {
      const metric = getMetric({ className: entry.metric, config: entry.config })
      const update = lw.jit((given: readonly lw.Tensor[], weights: lw.losses.LossWeights) => {
        const [yTrue, yPred] = given as [lw.Tensor, lw.Tensor?]
        if (yPred) metric.update(yTrue, yPred, weights)
        else (metric as lw.metrics.ValuesMetric).update(yTrue, weights)
      })
      for (const weighted of [false, true]) {
        metric.reset()
        entry.yTrue.forEach((yTrue, batch) => {
          const arrays = [yTrue, entry.yPred[batch]].flatMap((array) => array ?? [])
          const given = arrays.map((array) => fixtureTensor(array, executor.float64))
          const weights = uniform(yTrue.shape.slice(0, 1), 0, 2, 20 + batch)
          update(given, weighted ? { sampleWeight: tensorOf(weights, executor.float64) } : {})
        })
        const expected = weighted ? entry.weighted : entry.result
        expect(metric.result().shape).toEqual(expected.shape)
        expectNear(metric.result(), expected.values, entry.float32 ? 1e-6 : tolerance)
      }
    }),
  )
})
