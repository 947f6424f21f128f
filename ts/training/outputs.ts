import type { TensorSpec } from '../layers/placeholder.js'
import { isByName } from '../models/arrange.js'
import type { Model } from '../models/model.js'
import { leavesOf, type Tree } from '../tree.js'

/** What a model's outputs are called: as its graph says, else by their keys or numbers in what its call returns. */
export function outputNamesOf(model: Model, outputs: Tree<TensorSpec>): readonly string[] {
  if (model.outputNames.length > 0) return model.outputNames
  if (isByName(outputs)) return Object.keys(outputs)
  const { length } = leavesOf(outputs)
  return Array.from({ length }, (_, i) => (length === 1 ? 'output' : `output_${i}`))
}
