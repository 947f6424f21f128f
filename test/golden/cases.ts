import { createHash } from 'node:crypto'
import type { Composition, Primitive, Sample, SampleArray } from '../../ts/ops/record.js'
import { sizeOf } from '../../ts/shape.js'
import { allOps, isDifferentiable, outputOf, sampleSize, weightsFor } from '../parity/program.js'

/** Larger samples would make the fixtures large; the parity tests have those. */
const mostElements = 140

/** What PyTorch is asked, and how the answer is found again. */
export interface GoldenCase {
  readonly op: Primitive | Composition
  readonly sample: Sample
  readonly output: { readonly shape: readonly number[]; readonly dtype: string }
  /** The gradient of the output, where there is one to be asked for. */
  readonly weights: SampleArray | undefined
  /** Changes with everything that the answer depends on. */
  readonly key: string
}

/** The smaller samples of every op that PyTorch has too. */
export function goldenCases(): GoldenCase[] {
  return allOps().flatMap((op) =>
    op.torch === null
      ? []
      : op
          .samples()
          .filter((sample) => !sample.unknownToTorch)
          .map((sample) => goldenCase(op, sample))
          .filter(({ sample, output }) => sampleSize(sample) + sizeOf(output.shape) <= mostElements),
  )
}

function goldenCase(op: Primitive | Composition, sample: Sample): GoldenCase {
  const output = outputOf(op, sample)
  const weights = !sample.skipGradient && isDifferentiable(op, sample) ? weightsFor(output) : undefined
  const question = JSON.stringify([op.torch, sample.attributes, sample.inputs, weights], specialNumbers)
  const key = createHash('sha256').update(question).digest('hex').slice(0, 12)
  return { op, sample, output, weights, key: `${op.name} ${key}` }
}

/** JSON has no NaN and no infinities: they are written as text. */
export function specialNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
