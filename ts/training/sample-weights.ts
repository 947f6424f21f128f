import { type ArrayData, rowsOf } from '../data/arrays.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { arrange, isByName } from '../models/arrange.js'
import { createTensor, storageOf, type Tensor } from '../tensor.js'
import type { Batch } from './batch.js'
import type { Samples } from './calls.js'
import type { OutputObjective } from './objective.js'

/** How much the samples of each class count; classes that are left out count 1. */
export type ClassWeight = { readonly [label: number]: number }

/** A weight for each sample, [n], or for each position of it, [n, …]; of several outputs one for all, in an array, or by name. */
export type SampleWeight = ArrayData | readonly ArrayData[] | { readonly [output: string]: ArrayData }

/** The weights for each output, or undefined where all samples count alike. */
export function weightsFor(
  op: string,
  sampleWeight: unknown,
  y: readonly (Tensor | undefined)[],
  outputs: readonly OutputObjective[],
): (Tensor | undefined)[] {
  if (sampleWeight === undefined) return outputs.map(() => undefined)
  const names = outputs.map(({ name }) => name)
  const listed = Array.isArray(sampleWeight) && typeof sampleWeight[0] !== 'number'
  const each =
    isByName(sampleWeight) || (listed && names.length > 1)
      ? arrange<ArrayData>(op, 'sampleWeight', sampleWeight, names, { partial: true })
      : names.map(() => sampleWeight as ArrayData)
  return each.map((given, i) => (given === undefined ? undefined : checked(op, given, y[i])))
}

function checked(op: string, given: ArrayData, y: Tensor | undefined): Tensor {
  const rows = rowsOf(op, 'sampleWeight', given, undefined)
  const weights = createTensor(rows, undefined, 'float32', executor().float64)
  if (y && weights.shape[0] !== y.shape[0]) {
    fail('data.length', {
      op,
      x: y.shape[0] as number,
      y: weights.shape[0] as number,
      argument: 'sampleWeight',
    })
  }
  const got = storageOf(weights).find((weight) => Number.isNaN(weight))
  if (got !== undefined) {
    fail('argument.range', { op, argument: 'sampleWeight', expected: 'numbers, not NaN', got })
  }
  return weights
}

/** Samples that count as their classes do. */
export function withClassWeight(op: string, samples: Samples, classWeight: ClassWeight): Samples {
  const weigh = (batch: Batch): Batch => ({ ...batch, sampleWeight: [classWeights(op, classWeight, batch)] })
  if (samples.kind === 'rows') return { ...samples, data: weigh(samples.data) }
  return { ...samples, convert: (batch, index) => weigh(samples.convert(batch, index)) }
}

/** The weight of each sample's class: of class numbers [n] or [n, 1], or of the largest of a row that is one-hot. */
export function classWeights(op: string, weights: ClassWeight, { y, sampleWeight }: Batch): Tensor {
  const refuse = (expected: string): never =>
    fail('argument.type', { op, argument: 'classWeight', expected, got: weights })
  const [targets, ...others] = y
  if (sampleWeight[0]) refuse('left out beside sampleWeight')
  if (!targets || others.length > 0) {
    return refuse('left out for a model of several outputs, which takes sampleWeight')
  }
  const valid =
    isByName(weights) &&
    Object.entries(weights).every(([label, weight]) => /^\d+$/.test(label) && Number.isFinite(weight))
  if (!valid) refuse('an object from class numbers to finite weights')
  if (targets.rank > 2) refuse('left out for targets of several positions, which take sampleWeight')
  const rows = targets.shape[0] as number
  const width = targets.size / rows
  const elements = storageOf(targets)
  const ofRow = Float32Array.from({ length: rows }, (_, row) => {
    const labels = elements.subarray(row * width, (row + 1) * width)
    const label = width === 1 ? Math.round(labels[0] as number) : labels.indexOf(Math.max(...labels) as never)
    return weights[label] ?? 1
  })
  return createTensor(ofRow, [rows], 'float32', executor().float64)
}
