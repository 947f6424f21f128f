import type { MatmulPrecision } from '../../ts/executors/executor.js'
import { type Composition, type Primitive, primitiveTable } from '../../ts/ops/record.js'
import { type Case, opCases } from './cases.js'
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

/** Matrix products, alone and in dense layers, in the precisions below the default. */
export function* lowerPrecisionCases(mostElements?: number): Generator<Case> {
  const matmul = primitiveTable().get('matmul') as Primitive
  const products = [...opCases(matmul, mostElements)].filter(({ kind }) => kind === 'value')
  for (const subject of [...products, denseLayers(16)]) {
    yield atPrecision(subject, 'high')
    yield atPrecision(subject, 'medium')
  }
}

function atPrecision(subject: Case, matmulPrecision: keyof typeof tolerances): Case {
  const { row, strict, workload } = subject
  const lower = <Op extends Primitive | Composition>(op: Op): Op =>
    op.name === 'matmul' ? { ...op, tolerance: { relative: tolerances[matmulPrecision] } } : op
  return {
    ...subject,
    row: `${row}, ${matmulPrecision}`,
    workload: { ...workload, program: replaceOps(workload.program, lower), matmulPrecision },
    ...(strict && { strict: { ...strict, op: lower(strict.op) } }),
  }
}
