import { type ArrayData, type Batches, isBatches, isWhole, rowsOf } from '../data/arrays.js'
import { countOf, Dataset } from '../data/dataset.js'
import { fail } from '../errors.js'
import type { TensorSpec } from '../layers/placeholder.js'
import { arrange, isByName } from '../models/arrange.js'
import type { Model } from '../models/model.js'
import { reshape } from '../ops/index.js'
import { Tensor } from '../tensor.js'
import { leavesOf, type Tree } from '../tree.js'
import { type Batch, rowsIn, sliceBatch } from './batch.js'
import type { Samples } from './calls.js'
import { checkLengths, checkTargets } from './checks.js'
import type { OutputObjective } from './objective.js'
import type { Programs } from './programs.js'
import { weightsFor } from './sample-weights.js'

/** One input or target, or several of a model in an array or by name. */
export type ModelData = ArrayData | readonly ArrayData[] | { readonly [name: string]: ArrayData }

/** What `fit` and `evaluate` are given, as it was given. */
export interface GivenSamples {
  readonly x: unknown
  readonly y: unknown
  readonly sampleWeight?: unknown
  readonly batchSize: number | undefined
}

/**
 * The arguments of `fit` and `evaluate`, (x, y, options) or (batches, options), told apart. An array without y is a list of batches.
 */
export function splitArguments<Options extends object>(
  op: string,
  known: readonly string[],
  first: unknown,
  second: unknown,
  third: Options | undefined,
): { x: unknown; y: unknown; options: Options | undefined } {
  // Targets by name are an object too: of data alone, under other names.
  const isTargets = (given: Readonly<Record<string, unknown>>) =>
    Object.keys(given).length > 0 &&
    Object.entries(given).every(([name, value]) => isData(value) && !known.includes(name))
  const isOptions = isByName(second) && !isTargets(second)
  if (second === undefined || isOptions) {
    if (second !== undefined && third !== undefined) {
      fail('argument.type', { op, argument: 'y', expected: 'data with a row for each sample', got: second })
    }
    return { x: first, y: undefined, options: (second ?? third) as Options | undefined }
  }
  return { x: first, y: second, options: third }
}

function isData(value: unknown): boolean {
  return isWhole(value) || Array.isArray(value)
}

/** The samples of a step, for data in memory. */
export const defaultBatchSize = 32

/** Samples for a compiled model, checked before anything runs: shapes, lengths, targets, weights. */
export function samplesFor(op: string, model: Model, programs: Programs, given: GivenSamples): Samples {
  const { x, y, batchSize, sampleWeight } = given
  const { targetless } = programs
  if (y !== undefined && isBatches(x)) fail('data.stream', { op, argument: 'y' })
  const stream = y === undefined && (isBatches(x) || (Array.isArray(x) && !targetless))
  if (!stream) {
    const data = batchOf(op, model, programs, { x, y, sampleWeight })
    return { kind: 'rows', data, batchSize: batchSize ?? defaultBatchSize }
  }
  if (batchSize !== undefined) fail('data.stream', { op, argument: 'batchSize' })
  if (sampleWeight !== undefined) fail('data.stream', { op, argument: 'sampleWeight' })
  return {
    kind: 'batches',
    batches: x as Batches<unknown>,
    count: countOf(x as Batches<unknown>),
    convert: (batch, index) => {
      const whole = Array.isArray(batch) && (batch.length === 2 || batch.length === 3)
      if (!whole && !targetless) return fail('data.batch', { op, batch: index, got: batch })
      const [inputs, y, sampleWeight] = whole ? batch : [batch]
      checkBatched(op, model, x as Batches<unknown>, inputs)
      return batchOf(`${op}, batch ${index}`, model, programs, { x: inputs, y, sampleWeight })
    },
  }
}

/** Raises where a dataset gives samples one by one. */
export function checkBatched(op: string, model: Model, batches: Batches<unknown>, x: unknown): void {
  const [input, ...others] = model.inputs
  if (!(batches instanceof Dataset) || !(x instanceof Tensor) || !input || others.length > 0) return
  if (x.rank === input.shape.length - 1) fail('data.unbatched', { op, got: x.shape })
}

