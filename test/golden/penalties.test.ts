import { describe, expect, test } from 'vitest'
import { getConstraint } from '../../ts/constraints/registry.js'
import type { Serialized } from '../../ts/described.js'
import * as lw from '../../ts/index.js'
import { getRegularizer } from '../../ts/regularizers/registry.js'
import { withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'
import { executors, expectNear, type FixtureArray, fixtureTensor } from './keras.js'

interface Entry extends Serialized {
  readonly weight: FixtureArray
  readonly value: FixtureArray
}

const regularizers = readFixture<Entry & { readonly gradient: FixtureArray }>('regularizers.json')
const constraints = readFixture<Entry>('constraints.json')

test('every regularizer and every constraint has fixtures', () => {
  const names = (entries: readonly Entry[]) => [...new Set(entries.map(({ className }) => className))].sort()
  expect(names(regularizers)).toEqual(Object.keys(lw.regularizers).sort())
  expect(names(constraints)).toEqual(Object.keys(lw.constraints).sort())
})

describe.each(executors)(
  "regularizers and constraints follow Keras's on the %s",
  (_, executor, tolerance) => {
    test.each(regularizers.map((entry) => [entry.className, entry.config, entry] as const))(
      '%s %j',
      (__, ___, { className, config, weight, value, gradient }) =>
        withExecutor(executor, () => {
          const penalty = getRegularizer({ className, config })
          const [got, slope] = lw.valueAndGrad(penalty)(fixtureTensor(weight, executor.float64))
          expectNear(got, value.values, tolerance)
          expectNear(slope, gradient.values, tolerance)
        }),
    )

    test.each(constraints.map((entry) => [entry.className, entry.config, entry] as const))(
      '%s %j',
      (__, ___, { className, config, weight, value }) =>
        withExecutor(executor, () => {
          const constrained = getConstraint({ className, config })(fixtureTensor(weight, executor.float64))
          expectNear(constrained, value.values, tolerance)
        }),
    )
  },
)
