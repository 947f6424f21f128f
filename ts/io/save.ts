import type { Serialized } from '../described.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { runOnce } from '../graph/jit.js'
import type { TensorSpec } from '../layers/placeholder.js'
import type { Model } from '../models/model.js'
import type { Tensor } from '../tensor.js'
import { mapTree, type Tree } from '../tree.js'
import type { Variable } from '../variable.js'
import { writeAtomically } from './files.js'
import { encodeSafetensors } from './safetensors.js'
import { serialize } from './serialize.js'
import { type NamedVariables, namedState, namedWeights } from './state.js'

/** What files of this kind say of themselves. */
export const formatName = 'layerwise 1'

/** Writes a model, how it is compiled, its weights and the state of its training to one file. */
export async function saveModel(model: Model, path: string): Promise<void> {
  checkPath('save', path)
  checkBuilt('save', model)
  const metadata = new Map([
    ['format', formatName],
    ['model', JSON.stringify(serialize(model))],
  ])
  const { preparedFor, compileConfig } = model
  if (preparedFor) metadata.set('input', JSON.stringify(describeInputs(preparedFor)))
  if (compileConfig) {
    metadata.set(
      'compile',
      JSON.stringify(serialize({ ...compileConfig, optimizer: model.optimizer }, 'compile')),
    )
  }
  await write(path, namedState(model), metadata)
}

/** Writes a model's weights alone. */
export async function saveWeights(model: Model, path: string): Promise<void> {
  checkPath('saveWeights', path)
  checkBuilt('saveWeights', model)
  await write(path, namedWeights(model), new Map([['format', formatName]]))
}

/** The shapes and dtypes of inputs as JSON, in their structure. */
function describeInputs(specs: Tree<TensorSpec>): unknown {
  return mapTree(specs, (leaf) => {
    const { shape, dtype } = leaf as TensorSpec
    return { className: 'tensorSpec', config: { shape, dtype } } satisfies Serialized
  })
}

async function write(
  path: string,
  named: NamedVariables,
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  const values = snapshot([...named.values()])
  const tensors = new Map([...named.keys()].map((name, i) => [name, values[i] as Tensor]))
  await writeAtomically(path, encodeSafetensors({ tensors, metadata }))
}

/** The values of variables at one moment: a training that runs meanwhile is between two steps. */
function snapshot(variables: readonly Variable[]): readonly Tensor[] {
  const current = executor()
  // One program reads all; other executors than the present one train nothing meanwhile.
  return variables.length > 0 && variables.every((variable) => variable.executor === current)
    ? (runOnce('save', [], () => variables.map((variable) => variable.read())) as Tensor[])
    : variables.map((variable) => variable.read())
}

/** Raises unless a path is a text. */
export function checkPath(op: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return
  fail('argument.type', { op, argument: 'path', expected: "a text, such as 'model.safetensors'", got: path })
}

/** Raises unless a model has weights. */
export function checkBuilt(method: string, model: Model): void {
  if (!model.built) fail('layer.unbuilt', { layer: model.name, method })
}
