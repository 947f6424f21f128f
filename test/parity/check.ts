import type { Storage } from '../../ts/dtype.js'
import type { Spec } from '../../ts/ops/record.js'
import { storageOf } from '../../ts/tensor.js'
import type { Case } from './cases.js'
import { compare, type Difference, sameBits } from './compare.js'
import { Execution, execute, resultDtypes, type Workload } from './execution.js'
import { replaceOps, withFloat32Range } from './float32-range.js'
import { type Machine, threadCounts } from './machine.js'
import { propagatedErrors } from './monte-carlo.js'
import { reference32, reference64, tensorOf } from './program.js'
import { allowedErrors } from './tolerance.js'

/** What came out of one case. */
export interface Outcome {
  /** How many runs were compared. */
  readonly runs: number
  readonly worst: Difference
  /** Where the worst difference was. */
  readonly where: string
  readonly failures: readonly string[]
  readonly sameAcrossThreads: boolean
}

/** The results of a case in float64, and the error that each element may have; nothing where it must be exact. */
export interface Expectation {
  readonly truth: readonly Storage[]
  readonly allowed: readonly (Float64Array | undefined)[]
}

export function expectationOf(subject: Case): Expectation {
  const truth = execute(reference64, limited(subject.workload))
  return { truth, allowed: allowedFor(subject, truth) }
}

/** The error that each element of a case's results may have, by the op's tolerance or by propagation through the program. */
export function allowedFor(
  { workload, strict }: Case,
  truth: readonly Storage[],
): readonly (Float64Array | undefined)[] {
  if (!strict) return propagatedErrors(workload, truth)
  const { op, sample } = strict
  const { program } = workload
  const args = {
    inputs: sample.inputs.map((input) => storageOf(tensorOf(input, true))),
    specs: sample.inputs,
    output: truth[0] as Storage,
    outputSpec: program.values[program.outputs[0] as number] as Spec,
    attributes: sample.attributes,
  }
  return [allowedErrors(op, args)]
}

/** The workload with denormal numbers flushed to zero, as the native executor does. */
function limited(workload: Workload): Workload {
  return { ...workload, program: replaceOps(workload.program, withFloat32Range) }
}

/** The worst difference between some results and what is expected. */
export function difference(
  { workload }: Case,
  { truth, allowed }: Expectation,
  results: readonly Storage[],
): Difference {
  const dtypes = resultDtypes(workload)
  return truth
    .map((result, k) => compare(results[k] as Storage, result, dtypes[k] as Spec['dtype'], allowed[k]))
    .reduce(worse, { ratio: 0, index: -1, got: 0, expected: 0 })
}

function worse(a: Difference, b: Difference): Difference {
  return b.ratio > a.ratio ? b : a
}

/**
 * Runs a case on the reference executor in float32, and natively on each instruction set: with each number of threads, and without each
 * fusion, for which the bits must be the same.
 */
export function checkCase(machine: Machine, subject: Case): Outcome {
  const { addon, isas, fused, unfused } = machine
  const { row, kind, label, workload } = subject
  const failures: string[] = []
  let runs = 0
  let worst: Difference = { ratio: 0, index: -1, got: 0, expected: 0 }
  let where = ''
  let sameAcrossThreads = true
  const expectation = expectationOf(subject)
  const fail = (place: string, detail: string) =>
    failures.push(`${row}, ${kind}, ${label}, ${place}: ${detail}`)
  const inspect = (place: string, results: readonly Storage[]): void => {
    runs++
    const found = difference(subject, expectation, results)
    if (place !== 'reference' && found.ratio > worst.ratio)
      [worst, where] = [worse(worst, found), `${label}, ${place}`]
    if (found.ratio > 1) {
      const { index, got, expected, ratio } = found
      fail(
        place,
        `element ${index} is ${got}, expected ${expected}, ${ratio.toPrecision(3)} times what is allowed`,
      )
    }
  }
  const attempt = (place: string, body: () => void): void => {
    try {
      body()
    } catch (error) {
      fail(place, String(error))
    }
  }

  attempt('reference', () => inspect('reference', execute(reference32, limited(workload))))
  for (const isa of isas) {
    addon.setIsa(isa)
    addon.setThreads(1)
    let first: Storage[] | undefined
    attempt(isa, () => {
      const execution = new Execution(fused, workload)
      for (const threads of threadCounts) {
        addon.setThreads(threads)
        const results = execution.run()
        if (!first) {
          first = results
          inspect(isa, results)
          continue
        }
        runs++
        if (results.every((result, k) => sameBits(result, first?.[k] as Storage))) continue
        sameAcrossThreads = false
        fail(`${isa}, ${threads} threads`, 'other bits than with one thread')
      }
      execution.close()
    })
    const { instructions } = workload.program
    if (!first || (instructions.length < 2 && !instructions[0]?.bodies)) continue
    for (const { without, executor } of unfused) {
      const place = `${isa} without ${without}`
      attempt(place, () => {
        const results = execute(executor, workload)
        runs++
        if (results.every((result, k) => sameBits(result, first?.[k] as Storage))) return
        fail(place, 'other bits than with it')
        inspect(place, results)
      })
    }
  }
  return { runs, worst, where, failures, sameAcrossThreads }
}
