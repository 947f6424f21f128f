import { it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose } from '../expect.js'
import { readFixture } from './fixtures.js'

type Nested = number | readonly Nested[]

interface Fixture {
  readonly options: lw.optimizers.ClippingConfig
  readonly weights: readonly Nested[]
  readonly gradients: readonly (readonly Nested[])[]
  readonly results: readonly Nested[]
}

const flat = (nested: Nested): number[] => [nested].flat(Infinity as 1) as number[]

describeOnEachBackend('clipped gradients', () => {
  it.each(readFixture<Fixture>('clipping.json').map((fixture) => [JSON.stringify(fixture.options), fixture]))(
    "follow Keras's, with %s",
    (_, fixture) => {
      const { options, weights, gradients, results } = fixture as Fixture
      const variables = weights.map((weight) => lw.variable(weight as number[]))
      const optimizer = lw.optimizers.sgd({ learningRate: 1, ...options })
      for (const step of gradients) {
        optimizer.apply(
          step.map((gradient) => lw.tensor(gradient as number[])),
          variables,
        )
      }
      variables.forEach((variable, i) => {
        expectClose(variable.read(), flat(results[i] as Nested), 1e-6)
      })
    },
  )
})
