import { describe, expect, test } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import * as lw from '../../ts/index.js'
import { type layerFactories, layerFrom } from '../../ts/layers/registry.js'
import { uniform } from '../../ts/ops/samples.js'
import type { Shape } from '../../ts/shape.js'
import { reference32, reference64, tensorOf, withExecutor } from '../parity/program.js'
import { type Numbers, readFixture, toFloat64 } from './fixtures.js'

/** What a layer of Keras makes of images and what belongs to them in steps of training, when it draws layerwise's random numbers. */
interface Entry {
  readonly layer: keyof typeof layerFactories
  readonly config: Readonly<Record<string, unknown>>
  readonly shapes: Readonly<Record<string, Shape>>
  readonly steps: readonly {
    readonly outputs: Readonly<Record<string, Numbers>>
    /** Of a weighted sum of all outputs, with respect to the images. */
    readonly gradient: Numbers
  }[]
}

type Parts = Readonly<Record<string, lw.Tensor>>

const entries = readFixture<Entry>('augmentation.json')
const addon = nativeAddon()

/** How near to Keras in float64 the executors come, relative to the range of pixels. */
const executors: readonly (readonly [string, Executor, number])[] = [
  ['reference executor in float64', reference64, 1e-12],
  ['reference executor', reference32, 1e-6],
  ...(addon ? [['native executor', new NativeExecutor(addon), 1e-6] as const] : []),
]

/**
 * Layers that move pixels multiply differences of pixels by coordinates, whose roundings of up to 2^-22 each add up: those of the drawn number, of
 * the map and of its four terms.
 */
const moving: readonly string[] = ['randomRotation', 'randomTranslation', 'randomZoom']

describe.each(executors)("layers augment images as Keras's do, on the %s", (_, executor, relative) => {
  test.each(entries.map((entry) => [`${entry.layer} ${JSON.stringify(entry.config)}`, entry] as const))(
    '%s',
    (_, { layer: className, config, shapes, steps }) => {
      const tolerance = moving.includes(className) ? 4 * relative : relative
      withExecutor(executor, () => {
        const tensorFrom = (shape: Shape, low: number, high: number, stream: number) =>
          tensorOf(uniform(shape, low, high, stream), executor.float64)
        const layer = layerFrom({ className, config })
        const step = lw.jit((data: Parts) => {
          let outputs: Parts = {}
          const gradient = lw.grad((images: lw.Tensor) => {
            outputs = layer.apply({ ...data, images }, { training: true }) as unknown as Parts
            const weighted = Object.values(outputs).map((x) =>
              lw.ops.sum(lw.ops.multiply(x, tensorFrom(x.shape, -1, 1, 20))),
            )
            return weighted.reduce((sum, x) => lw.ops.add(sum, x))
          })(data.images as lw.Tensor)
          return { outputs, gradient }
        })
        const data = Object.fromEntries(
          Object.entries(shapes).map(([part, shape], i) => [
            part,
            tensorFrom(shape, 0, part === 'images' ? 255 : 1, i),
          ]),
        )
        for (const truth of steps) {
          const { outputs, gradient } = step(data)
          expect(Object.keys(outputs)).toEqual(Object.keys(truth.outputs))
          for (const [part, values] of Object.entries(truth.outputs)) {
            expectNear(outputs[part] as lw.Tensor, values, tolerance * 255, part)
          }
          expectNear(gradient, truth.gradient, tolerance, 'the gradient')
        }
      })
    },
  )
})

function expectNear(tensor: lw.Tensor, wanted: Numbers, tolerance: number, what: string): void {
  const [got, truth] = [tensor.dataSync(), toFloat64(wanted)]
  expect(got.length).toBe(truth.length)
  truth.forEach((number, i) => {
    const near = Math.abs((got[i] as number) - number) <= tolerance
    if (!near) expect.fail(`element ${i} of ${what}: expected ${number}, got ${got[i]}`)
  })
}
