import type { MatmulPrecision } from '../../ts/executors/executor.js'
import { type Composition, type Primitive, primitiveTable, type Sample } from '../../ts/ops/record.js'
import { sample, uniform } from '../../ts/ops/samples.js'
import { type Case, opCase, opCases } from './cases.js'
import { replaceOps } from './float32-range.js'
import { denseLayers } from './fusion-programs.js'
import { filteredOps, outputsOf, sampleShapes, withWinogradTolerance } from './winograd.js'

type LowerPrecision = Exclude<MatmulPrecision, 'highest'>

/**
 * What a product may be off by, relative to the sum of its terms' magnitudes. bfloat16 has 8 bits, so rounding a factor to it changes the
 * factor by up to 2⁻⁸, and the sum of two bfloat16 numbers is within 2⁻¹⁶. 'high' leaves out the product of the two low parts as well; the
 * rest is float32's part in the sum.
 */
const tolerances: Readonly<Record<LowerPrecision, number>> = {
  high: 3 * 2 ** -16 + 2e-6,
  medium: 2 * 2 ** -8 + 2 ** -16 + 2e-6,
}

/** What has fewer bits in the precisions below the default. */
const productOps: readonly string[] = [
  'matmul',
  'convolution',
  'convolutionInputGradient',
  'convolutionKernelGradient',
]

/** Enough channels for the kernels of lower precision. */
const gradientsOfManyChannels: Readonly<Record<string, Sample>> = {
  convolutionInputGradient: {
    label: 'large',
    inputs: [uniform([2, 9, 7, 32], -2, 2, 1), uniform([3, 3, 40, 32], -2, 2, 2)],
    attributes: { strides: [1, 1], dilations: [1, 1], low: [1, 1], high: [1, 1], groups: 1, input: [9, 7] },
  },
  convolutionKernelGradient: {
    label: 'large',
    inputs: [uniform([2, 9, 14, 32], -2, 2, 1), uniform([2, 8, 7, 48], -2, 2, 2)],
    attributes: { strides: [1, 2], dilations: [1, 1], low: [0, 1], high: [1, 0], groups: 1, window: [3, 3] },
  },
}

/**
 * Matrix products, alone and in dense layers, and convolutions, in the precisions below the default; and gradients of many channels, for which
 * the default has kernels of its own.
 */
export function* precisionCases(mostElements?: number): Generator<Case> {
  const op = (name: string) => primitiveTable().get(name) as Primitive
  const gradients = Object.entries(gradientsOfManyChannels).map(
    ([name, sample]) => opCase(op(name), sample).value,
  )
  yield* gradients
  const products = productOps
    .flatMap((name) => [...opCases(op(name), mostElements)])
    .filter(({ kind }) => kind === 'value')
    .concat(gradients)
  for (const subject of [...products, denseLayers(16)]) {
    for (const precision of ['high', 'medium'] as const) {
      const tolerance = { relative: tolerances[precision] }
      const lower = <Op extends Primitive | Composition>(op: Op): Op =>
        productOps.includes(op.name) ? { ...op, tolerance } : op
      yield atPrecision(subject, precision, lower)
    }
  }
  for (const name of filteredOps) yield* filteredCases(name)
}

function atPrecision(
  subject: Case,
  matmulPrecision: LowerPrecision,
  lower: <Op extends Primitive | Composition>(op: Op) => Op,
): Case {
  const { row, strict, workload } = subject
  return {
    ...subject,
    row: `${row}, ${matmulPrecision}`,
    workload: { ...workload, program: replaceOps(workload.program, lower), matmulPrecision },
    ...(strict && { strict: { ...strict, op: lower(strict.op) } }),
  }
}

/** The ops that Winograd's filtering may compute, as accurate as they then are. */
const filtered = new Map(
  filteredOps.map((name) => [name, withWinogradTolerance(primitiveTable().get(name) as Primitive)]),
)

/** One of them by its name. */
export function filteredOp(name: string): Primitive {
  return filtered.get(name) as Primitive
}

/** Its cases that are large enough to be computed so, and have too few channels for other ways. */
export function filteredCases(name: string): Case[] {
  const op = primitiveTable().get(name) as Primitive
  const lower = <Op extends Primitive | Composition>(op: Op): Op =>
    (filtered.get(op.name) as Op | undefined) ?? op
  return filteredSamples(name).map((sample) => atPrecision(opCase(op, sample).value, 'high', lower))
}

function filteredSamples(name: string): Sample[] {
  return sampleShapes.map((shapes) => {
    const { label, input, filters, low, high } = shapes
    const kernel = [3, 3, input[3], filters]
    const windows = { strides: [1, 1], dilations: [1, 1], low, high, groups: 1 }
    const [first, second, more] = {
      convolution: [input, kernel, {}],
      convolutionInputGradient: [outputsOf(shapes), kernel, { input: input.slice(1, -1) }],
      convolutionKernelGradient: [input, outputsOf(shapes), { window: [3, 3] }],
    }[name] as [readonly number[], readonly number[], Sample['attributes']]
    return sample(label, [uniform(first, -2, 2, 1), uniform(second, -2, 2, 2)], { ...windows, ...more })
  })
}
