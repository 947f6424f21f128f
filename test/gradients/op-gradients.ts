import { add, square, sum } from '../../ts/ops/index.js'
import type { Composition, Primitive, Sample } from '../../ts/ops/record.js'
import { uniform } from '../../ts/ops/samples.js'
import {
  applyRecord,
  gradientsOf,
  isDifferentiable,
  outputOf,
  sampleSize,
  weightedSum,
  weightsFor,
} from '../parity/program.js'
import { checkGradient } from './finite-differences.js'

type Op = Primitive | Composition

/** Larger samples add time, not cases. */
const mostElements = 6000

/** How many samples of an op were checked, and what was wrong with which. */
export interface GradientOutcome {
  readonly checked: number
  readonly failures: readonly string[]
}

/** Whether the op has a gradient to check. */
export function hasGradient(op: Op): boolean {
  return op.samples().some((sample) => isDifferentiable(op, sample))
}

/** The gradients of an op against central differences, on its samples. */
export function checkFirstGradients(op: Op): GradientOutcome {
  return check(differentiableSamples(op, mostElements), (sample) =>
    checkGradient(
      weightedSum((x) => applyRecord(op, x, sample.attributes)),
      [...sample.inputs, weightsFor(outputOf(op, sample))],
    ),
  )
}

/** The gradients of the squared gradients of an op against central differences, on two of its samples. */
export function checkSecondGradients(op: Op): GradientOutcome {
  const samples = differentiableSamples(op, 100).sort((a, b) => sampleSize(b) - sampleSize(a))
  return check(samples.slice(0, 2), (sample) => {
    const first = gradientsOf(weightedSum((x) => applyRecord(op, x, sample.attributes)))
    const squares = weightedSum((x) =>
      first(x)
        .map((gradient) => sum(square(gradient)))
        .reduce(add),
    )
    return checkGradient(squares, [...sample.inputs, weightsFor(outputOf(op, sample)), uniform([], 1, 2)])
  })
}

function differentiableSamples(op: Op, limit: number): Sample[] {
  const fits = (sample: Sample) => !sample.skipGradient && sampleSize(sample) <= limit
  return op.samples().filter((sample) => fits(sample) && isDifferentiable(op, sample))
}

function check(
  samples: readonly Sample[],
  mismatches: (sample: Sample) => readonly unknown[],
): GradientOutcome {
  const failures = samples.flatMap((sample) =>
    mismatches(sample).map((mismatch) => `${sample.label}: ${JSON.stringify(mismatch)}`),
  )
  return { checked: samples.length, failures }
}
