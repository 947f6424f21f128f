import { type CustomObjects, isSerialized, withCustomMade, withCustomObjects } from '../described.js'
import { fail, LayerwiseError } from '../errors.js'
import { TensorSpec } from '../layers/placeholder.js'
import { withWeightBudget } from '../layers/weight-budget.js'
import type { Model } from '../models/model.js'
import { modelFrom } from '../models/registry.js'
import { checkOptions } from '../options.js'
import type { Tree } from '../tree.js'
import { withFile } from './files.js'
import { parseJson } from './json.js'
import { decodeSafetensors } from './safetensors.js'
import { checkBuilt, checkPath, formatName } from './save.js'
import { namedState, namedWeights, optimizerPrefix } from './state.js'
import { assignAll } from './weights.js'

export interface LoadOptions {
  /** Classes and functions of one's own that the model consists of, by name (default none). */
  readonly customObjects?: CustomObjects
}

/**
 * A model from what `model.toJSON` gave, as an object or a text: with its structure, without its weights. Nothing in the JSON is run; what it
 * names is a part of layerwise or given by `customObjects`.
 *
 * @throws name.unknown, custom.missing, io.config; what the layers throw where their configuration is not valid
 *
 * @example
 * const copy = lw.modelFromJSON(JSON.stringify(model))
 */
export function modelFromJSON(json: unknown, options: LoadOptions = {}): Model {
  checkOptions('modelFromJSON', options, ['customObjects'])
  const refuse = (detail: string) => fail('io.config', { what: 'The JSON of the model', detail })
  // An object may be of any origin: as text it is the same without prototypes, getters and cycles.
  const parsed = parseJson(typeof json === 'string' ? json : textOf(json, refuse), refuse)
  return guarded(refuse, options, () => modelFrom(parsed))
}

function textOf(json: unknown, refuse: (detail: string) => never): string {
  try {
    return JSON.stringify(json) ?? 'undefined'
  } catch (error) {
    return refuse((error as Error).message)
  }
}

/**
 * A model that `model.save` wrote: its layers, weights and optimizer, so that training goes on as if it had never stopped. The file is not
 * trusted: nothing in it is run, and it is refused whole if it is damaged.
 *
 * @param options customObjects: classes and functions of one's own, by name
 * @throws io.read, io.format, io.config, io.names, io.weight, custom.missing
 *
 * @example
 * await model.save('model.safetensors')
 * const same = await lw.loadModel('model.safetensors', { customObjects: { MyLayer } })
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  checkPath('loadModel', path)
  checkOptions('loadModel', options, ['customObjects'])
  const { tensors, metadata } = await withFile(path, decodeSafetensors)
  const refuse = (detail: string) => fail('io.config', { what: path, detail })
  const parse = (key: string) => {
    const text = metadata.get(key)
    return text === undefined ? undefined : parseJson(text, (detail) => refuse(`its ${key} ${detail}`))
  }
  const format = metadata.get('format')
  if (format !== formatName || !metadata.has('model')) {
    const missing = `it holds tensors, but no model that model.save wrote (format '${formatName}')`
    refuse(`${missing}. Make the model with code and call model.loadWeights`)
  }
  let elements = 0
  for (const { size } of tensors.values()) elements += size
  const model = guarded(refuse, options, () =>
    withWeightBudget(elements, () => {
      const model = modelFrom(parse('model'))
      const [input, compile] = [parse('input'), parse('compile')]
      if (input !== undefined) model.prepare(specsFrom(input, refuse))
      if (compile !== undefined) model.compile(withCustomMade(compile) as Parameters<Model['compile']>[0])
      return model
    }),
  )
  checkBuilt('loadModel', model)
  const weights = namedWeights(model)
  if (model.compileConfig) {
    const trained = [...weights].filter(([path]) => {
      const slots = `${optimizerPrefix}${path}/`
      return [...tensors.keys()].some((name) => name.startsWith(slots))
    })
    model.optimizer.build(trained.map(([, weight]) => weight))
  }
  assignAll(path, namedState(model), tensors)
  return model
}

/** Runs what makes a model out of JSON. Whatever it raises is the JSON's fault, since layers check what they are given. */
function guarded<R>(refuse: (detail: string) => never, options: LoadOptions, body: () => R): R {
  const { customObjects = {} } = options
  if (typeof customObjects !== 'object' || customObjects === null) {
    const expected = 'an object of classes and functions by name'
    fail('argument.type', { op: 'loading', argument: 'customObjects', expected, got: customObjects })
  }
  try {
    return withCustomObjects(customObjects, body)
  } catch (error) {
    if (error instanceof LayerwiseError) throw error
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

/** The other way round of what `save` does: inputs that a model was built for. */
function specsFrom(described: unknown, refuse: (detail: string) => never): Tree<TensorSpec> {
  if (typeof described !== 'object' || described === null) return refuse('its input is not one of tensors')
  if (Array.isArray(described)) return described.map((part) => specsFrom(part, refuse))
  if (isSerialized(described)) {
    const { shape, dtype } = described.config as unknown as TensorSpec
    return new TensorSpec(shape, dtype)
  }
  const entries = Object.entries(described)
  return Object.fromEntries(entries.map(([key, part]) => [key, specsFrom(part, refuse)]))
}
