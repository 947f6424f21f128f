import { describe, expect, test } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { array, uniform } from '../../ts/ops/samples.js'
import { reference32, reference64, tensorOf, withExecutor } from '../parity/program.js'
import { readFixture } from './fixtures.js'

interface Network {
  readonly units: readonly number[]
  readonly activations: readonly ('relu' | 'sigmoid' | 'softmax' | 'tanh' | 'linear')[]
  readonly x: SampleArray
  readonly y: SampleArray
  readonly loss: () => lw.losses.LossFunction
  readonly optimizer: () => lw.optimizers.Optimizer
}

const classes = (n: number, k: number) => array([n], 'int32', (i) => i % k)

/** The networks of training.py. */
const networks: Readonly<Record<string, Network>> = {
  'relu, crossentropy, Adam': {
    units: [16, 24, 12, 5],
    activations: ['relu', 'relu', 'softmax'],
    x: uniform([20, 16], 0, 1, 1000),
    y: classes(20, 5),
    loss: lw.losses.sparseCategoricalCrossentropy,
    optimizer: () => lw.optimizers.adam({ learningRate: 3e-3 }),
  },
  'tanh and sigmoid, squared error, Nesterov': {
    units: [8, 12, 10, 3],
    activations: ['tanh', 'sigmoid', 'linear'],
    x: uniform([16, 8], -1, 1, 1000),
    y: uniform([16, 3], -1, 1, 1001),
    loss: lw.losses.meanSquaredError,
    optimizer: () => lw.optimizers.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  },
  'deeper, crossentropy, gradient descent': {
    units: [10, 16, 16, 16, 16, 4],
    activations: ['tanh', 'relu', 'tanh', 'relu', 'softmax'],
    x: uniform([24, 10], -1, 1, 1000),
    y: classes(24, 4),
    loss: lw.losses.sparseCategoricalCrossentropy,
    optimizer: () => lw.optimizers.sgd({ learningRate: 0.1 }),
  },
}

/** The losses of some steps, made in one call. */
async function train(executor: Executor, network: Network, steps: number): Promise<ArrayLike<number>> {
  const { units, activations, x, y } = network
  const run = withExecutor(executor, () => {
    const { float64 } = executor
    const model = lw.sequential({
      layers: activations.map((activation, layer) =>
        lw.layers.dense({
          units: units[layer + 1] as number,
          activation,
          kernelInitializer: (shape) => {
            const limit = Math.sqrt(6 / (shape[0] as number))
            return tensorOf(uniform(shape, -limit, limit, layer), float64)
          },
          ...(layer === 0 && { inputShape: [units[0] as number] }),
        }),
      ),
    })
    const [loss, optimizer] = [network.loss(), network.optimizer()]
    const weights = model.trainableWeights
    const step = lw.jit((inputs: lw.Tensor, targets: lw.Tensor) => {
      const lossOf = (_: readonly lw.Variable[]) => loss(targets, model.apply(inputs, { training: true }))
      const [value, gradients] = lw.valueAndGrad(lossOf)(weights)
      optimizer.apply(gradients as readonly lw.Tensor[], weights)
      return value
    })
    return step.run([tensorOf(x, float64), tensorOf(y, float64)], { steps })
  })
  return (await run).data()
}

const addon = nativeAddon()

describe('training follows PyTorch', () => {
  const fixtures = readFixture<{ name: string; losses: readonly number[] }>('training.json')
  const settings: readonly (readonly [string, Executor, number])[] = [
    ['reference executor in float64', reference64, 1e-9],
    ['reference executor', reference32, 1e-4],
    ...(addon ? [['native executor', new NativeExecutor(addon), 1e-4] as const] : []),
  ]

  test('on all three networks', () => {
    expect(fixtures.map(({ name }) => name)).toEqual(Object.keys(networks))
  })

  for (const [title, executor, tolerance] of settings) {
    test.each(fixtures.map((fixture) => [fixture.name, fixture.losses] as const))(
      `%s, on the ${title}`,
      async (name, expected) => {
        const losses = await train(executor, networks[name] as Network, expected.length)
        expected.forEach((loss, step) => {
          expect(Math.abs((losses[step] as number) - loss), `step ${step}`).toBeLessThanOrEqual(tolerance)
        })
        expect(expected.at(-1)).toBeLessThan(expected[0] as number)
      },
    )
  }
})
