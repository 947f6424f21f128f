import { fail } from '../errors.js'
import type { Model } from '../models/model.js'
import { checkBoolean, checkOptions } from '../options.js'
import { formatShape, sameShape } from '../shape.js'
import { createTensor, type Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { withFile } from './files.js'
import { decodeSafetensors, type TensorFile } from './safetensors.js'
import { checkBuilt, checkPath } from './save.js'
import { type NamedVariables, namedWeights, optimizerPrefix, randomPrefix } from './state.js'

export interface LoadWeightsOptions {
  /** Whether weights that the file lacks or holds in another shape keep their values, with a warning (default false: an error). */
  readonly skipMismatch?: boolean
}

/** Sets a model's weights to those of a file, by name. */
export async function loadWeights(
  model: Model,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<void> {
  checkPath('loadWeights', path)
  checkOptions('loadWeights', options, ['skipMismatch'])
  checkBoolean('loadWeights', 'skipMismatch', options.skipMismatch)
  checkBuilt('loadWeights', model)
  const { tensors } = await withFile(path, decodeSafetensors)
  const weights = namedWeights(model)
  const state = (name: string) => name.startsWith(optimizerPrefix) || name.startsWith(randomPrefix)
  const given = new Map([...tensors].filter(([name]) => weights.has(name) || !state(name)))
  if (!options.skipMismatch) {
    assignAll(path, weights, given)
    return
  }
  const fitting = [...weights].filter(([name, weight]) => fits(weight, given.get(name)))
  const skipped = new Set([...weights.keys(), ...given.keys()])
  for (const [name] of fitting) skipped.delete(name)
  const found = fitting.map(([name]) => [name, given.get(name) as Tensor] as const)
  assignAll(path, new Map(fitting), new Map(found))
  if (skipped.size === 0) return
  const list = [...skipped].join(', ')
  process.emitWarning(
    `loadWeights: model and ${path} differ in ${list}; these were skipped.`,
    'LayerwiseWarning',
  )
}

/** Sets variables by name. All are checked before any is set. */
export function assignAll(path: string, named: NamedVariables, tensors: TensorFile['tensors']): void {
  const missing = [...named.keys()].filter((name) => !tensors.has(name))
  const unexpected = [...tensors.keys()].filter((name) => !named.has(name))
  if (missing.length + unexpected.length > 0) fail('io.names', { path, missing, unexpected })
  for (const [name, variable] of named) {
    const { shape, dtype } = tensors.get(name) as Tensor
    if (fits(variable, tensors.get(name))) continue
    const expected = `${variable.dtype} ${formatShape(variable.shape)}`
    fail('io.weight', { path, weight: name, expected, got: `${dtype} ${formatShape(shape)}` })
  }
  for (const [name, variable] of named) {
    const tensor = tensors.get(name) as Tensor
    variable.assign(createTensor(tensor, undefined, undefined, variable.executor.float64))
  }
}

function fits(variable: Variable, tensor: Tensor | undefined): boolean {
  return tensor !== undefined && tensor.dtype === variable.dtype && sameShape(tensor.shape, variable.shape)
}
