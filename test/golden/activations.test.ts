import { describe, expect, test } from 'vitest'
import { getActivation } from '../../ts/activations/registry.js'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import { reference32, reference64, withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'
import { expectNear, type FixtureArray, fixtureTensor } from './keras.js'

interface Entry {
  readonly activation: string
  readonly config: Readonly<Record<string, unknown>>
  readonly x: FixtureArray
  readonly y: FixtureArray
  readonly gradient: FixtureArray
}

const entries = readFixture<Entry>('activations.json')
const addon = nativeAddon()
const executors: readonly (readonly [string, Executor, number])[] = [
  ['reference executor in float64', reference64, 1e-10],
  ['reference executor', reference32, 1e-5],
  ...(addon ? [['native executor', new NativeExecutor(addon), 1e-5] as const] : []),
]

test('every activation has fixtures', () => {
  expect([...new Set(entries.map(({ activation }) => activation))].sort()).toEqual(
    Object.keys(lw.activations).sort(),
  )
})

describe.each(executors)(
  "activations follow Keras's, gradients at kinks too, on the %s",
  (_, executor, tolerance) => {
    test.each(entries.map((entry) => [entry.activation, entry.config, entry] as const))(
      '%s %j',
      (name, config, entry) =>
        withExecutor(executor, () => {
          const x = fixtureTensor(entry.x, executor.float64)
          const configured = getActivation({ className: name, config })
          const activations = [
            configured,
            ...(Object.keys(config).length === 0 ? [getActivation(name as 'relu')] : []),
          ]
          for (const activation of activations) {
            expectNear(activation(x), entry.y.values, tolerance)
            const weighted = (input: lw.Tensor) => {
              const y = activation(input)
              const weights = lw.tensor(
                Float32Array.from({ length: y.size }, (__, i) => i + 1),
                y.shape,
              )
              return lw.ops.sum(lw.ops.multiply(y, weights))
            }
            expectNear(lw.grad(weighted)(x), entry.gradient.values, tolerance)
          }
        }),
    )
  },
)
