import type { Attributes, KernelArguments, Primitive } from '../../ts/ops/record.js'
import { hashed } from '../../ts/ops/samples.js'
import { type Case, opCases } from './cases.js'
import { difference, expectationOf } from './check.js'
import { ulp } from './compare.js'
import { execute } from './execution.js'
import { afterKernel, replaceOps } from './float32-range.js'
import type { Machine } from './machine.js'
import { allowedErrors } from './tolerance.js'

/** How many tolerances a mutant is off by. */
const tolerances = 3

/** What became of the mutants of one kernel: one for each case that can show it. */
export interface MutantOutcome {
  readonly name: string
  readonly mutants: number
  readonly escaped: readonly string[]
}

/** Makes the reference kernel of a primitive wrong in one element of each of its cases; the native kernel must then be found to differ. */
export function testMutants(
  { fused }: Machine,
  op: Primitive,
  cases: Iterable<Case> = opCases(op),
): MutantOutcome {
  const escaped: string[] = []
  let mutants = 0
  for (const subject of cases) {
    if (subject.kind !== 'value') continue
    const mutant = mutate(subject, op, mutants)
    if (!mutant) continue
    mutants++
    const results = execute(fused, subject.workload)
    if (difference(subject, expectationOf(mutant), results).ratio <= 1) escaped.push(subject.label)
  }
  return { name: op.name, mutants, escaped }
}

/** The case with a wrong kernel, if it has an element that can be wrong by a visible amount. */
function mutate(subject: Case, op: Primitive, stream: number): Case | undefined {
  let applied = false
  const wrong = afterKernel(op, (args) => {
    const errors = allowedErrors(op, args)
    const candidates = [...args.output.keys()].filter((i) => isVisible(args, errors, i))
    if (candidates.length === 0) return
    const i = candidates[Math.floor(hashed(stream, 77) * candidates.length)] as number
    args.output[i] = (args.output[i] as number) + change(args, errors, i)
    applied = true
  })
  const program = replaceOps(subject.workload.program, (other) => (other === op ? wrong : other))
  const mutant = { ...subject, workload: { ...subject.workload, program } }
  expectationOf(mutant)
  return applied ? mutant : undefined
}

function isVisible(
  { output, outputSpec }: KernelArguments<Attributes>,
  errors: Float64Array | undefined,
  i: number,
): boolean {
  if (outputSpec.dtype !== 'float32') return true
  const x = output[i] as number
  return Math.abs(x) < 2 ** 127 && Math.abs(x) > 2 ** -120 && (errors?.[i] ?? 1) > 2 ** -126
}

/** Three tolerances; where the kernel must be exact, the smallest change there is. */
function change(
  { output, outputSpec: { dtype } }: KernelArguments<Attributes>,
  errors: Float64Array | undefined,
  i: number,
): number {
  const x = output[i] as number
  if (dtype === 'bool') return x === 0 ? 1 : -1
  if (dtype !== 'float32') return x === 0 ? 1 : -1
  return errors ? tolerances * (errors[i] as number) : -Math.sign(x) * ulp(x)
}
