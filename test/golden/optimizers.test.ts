import { describe, expect, test } from 'vitest'
import type { Serialized } from '../../ts/described.js'
import * as lw from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import { getOptimizer } from '../../ts/optimizers/registry.js'
import { getSchedule } from '../../ts/optimizers/schedules/registry.js'
import { tensorOf, withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'
import { executors, expectNear, type FixtureArray, fixtureTensor } from './keras.js'

/** The weights and the number of steps of optimizers.py. */
const [shapes, steps] = [[[3, 2], [4], [2, 1, 3]], 6]

interface OptimizerEntry {
  readonly optimizer: lw.optimizers.OptimizerName
  readonly config: Serialized['config']
  readonly results: readonly FixtureArray[]
  /** What the weights are once their moving averages, if there are any, have replaced them. */
  readonly final: readonly FixtureArray[]
}

interface ScheduleEntry extends Serialized {
  readonly at: readonly number[]
  readonly rates: readonly number[]
}

const optimizers = readFixture<OptimizerEntry>('optimizers.json')
const schedules = readFixture<ScheduleEntry>('schedules.json')

/** Optimizers and schedules that Keras does not have; test/api/optimizers.test.ts holds their formulas. */
const notInKeras: readonly string[] = []

test('every optimizer and every schedule has fixtures', () => {
  const factories = (namespace: object) =>
    Object.entries(namespace)
      .filter(([name, value]) => typeof value === 'function' && ![...notInKeras, 'Optimizer'].includes(name))
      .map(([name]) => name)
      .sort()
  const names = (list: readonly string[]) => [...new Set(list)].sort()
  expect(names(optimizers.map(({ optimizer }) => optimizer))).toEqual(factories(lw.optimizers))
  expect(names(schedules.map(({ className }) => className))).toEqual(factories(lw.optimizers.schedules))
})

describe.each(executors)("optimizers follow Keras's on the %s", (_, executor, tolerance) => {
  test.each(optimizers.map((entry) => [entry.optimizer, entry.config, entry] as const))(
    '%s %j',
    (__, ___, entry) =>
      withExecutor(executor, () => {
        const tensors = (stream: (i: number) => number) =>
          shapes.map((shape, i) => tensorOf(uniform(shape, -1, 1, stream(i)), executor.float64))
        const weights = tensors((i) => i).map((weight) => lw.variable(weight))
        const optimizer = getOptimizer({ className: entry.optimizer, config: entry.config })
        const step = lw.jit((gradients: readonly lw.Tensor[]) => optimizer.apply(gradients, weights))
        for (let k = 0; k < steps; k++) step(tensors((i) => 10 + steps * i + k))
        weights.forEach((weight, i) => {
          expectNear(weight.read(), (entry.results[i] as FixtureArray).values, tolerance)
        })
        optimizer.finalizeVariableValues(weights)
        weights.forEach((weight, i) => {
          expectNear(weight.read(), (entry.final[i] as FixtureArray).values, tolerance)
        })
      }),
  )
})

describe.each(executors)("schedules follow Keras's on the %s", (_, executor, tolerance) => {
  test.each(schedules.map((entry) => [entry.className, entry.config, entry] as const))(
    '%s %j',
    (__, ___, { className, config, at, rates }) =>
      withExecutor(executor, () => {
        const schedule = lw.jit(getSchedule({ className, config }))
        const step = (value: number) => fixtureTensor({ shape: [], values: [value] }, executor.float64)
        at.forEach((value, i) => {
          expectNear(schedule(step(value)), [rates[i] as number], tolerance)
        })
      }),
  )
})
