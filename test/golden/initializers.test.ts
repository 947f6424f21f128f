import { expect, test } from 'vitest'
import type * as lw from '../../ts/index.js'
import { getInitializer } from '../../ts/initializers/registry.js'
import { describeOnEachBackend } from '../backends.js'
import { readFixture } from './fixtures.js'

interface Entry {
  readonly initializer: lw.initializers.InitializerName
  readonly config: object
  readonly shape: readonly number[]
  readonly probabilities: readonly number[]
  readonly quantiles: readonly number[]
}

describeOnEachBackend('initial weights are distributed as in Keras', () => {
  test.each(
    readFixture<Entry>('initializers.json').map(
      (entry) => [entry.initializer, entry.config, entry.shape, entry] as const,
    ),
  )('%s %j of %j', (_, __, ___, { initializer, config, shape, probabilities, quantiles }) => {
    const weights = Array.from(
      getInitializer({ className: initializer, config: { ...config, seed: 11 } })(shape).dataSync(),
    )
    quantiles.forEach((quantile, k) => {
      const below = weights.filter((weight) => weight < quantile).length / weights.length
      // Five standard deviations of the share that falls below a quantile.
      expect(Math.abs(below - (probabilities[k] as number))).toBeLessThan(2.5 / Math.sqrt(weights.length))
    })
  })
})
