import { describe, expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'
import { executors, expectNear, type FixtureArray, fixtureTensor } from './keras.js'

interface Entry {
  readonly loss: lw.losses.LossName
  readonly config: object
  readonly yTrue: FixtureArray
  readonly yPred: FixtureArray
  readonly sampleWeight: FixtureArray
  readonly values: FixtureArray
  readonly weighted: number
  readonly gradient: FixtureArray
}

const entries = readFixture<Entry>('losses.json')

/** Losses that Keras does not have; test/api/losses.test.ts holds their values. */
const notInKeras: readonly string[] = []

test('every loss has fixtures', () => {
  const made = Object.keys(lw.losses).filter((name) => name !== 'Loss' && !notInKeras.includes(name))
  expect([...new Set(entries.map(({ loss }) => loss))].sort()).toEqual(made.sort())
})

describe.each(executors)("losses follow Keras's on the %s", (_, executor, tolerance) => {
  test.each(entries.map((entry) => [entry.loss, entry.config, entry.yPred.shape, entry] as const))(
    '%s %j of %j',
    (__, ___, ____, entry) =>
      withExecutor(executor, () => {
        const tensor = (array: FixtureArray) => fixtureTensor(array, executor.float64)
        const [yTrue, yPred] = [tensor(entry.yTrue), tensor(entry.yPred)]
        const sampleWeight = tensor(entry.sampleWeight)
        const factory = lw.losses[entry.loss] as (config: object) => lw.losses.LossFunction
        const loss = factory(entry.config)
        expectNear(loss.values(yTrue, yPred), entry.values.values, tolerance)
        const weighted = (output: lw.Tensor) => loss(yTrue, output, { sampleWeight })
        const [value, gradient] = lw.valueAndGrad(weighted)(yPred)
        expectNear(value, [entry.weighted], tolerance)
        expectNear(gradient, entry.gradient.values, tolerance)
      }),
  )
})
