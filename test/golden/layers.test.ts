import { describe, expect, test } from 'vitest'
import { isSerialized } from '../../ts/described.js'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import { layerFactories, layerFrom } from '../../ts/layers/registry.js'
import { integers, uniform } from '../../ts/ops/samples.js'
import type { Shape } from '../../ts/shape.js'
import { reference32, reference64, tensorOf, withExecutor } from '../parity/program.js'
import { type Numbers, readFixture, toFloat64 } from './fixtures.js'

interface Entry {
  readonly layer: keyof typeof layerFactories
  readonly config: Readonly<Record<string, unknown>>
  readonly inputs: readonly Shape[]
  readonly training?: boolean
  /** The limit of the integers that the inputs hold. */
  readonly integers?: number
  /** Name, shape, and whether training updates it. */
  readonly weights: readonly (readonly [name: string, shape: Shape, trainable: boolean])[]
  readonly output: { readonly shape: Shape; readonly values: Numbers }
  /** Of a weighted sum of the output, with respect to the inputs that are not integers, then to the weights. */
  readonly gradients: readonly Numbers[]
  /** The weights that are not trained, after the call. */
  readonly moved: readonly Numbers[]
}

interface Configuration {
  readonly layer: keyof typeof layerFactories
  readonly given: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
}

/** Layers that have no fixtures: a function of one's own, and what Keras lacks. */
const withoutKeras: readonly string[] = ['lambda']

const entries = readFixture<Entry>('layers.json')
const configurations = readFixture<Configuration>('layer-configs.json')
const addon = nativeAddon()

/** How near to Keras in float64 the executors come: relative, or absolute below 1. */
const executors: readonly (readonly [string, Executor, number])[] = [
  ['reference executor in float64', reference64, 1e-12],
  ['reference executor', reference32, 2e-6],
  ...(addon ? [['native executor', new NativeExecutor(addon), 2e-6] as const] : []),
]

const title = ({ layer, config, inputs, training }: Entry) =>
  `${layer} ${JSON.stringify(config)} of ${JSON.stringify(inputs)}${training ? ', training' : ''}`

describe.each(executors)("layers give what Keras's give, on the %s", (_, executor, tolerance) => {
  test.each(entries.map((entry) => [title(entry), entry] as const))('%s', (_, entry) => {
    withExecutor(executor, () => {
      const { output, gradients, weights, moved } = run(entry, executor.float64)
      expect(weights).toEqual(entry.weights)
      expect(output.shape).toEqual(entry.output.shape)
      expectNear(output, entry.output.values, tolerance, 'the output')
      expect(gradients.length).toBe(entry.gradients.length)
      gradients.forEach((gradient, i) => {
        expectNear(gradient, entry.gradients[i] as Numbers, tolerance, `gradient ${i}`)
      })
      expect(moved.length).toBe(entry.moved.length)
      moved.forEach((value, i) =>
        expectNear(value, entry.moved[i] as Numbers, tolerance, `moved weight ${i}`),
      )
    })
  })
})

/** Runs a layer with the inputs and weights of layers.py. */
function run(entry: Entry, float64: boolean) {
  const { training = false, integers: limit } = entry
  const layer = layerFrom({ className: entry.layer, config: entry.config })
  const inputs = entry.inputs.map((shape, stream) =>
    tensorOf(
      limit === undefined ? uniform(shape, -2, 2, stream) : integers(shape, 0, limit, stream),
      float64,
    ),
  )
  const input = (given: readonly lw.Tensor[]) => (given.length > 1 ? given : (given[0] as lw.Tensor))
  layer.apply(input(inputs) as lw.Tensor)
  const nameOf = ({ name }: lw.Variable) => name.slice(name.lastIndexOf('/') + 1)
  layer.weights.forEach((weight, i) => {
    if (weight.dtype !== 'float32') return
    const [low, high] = /variance/i.test(weight.name) ? [0.5, 1.5] : [-1, 1]
    weight.assign(tensorOf(uniform(weight.shape, low, high, 10 + i), float64))
  })
  const trained = layer.trainableWeights
  const step = lw.jit((given: readonly lw.Tensor[]) => {
    let output: lw.Tensor | undefined
    const loss = (given: readonly lw.Tensor[], _: readonly lw.Variable[]) => {
      output = layer.apply(input(given) as lw.Tensor, { training })
      return lw.ops.sum(lw.ops.multiply(output, tensorOf(uniform(output.shape, -1, 1, 20), float64)))
    }
    const differentiated =
      limit === undefined
        ? lw.grad(([given, weights]: readonly [readonly lw.Tensor[], readonly lw.Variable[]]) =>
            loss(given, weights),
          )([given, trained])
        : lw.grad((weights: readonly lw.Variable[]) => loss(given, weights))(trained)
    return { output: output as lw.Tensor, gradients: (differentiated as readonly unknown[]).flat() }
  })
  const { output, gradients } = step(inputs)
  return {
    output,
    gradients: gradients as lw.Tensor[],
    weights: layer.weights.map((weight) => [nameOf(weight), weight.shape, trained.includes(weight)]),
    moved: layer.weights.filter((weight) => !trained.includes(weight)).map((weight) => weight.read()),
  }
}

function expectNear(tensor: lw.Tensor, wanted: Numbers, tolerance: number, what: string): void {
  const [got, truth] = [tensor.dataSync(), toFloat64(wanted)]
  expect(got.length).toBe(truth.length)
  truth.forEach((number, i) => {
    const near = Math.abs((got[i] as number) - number) <= tolerance * Math.max(1, Math.abs(number))
    if (!near) expect.fail(`element ${i} of ${what}: expected ${number}, got ${got[i]}`)
  })
}

/** What a configuration says besides what every layer's does, also of a layer within. */
function ownOf({ name, dtype, trainable, ...config }: Readonly<Record<string, unknown>>): object {
  const known = Object.entries(config).filter(([, value]) => value !== null)
  const own = (value: unknown) =>
    isSerialized(value) ? { ...value, config: ownOf(value.config ?? {}) } : value
  return Object.fromEntries(known.map(([key, value]) => [key, own(value)]))
}

describe('layers have the configuration of Keras, with its defaults', () => {
  test.each(configurations.map(({ layer, ...entry }) => [layer, entry] as const))('%s', (name, entry) => {
    const config = layerFrom({ className: name, config: entry.given }).getConfig()
    expect(config).toMatchObject({ dtype: 'float32', trainable: true })
    expect(ownOf(config)).toEqual(ownOf(entry.config))
  })

  test('of all layers that Keras serializes', () => {
    const names = configurations.map(({ layer }) => layer).sort()
    expect(names).toEqual(
      Object.keys(layerFactories)
        .filter((name) => !withoutKeras.includes(name))
        .sort(),
    )
  })
})