/** Samples in memory, converted and checked. */
export function batchOf(
  op: string,
  model: Model,
  programs: Programs,
  given: Omit<GivenSamples, 'batchSize'>,
): Batch {
  if (given.y === undefined && !programs.targetless) fail('data.targets', { op })
  const x = inputsOf(op, model, given.x)
  const specs = model.prepare(x)
  const { outputs } = programs.objectiveOf(specs)
  if (given.y === undefined) return { x, y: [], sampleWeight: [] }
  if (programs.targetless) return { x, ...freeTargets(op, given, rowsIn({ x })) }
  const shapes = leavesOf(specs) as TensorSpec[]
  const needed = programs.measuredOutputs
  const targets = arrange<ArrayData>(
    op,
    'y',
    given.y,
    outputs.map(({ name }) => name),
    { partial: true },
  )
  const y = outputs.map((output, i) => {
    const target = targets[i]
    const wanted = output.loss !== undefined || needed.has(i)
    if (target === undefined && wanted) fail('data.targets', { op, output: output.name })
    if (target === undefined) return undefined
    const argument = outputs.length > 1 ? `y '${output.name}'` : 'y'
    return targetOf(op, argument, target, output, (shapes[i] as TensorSpec).shape, rowsIn({ x }))
  })
  return { x, y, sampleWeight: weightsFor(op, given.sampleWeight, y, outputs) }
}

/** Targets that no loss of `compile` compares with the outputs: a model's own step knows what they are. */
function freeTargets(op: string, { y, sampleWeight }: Omit<GivenSamples, 'batchSize'>, rows: number) {
  const list = Array.isArray(y) && y.length > 0 && y.every(isWhole) ? y : [y]
  const targets = list.map((target) => rowsOf(op, 'y', target as ArrayData, undefined))
  for (const target of targets) checkLengths(op, rows, target, 'y')
  const outputs = targets.map((_, i) => ({ name: `y[${i}]`, loss: undefined, lossWeight: 1 }))
  return { y: targets, sampleWeight: weightsFor(op, sampleWeight, targets, outputs) }
}

function targetOf(
  op: string,
  argument: string,
  given: ArrayData,
  { loss }: OutputObjective,
  output: TensorSpec['shape'],
  rows: number,
): Tensor {
  const valued = loss?.targets !== undefined && loss.targets !== 'classes'
  const converted = rowsOf(op, argument, given, valued ? output.slice(1) : undefined)
  // One value a sample may stand without an axis of its own.
  const bare = valued && output.length === converted.rank + 1 && output.at(-1) === 1
  const y = bare ? reshape(converted, [...converted.shape, 1]) : converted
  checkLengths(op, rows, y, argument)
  if (loss) checkTargets(op, y, loss, output)
  return y
}

/** Data for a model's inputs, as tensors in the structure that its call takes. */
export function inputsOf(op: string, model: Model, given: unknown): Tree<Tensor> {
  const { inputs, inputNames } = model
  const convert = (argument: string, data: unknown, i: number): Tensor => {
    const x = rowsOf(op, argument, data as ArrayData, inputs[i]?.shape.slice(1))
    if (x.size === 0) fail('data.empty', { op })
    return x
  }
  if (inputNames.length > 0) {
    const list = arrange<ArrayData>(op, 'x', given, inputNames)
    const tensors = list.map((data, i) => convert(list.length > 1 ? `x '${inputNames[i]}'` : 'x', data, i))
    tensors.forEach((x, i) => checkLengths(op, rowsIn({ x: tensors }), x, `x '${inputNames[i]}'`))
    return model.joinInputs(tensors)
  }
  if (isByName(given)) {
    const entries = Object.entries(given).map(([name, data], i) => [name, convert(`x '${name}'`, data, i)])
    const x = Object.fromEntries(entries) as Record<string, Tensor>
    for (const [name, tensor] of Object.entries(x)) checkLengths(op, rowsIn({ x }), tensor, `x '${name}'`)
    return x
  }
  const several = Array.isArray(given) && given.length > 0 && given.every(isWhole)
  return several ? given.map((data, i) => convert(`x[${i}]`, data, i)) : convert('x', given, 0)
}

/** The first and the last part of samples in memory, before any shuffling. */
export function splitSamples(
  samples: Samples,
  validationSplit: number,
  validationBatchSize = defaultBatchSize,
): [Samples, Samples] {
  if (samples.kind !== 'rows') fail('data.stream', { op: 'fit', argument: 'validationSplit' })
  const { data, batchSize } = samples
  const rows = rowsIn(data)
  const at = Math.floor(rows * (1 - validationSplit))
  if (at === 0 || at === rows) {
    const expected = `a share that leaves samples on both sides of ${rows}`
    fail('argument.range', { op: 'fit', argument: 'validationSplit', expected, got: validationSplit })
  }
  const part = (from: number, to: number, batchSize: number): Samples => ({
    kind: 'rows',
    data: sliceBatch(data, from, to),
    batchSize,
  })
  return [part(0, at, batchSize), part(at, rows, validationBatchSize)]
}
