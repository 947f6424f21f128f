import type { Layer } from '../layers/layer.js'
import { baseName } from '../layers/names.js'
import type { Model } from '../models/model.js'
import type { Optimizer } from '../optimizers/optimizer.js'
import type { RandomGenerator } from '../random.js'
import type { Variable } from '../variable.js'

/** What stands before the names of variables that are not weights. */
export const optimizerPrefix = 'optimizer/'
export const randomPrefix = 'random/'

/** Variables by names that are the same wherever the same code made the model: they do not depend on what was made before it. */
export type NamedVariables = ReadonlyMap<string, Variable>

/** A model's weights by the names that files know them by: 'dense/kernel', 'encoder/dense_1/bias'. */
export function namedWeights(model: Layer): Map<string, Variable> {
  const named = new Map<string, Variable>()
  const taken = new Set<Variable>()
  for (const [path, layer] of paths(model)) {
    const within = new Set(layer.sublayers.flatMap(({ weights }) => weights))
    for (const weight of layer.weights) {
      if (within.has(weight) || taken.has(weight)) continue
      taken.add(weight)
      named.set(unused(`${path}${lastName(weight)}`, named), weight)
    }
  }
  return named
}

/** The sources of random numbers in a model's layers: 'random/dropout/key' and 'random/dropout/step'. */
function namedGenerators(model: Layer): Map<string, Variable> {
  const named = new Map<string, Variable>()
  const taken = new Set<RandomGenerator>()
  for (const [path, layer] of paths(model)) {
    const within = new Set(layer.sublayers.flatMap(({ generators }) => generators))
    for (const generator of layer.generators) {
      if (within.has(generator) || taken.has(generator)) continue
      taken.add(generator)
      for (const variable of [generator.key, generator.step]) {
        named.set(unused(`${randomPrefix}${path}${lastName(variable)}`, named), variable)
      }
    }
  }
  return named
}

/** All that training changes: the weights, the optimizer's state and the sources of random numbers. */
export function namedState(model: Model): Map<string, Variable> {
  const weights = namedWeights(model)
  const named = new Map([...weights, ...namedGenerators(model)])
  const add = (name: string, variable: Variable) => named.set(unused(name, named), variable)
  const { compileConfig, trainingGenerator } = model
  if (compileConfig)
    for (const [name, variable] of namedOptimizer(model.optimizer, weights)) add(name, variable)
  for (const variable of trainingGenerator ? [trainingGenerator.key, trainingGenerator.step] : []) {
    add(`${randomPrefix}training/${lastName(variable)}`, variable)
  }
  return named
}

/** What an optimizer keeps: 'optimizer/iterations', and for each weight what its rule does: 'optimizer/dense/kernel/momentum'. */
function namedOptimizer(optimizer: Optimizer, weights: NamedVariables): Map<string, Variable> {
  const named = new Map<string, Variable>()
  for (const [path, weight] of weights) {
    for (const slot of optimizer.slots(weight)) named.set(`${optimizerPrefix}${path}/${lastName(slot)}`, slot)
  }
  for (const variable of optimizer.shared) named.set(`${optimizerPrefix}${lastName(variable)}`, variable)
  return named
}

/** Each layer once, with what stands before the names of its variables. */
function* paths(layer: Layer, path = '', seen = new Set<Layer>()): Generator<readonly [string, Layer]> {
  if (seen.has(layer)) return
  seen.add(layer)
  yield [path, layer]
  const counts = new Map<string, number>()
  for (const inner of layer.sublayers) {
    if (seen.has(inner)) continue
    const name = baseName(inner)
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    yield* paths(inner, `${path}${count === 0 ? name : `${name}_${count}`}/`, seen)
  }
}

function lastName({ name }: Variable): string {
  return name.split('/').at(-1) as string
}

/** The name itself, or numbered if it is taken. */
function unused(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name
  let count = 1
  while (taken.has(`${name}_${count}`)) count++
  return `${name}_${count}`
}
