import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nativeAddon, executor as present, useExecutor } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import type { Shape } from '../../ts/shape.js'
import { reference32, reference64, tensorOf } from '../parity/program.js'
import { readFixture } from './fixtures.js'

const { add, dense, masking } = lw.layers

/** The models of fit.py. */
function runs(float64: boolean): Record<string, () => Promise<lw.History>> {
  const data = (shape: Shape, stream: number, low = -1, high = 1) =>
    tensorOf(uniform(shape, low, high, stream), float64)
  const weights = (stream: number) => ({
    kernelInitializer: (shape: Shape) => data(shape, stream, -0.6, 0.6),
    biasInitializer: (shape: Shape) => data(shape, stream + 1, -0.3, 0.3),
  })
  const kinds = new Int32Array(Array.from({ length: 13 }, (_, i) => (i * 7) % 3))
  const x = { a: data([13, 5], 1), b: data([13, 3], 2) }
  const y = { kind: lw.tensor(kinds), size: data([13, 2], 3) }
  const optimizer = () => lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.9 })
  const absoluteError = (yTrue: lw.Tensor, yPred: lw.Tensor) =>
    lw.ops.mean(lw.ops.absolute(lw.ops.subtract(yTrue, yPred)), { axis: -1 })
  const sparse = (yTrue: lw.Tensor, yPred: lw.Tensor) =>
    lw.losses.sparseCategoricalCrossentropy({ reduction: 'none' })(yTrue, yPred)

  const twoOutputs = () => {
    const [a, b] = [lw.input({ shape: [5], name: 'a' }), lw.input({ shape: [3], name: 'b' })]
    const shared = dense({ units: 4, activation: 'tanh', ...weights(10) })
    const left = shared.apply(dense({ units: 5, ...weights(12) }).apply(a))
    const kernelRegularizer = lw.regularizers.l2({ l2: 0.01 })
    const right = shared.apply(dense({ units: 5, kernelRegularizer, ...weights(14) }).apply(b))
    const both = add().apply([left, right])
    const kind = dense({ units: 3, activation: 'softmax', name: 'kind', ...weights(16) }).apply(both)
    const size = dense({ units: 2, name: 'size', ...weights(18) }).apply(both)
    return lw.model({ inputs: [a, b], outputs: [kind, size] })
  }
  const loss = { kind: 'sparseCategoricalCrossentropy', size: 'meanSquaredError' } as const
  const metrics = { kind: ['accuracy'], size: [absoluteError] } as const
  const options = { epochs: 3, shuffle: false, verbose: 0 } as const

  return {
    lossWeights: () => {
      const model = twoOutputs()
      model.compile({ optimizer: optimizer(), loss, lossWeights: { kind: 0.5, size: 2 }, metrics })
      return model.fit(x, y, { ...options, batchSize: 5, validationSplit: 0.3 })
    },
    sampleWeights: () => {
      const model = twoOutputs()
      model.compile({ optimizer: optimizer(), loss, metrics, weightedMetrics: metrics })
      const sampleWeight = { size: data([13], 5, 0, 2), kind: data([13], 4, 0, 2) }
      return model.fit([x.a, x.b], [y.kind, y.size], { ...options, batchSize: 4, sampleWeight })
    },
    classWeights: () => {
      const layers = [dense({ units: 3, activation: 'softmax', inputShape: [5], ...weights(20) })]
      const model = lw.sequential({ layers })
      const config = { metrics: ['accuracy'], weightedMetrics: [sparse] } as const
      model.compile({ optimizer: optimizer(), loss: 'sparseCategoricalCrossentropy', ...config })
      const classWeight = { 0: 1, 1: 3 }
      return model.fit(x.a, y.kind, { ...options, batchSize: 5, validationSplit: 0.3, classWeight })
    },
    masks: () => {
      const steps = data([9, 4, 3], 6).arraySync() as number[][][]
      steps.forEach((sample, i) => {
        sample[i % 4] = [0, 0, 0]
        if (i === 3) for (const step of [2, 3]) sample[step] = [0, 0, 0]
      })
      const model = lw.sequential({
        layers: [
          lw.input({ shape: [4, 3] }),
          masking(),
          dense({ units: 4, activation: 'tanh', ...weights(22) }),
          dense({ units: 2, ...weights(24) }),
        ],
      })
      model.compile({ optimizer: optimizer(), loss: 'meanSquaredError', metrics: [absoluteError] })
      const sampleWeight = data([9, 4], 8, 0, 2)
      return model.fit(steps, data([9, 4, 2], 7), { ...options, batchSize: 4, sampleWeight })
    },
  }
}

const addon = nativeAddon()
const executors: readonly (readonly [string, Executor, number])[] = [
  ['reference executor in float64', reference64, 1e-10],
  ['reference executor', reference32, 1e-5],
  ...(addon ? [['native executor', new NativeExecutor(addon), 1e-5] as const] : []),
]
const fixtures = readFixture<{ name: string; history: Record<string, readonly number[]> }>('fit.json')

describe.each(executors)("fit has Keras's History, on the %s", (_, executor, tolerance) => {
  const former = present()
  beforeAll(() => useExecutor(executor))
  afterAll(() => useExecutor(former))

  test.each(fixtures.map(({ name, history }) => [name, history] as const))('%s', async (name, expected) => {
    const run = runs(executor.float64)[name] as () => Promise<lw.History>
    const { history } = await run()
    expect(Object.keys(history).sort()).toEqual(Object.keys(expected).sort())
    for (const [key, values] of Object.entries(expected)) {
      values.forEach((value, epoch) => {
        const got = history[key]?.[epoch] as number
        expect(Math.abs(got - value), `${key} of epoch ${epoch}: ${got}, ${value}`).toBeLessThanOrEqual(
          tolerance,
        )
      })
    }
    expect(fixtures.map((fixture) => fixture.name)).toEqual(Object.keys(runs(executor.float64)))
  })
})
