import { type Config, fromRegistry, isSerialized } from '../described.js'
import { fail } from '../errors.js'
import { InputLayer } from '../layers/input.js'
import { Layer } from '../layers/layer.js'
import type { Placeholder, Placeholders } from '../layers/placeholder.js'
import { layerFactories } from '../layers/registry.js'
import { checkOptions } from '../options.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import { model } from './functional.js'
import { Model } from './model.js'
import { sequential } from './sequential.js'

const factories = {
  ...layerFactories,
  input: (config: never) => new InputLayer(config),
  model: (config: never) => functionalFrom(config),
  sequential: (config: never) => sequentialFrom(config),
}

/** A layer or a model from its serialized form. */
function layerFrom(serialized: unknown): Layer {
  if (!isSerialized(serialized)) {
    fail('io.config', { what: 'The JSON', detail: 'a layer in it is not of the form { className, config }' })
  }
  const layer = fromRegistry<Layer>('layer', serialized, factories)
  if (!(layer instanceof Layer)) {
    fail('io.config', { what: 'The JSON', detail: `'${serialized.className}' is not a layer` })
  }
  const name = serialized.config?.name
  if (name !== undefined && name !== layer.name) fail('custom.config', { name: layer.constructor.name })
  return layer
}

/**
 * A model from its serialized form.
 *
 * @throws name.unknown, custom.missing, io.config; what layers throw
 */
export function modelFrom(serialized: unknown): Model {
  const made = layerFrom(serialized)
  if (made instanceof Model) return made
  return fail('io.config', { what: 'The JSON', detail: `it is the layer '${made.name}'` })
}

function sequentialFrom(config: Config): Model {
  const refuse = checkedKeys(config, ['layers'])
  const { layers, ...rest } = config
  const made = listOf(layers, 'layers', refuse).map((layer) => {
    const made = layerFrom(layer)
    return made instanceof InputLayer ? made.output : made
  })
  return sequential({ ...rest, ...(made.length > 0 && { layers: made }) })
}

/** Makes the layers, then the calls of them one after the other: each number stands for one output of the calls before. */
function functionalFrom(config: Config): Model {
  const refuse = checkedKeys(config, ['layers', 'calls', 'inputs', 'outputs'])
  const { layers, calls, inputs, outputs, ...rest } = config
  const byName = new Map(
    listOf(layers, 'layers', refuse).map((serialized) => {
      const layer = layerFrom(serialized)
      return [layer.name, layer] as const
    }),
  )
  const placeholders: Placeholder[] = []
  const resolve = (tree: unknown) =>
    mapTree(
      tree,
      (number) =>
        placeholders[number as number] ??
        refuse(`it takes output ${number}, and there are ${placeholders.length}`),
    ) as Tree<Placeholder>
  for (const call of listOf(calls, 'calls', refuse)) {
    checkOptions('a call of a model', call, ['layer', 'inputs', 'training'])
    const { layer: name, inputs, training } = call as { layer: string; inputs: unknown; training?: boolean }
    const layer = byName.get(name) ?? refuse(`it calls a layer '${name}', which is not among its layers`)
    const result =
      layer instanceof InputLayer
        ? layer.output
        : layer.apply(resolve(inputs), training === undefined ? {} : { training })
    placeholders.push(...(leavesOf(result) as Placeholder[]))
  }
  const [from, to] = [resolve(inputs), resolve(outputs)] as [Placeholders, Placeholders]
  return model({ ...rest, inputs: from, outputs: to })
}

/** Raises unless a model's configuration has known keys alone; gives what refuses the rest. */
function checkedKeys(config: Config, keys: readonly string[]): (detail: string) => never {
  checkOptions('the configuration of a model', config, ['name', 'trainable', ...keys])
  return (detail) => fail('io.config', { what: 'The configuration of a model', detail })
}

function listOf(value: unknown, key: string, refuse: (detail: string) => never): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(`its ${key} are no array`)
}
