import { describe, expect, it } from 'vitest'
import { getConstraint } from '../../ts/constraints/registry.js'
import * as lw from '../../ts/index.js'
import { getInitializer } from '../../ts/initializers/registry.js'
import { serialize } from '../../ts/io/serialize.js'
import { layerFactories } from '../../ts/layers/registry.js'
import { getLoss } from '../../ts/losses/registry.js'
import { getMetric } from '../../ts/metrics/registry.js'
import { getOptimizer } from '../../ts/optimizers/registry.js'
import { getSchedule } from '../../ts/optimizers/schedules/registry.js'
import { getRegularizer } from '../../ts/regularizers/registry.js'
import { expectError } from '../expect.js'

/** What factories need that cannot do without. */
const needed: Readonly<Record<string, object>> = {
  precisionAtRecall: { recall: 0.5 },
  recallAtPrecision: { precision: 0.5 },
  sensitivityAtSpecificity: { specificity: 0.5 },
  specificityAtSensitivity: { sensitivity: 0.5 },
  iou: { numClasses: 3, targetClassIds: [1] },
  meanIoU: { numClasses: 3 },
  oneHotIoU: { numClasses: 3, targetClassIds: [1] },
  oneHotMeanIoU: { numClasses: 3 },
  cosineDecay: { initialLearningRate: 0.1, decaySteps: 10, warmupTarget: 0.2, warmupSteps: 3 },
  cosineDecayRestarts: { initialLearningRate: 0.1, firstDecaySteps: 10 },
  exponentialDecay: { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 },
  inverseTimeDecay: { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 },
  piecewiseConstantDecay: { boundaries: [5], values: [0.1, 0.01] },
  polynomialDecay: { initialLearningRate: 0.1, decaySteps: 10 },
}

const kinds = [
  ['initializers', lw.initializers, getInitializer],
  ['regularizers', lw.regularizers, getRegularizer],
  ['constraints', lw.constraints, getConstraint],
  ['losses', lw.losses, getLoss],
  ['metrics', lw.metrics, getMetric],
  ['optimizers', lw.optimizers, getOptimizer],
  ['schedules', lw.optimizers.schedules, getSchedule],
] as const

const factories = kinds.flatMap(([kind, namespace, get]) =>
  Object.entries(namespace as Record<string, unknown>)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(
      ([name, make]) =>
        [`${kind}.${name}`, make as (config?: object) => object, get as (form: unknown) => object] as const,
    ),
)

describe('what factories make', () => {
  it.each(factories)('%s comes again from its serialized form', (name, make, get) => {
    const short = name.split('.')[1] as string
    const form = serialize(make(needed[short]))
    expect(form).toEqual({ className: short, config: expect.any(Object) })
    const text = JSON.stringify(form)
    expect(JSON.stringify(serialize(get(JSON.parse(text))))).toBe(text)
  })

  it('every layer is in the registry', () => {
    const names = Object.keys(lw.layers).filter((name) => /^[a-z]/.test(name) && name !== 'input')
    expect(Object.keys(layerFactories).sort()).toEqual(names.sort())
  })

  it('what JSON cannot hold is refused with the place where it stands', async () => {
    const layer = lw.layers.dense({
      units: 1,
      name: 'd',
      kernelInitializer: (
        () => () =>
          lw.tensor(1)
      )(),
    })
    const error = await expectError('io.function', () => layer.toJSON())
    expect(error.fields.where).toBe("dense 'd' › kernelInitializer")
    await expectError('io.value', () => serialize({ a: [1, lw.tensor(2)] }), { where: 'a[1]' })
    await expectError('io.value', () => serialize({ a: NaN }), { where: 'a' })
    const [one, two] = [() => 1, () => 2].map((f) => Object.defineProperty(f, 'name', { value: 'same' }))
    await expectError('io.function', () => serialize({ one, two }), { name: 'same' })
  })
})
