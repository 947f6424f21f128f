import type { Executor } from '../../ts/executors/executor.js'
import * as ops from '../../ts/ops/index.js'
import type { Composition, Primitive, Sample, SampleArray } from '../../ts/ops/record.js'
import { type Shape, sizeOf } from '../../ts/shape.js'
import type { Tensor } from '../../ts/tensor.js'
import type { Workload } from './execution.js'
import {
  applyRecord,
  gradientsOf,
  isDifferentiable,
  outputShape,
  reference32,
  sampleSize,
  type TensorFunction,
  traceProgram,
  weightedSum,
  weightsFor,
} from './program.js'

/** Something that both executors are to agree on. */
export interface Case {
  /** The row of the table that it counts in. */
  readonly row: string
  readonly kind: 'value' | 'gradient' | 'program'
  readonly label: string
  readonly workload: Workload
  /** The op whose tolerance holds for the result; without it, errors are propagated through the program. */
  readonly strict?: { readonly op: Primitive | Composition; readonly sample: Sample }
}

function workload(
  f: TensorFunction,
  inputs: readonly SampleArray[],
  tracer: Executor = reference32,
): Workload {
  return { program: traceProgram(tracer, f, inputs), inputs, initial: [], steps: 1 }
}

/** The values and gradients of an op over its samples, up to a size. */
export function* opCases(op: Primitive | Composition, mostElements = Infinity): Generator<Case> {
  for (const sample of op.samples()) {
    if (sampleSize(sample) > mostElements) continue
    const { value, gradient } = opCase(op, sample)
    yield value
    if (gradient) yield gradient
  }
  yield* broadcastCases(op)
}

/** The value of an op on a sample, and its gradient where it has one, with constants in the precision of `tracer`. */
export function opCase(
  op: Primitive | Composition,
  sample: Sample,
  tracer: Executor = reference32,
): { readonly value: Case; readonly gradient: Case | undefined } {
  const { label, inputs, attributes } = sample
  const f = (x: readonly Tensor[]) => applyRecord(op, x, attributes)
  return {
    value: {
      row: op.name,
      kind: 'value',
      label,
      workload: workload((x) => [f(x)], inputs, tracer),
      strict: { op, sample },
    },
    gradient: isDifferentiable(op, sample) ? gradientCase(op.name, label, f, inputs, tracer) : undefined,
  }
}

function gradientCase(
  row: string,
  label: string,
  f: (x: readonly Tensor[]) => Tensor,
  inputs: readonly SampleArray[],
  tracer?: Executor,
): Case {
  const weights = weightsFor({ shape: outputShape(f, inputs), dtype: 'float32' })
  return {
    row,
    kind: 'gradient',
    label,
    workload: workload(gradientsOf(weightedSum(f)), [...inputs, weights], tracer),
  }
}

/** The shapes of the first arguments; further ones have the shape of the first. */
const broadcasts: readonly (readonly [Shape, Shape])[] = [
  [[5, 7], [7]],
  [[7], [5, 7]],
  [
    [5, 1],
    [5, 7],
  ],
  [[], [3, 5]],
  [[3, 5], []],
  [[1], [1000]],
  [
    [1, 5, 1],
    [3, 1, 7],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[33, 65], [65]],
  [
    [33, 65],
    [33, 1],
  ],
  [
    [64, 1],
    [1, 48],
  ],
  [[0, 3], [3]],
]

/** Elementwise ops over arguments of different shapes, which their public functions broadcast. */
function* broadcastCases(op: Primitive | Composition): Generator<Case> {
  const publicOp = Object.entries(ops).find(([name]) => name === op.name)?.[1] as
    | ((...x: readonly Tensor[]) => Tensor)
    | undefined
  const isElementwise =
    op
      .samples()
      .every(({ inputs }) => inputs.every(({ shape }) => String(shape) === String(inputs[0]?.shape))) &&
    Object.keys(op.attributes).length === 0
  const base = op.samples().reduce((a, b) => (sampleSize(a) >= sampleSize(b) ? a : b))
  if (!publicOp || !isElementwise || base.inputs.length < 2) return
  for (const pair of broadcasts) {
    const inputs = base.inputs.map(({ dtype, values }, k): SampleArray => {
      const shape = pair[k] ?? pair[0]
      return { shape, dtype, values: Array.from({ length: sizeOf(shape) }, (_, i) => values[i] as number) }
    })
    const f = (x: readonly Tensor[]) => publicOp(...x)
    const label = `shapes ${pair.map((shape) => `[${shape}]`).join(' and ')}`
    const sample = { label, inputs, attributes: {} }
    yield {
      row: op.name,
      kind: 'value',
      label,
      workload: workload((x) => [f(x)], inputs),
      strict: { op, sample },
    }
    if (isDifferentiable(op, base)) yield gradientCase(op.name, label, f, inputs)
  }
}
