import type { Storage } from '../../ts/dtype.js'
import type { Attributes, Composition, KernelArguments, Primitive } from '../../ts/ops/record.js'
import { ulp } from './compare.js'

/** What float64 itself may be off by, relative to a tolerance. */
const slack = 1 + 1e-6

/**
 * The error that each element of an op's float32 result may have by the op's tolerance, or nothing where it must be exact. `args` holds
 * inputs and the true output.
 */
export function allowedErrors(
  op: Primitive | Composition,
  args: KernelArguments<Attributes>,
): Float64Array | undefined {
  const { tolerance } = op
  const truth = args.output
  if (tolerance === 'exact') return undefined
  if ('ulp' in tolerance) return Float64Array.from(truth, (x) => tolerance.ulp * ulp(x) * slack)
  const magnitudes = magnitudesOf(op, args)
  return Float64Array.from(truth, (_, i) => tolerance.relative * Math.abs(magnitudes(i)) * slack)
}

/** What an op's relative tolerance is relative to: the magnitudes of the terms, or of the largest element where the record does not say. */
function magnitudesOf(
  op: Primitive | Composition,
  args: KernelArguments<Attributes>,
): (index: number) => number {
  if ('magnitude' in op && op.magnitude) {
    const magnitudes: Storage = new Float64Array(args.output.length)
    op.magnitude({ ...args, output: magnitudes })
    return (i) => magnitudes[i] as number
  }
  const largest = Math.max(0, ...Array.from(args.output, Math.abs))
  return () => largest
}

/** A tolerance in words, and the unit that errors are reported in. */
export function describeTolerance({ tolerance }: Primitive | Composition): {
  readonly unit: number
  readonly name: string
} {
  if (tolerance === 'exact') return { unit: 1, name: 'exact' }
  if ('ulp' in tolerance) return { unit: tolerance.ulp, name: 'ulp' }
  return { unit: tolerance.relative, name: 'of Σ|terms|' }
}
