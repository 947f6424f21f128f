import type { MatmulPrecision } from '../../ts/executors/executor.js'
import { type Composition, type Primitive, primitiveTable, type Sample } from '../../ts/ops/record.js'
import { uniform } from '../../ts/ops/samples.js'
import { type Case, opCase, opCases } from './cases.js'
import { replaceOps } from './float32-range.js'
import { denseLayers } from './fusion-programs.js'

/**
 * What a product may be off by, relative to the sum of its terms' magnitudes. bfloat16 has 8 bits, so rounding a factor to it changes the
 * factor by up to 2⁻⁸, and the sum of two bfloat16 numbers is within 2⁻¹⁶. 'high' leaves out the product of the two low parts as well; the
 * rest is float32's part in the sum.
 */
const tolerances: Readonly<Record<Exclude<MatmulPrecision, 'highest'>, number>> = {
  high: 3 * 2 ** -16 + 2e-6,
  medium: 2 * 2 ** -8 + 2 ** -16 + 2e-6,
}

/** What has fewer bits in the precisions below the default. */
const productOps: readonly string[] = ['matmul', 'convolution', 'convolutionInputGradient']

/** Enough channels for the kernels of lower precision. */
const gradientOfManyChannels: Sample = {
  label: 'large',
  inputs: [uniform([2, 9, 7, 32], -2, 2, 1), uniform([3, 3, 40, 32], -2, 2, 2)],
  attributes: { strides: [1, 1], dilations: [1, 1], low: [1, 1], high: [1, 1], groups: 1, input: [9, 7] },
}

/** Matrix products, alone and in dense layers, and convolutions, in the precisions below the default. */
export function* lowerPrecisionCases(mostElements?: number): Generator<Case> {
  const op = (name: string) => primitiveTable().get(name) as Primitive
  const gradient = opCase(op('convolutionInputGradient'), gradientOfManyChannels).value
  const products = productOps
    .flatMap((name) => [...opCases(op(name), mostElements)])
    .filter(({ kind }) => kind === 'value')
    .concat(gradient)
  for (const subject of [...products, denseLayers(16)]) {
    yield atPrecision(subject, 'high')
    yield atPrecision(subject, 'medium')
  }
}

function atPrecision(subject: Case, matmulPrecision: keyof typeof tolerances): Case {
  const { row, strict, workload } = subject
  const lower = <Op extends Primitive | Composition>(op: Op): Op =>
    productOps.includes(op.name) ? { ...op, tolerance: { relative: tolerances[matmulPrecision] } } : op
  return {
    ...subject,
    row: `${row}, ${matmulPrecision}`,
    workload: { ...workload, program: replaceOps(workload.program, lower), matmulPrecision },
    ...(strict && { strict: { ...strict, op: lower(strict.op) } }),
  }
}
