import { parseArgs } from 'node:util'
import type { NativeExecutorPlan, Profile } from '../ts/executors/native.js'
import * as lw from '../ts/index.js'
import type { Limit } from './limits.js'
import { printMachine } from './machine.js'
import { nativeLines } from './native-program.js'
import { type OpCase, opCases } from './op-cases.js'
import { leastTime, type Work } from './roofline.js'
import { printTable } from './table.js'
import { precisionOption } from './workloads.js'

/** One line of output. Rates are of the minimum. */
interface OpTiming {
  readonly family: string
  readonly op: string
  readonly shape: string
  readonly us: number
  readonly min_us: number
  readonly gflops: number
  readonly gbs: number
  /** What bounds it: arithmetic, or memory of a level of the hierarchy. */
  readonly limit: string
  /** The time that the limit allows, in relation to the minimum. */
  readonly share: number
}

/** The command: kernels by family, on operands that stay where they are, beside the limits of the machine, which are measured first. */
export async function ops(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      threads: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '0.3' },
      precision: { type: 'string' },
    },
  })
  const threads = Number(values.threads)
  const options = precisionOption(values.precision)
  lw.setBackend('native')
  lw.setThreads(threads)
  const cases = selected(positionals)
  printMachine()
  const limits: Limit[] = []
  for await (const limit of nativeLines<Limit>(['limits', '0.1', values.threads])) {
    limits.push(limit)
    console.log(JSON.stringify(limit))
  }
  const timings: OpTiming[] = []
  for (const one of cases) {
    const timing = measure(one, Number(values.seconds), limits, options)
    timings.push(timing)
    console.log(JSON.stringify({ ...timing, isa: lw.info().isa, threads }))
  }
  printTable(
    ['family', 'op', 'shape', 'mean µs', 'min µs', 'GFLOP/s', 'GB/s', 'limit', 'share'],
    timings.map(({ family, op, shape, us, min_us, gflops, gbs, limit, share }) => [
      ...[family, op, shape, us.toFixed(1), min_us.toFixed(1), gflops.toFixed(1), gbs.toFixed(1)],
      ...[limit, `${(100 * share).toFixed(0)} %`],
    ]),
  )
}

/** The cases of some families, or all. */
function selected(families: readonly string[]): OpCase[] {
  const cases = opCases()
  const known = [...new Set(cases.map(({ family }) => family))]
  const unknown = families.find((family) => !known.includes(family))
  if (unknown !== undefined) throw new Error(`There is no family '${unknown}': ${known.join(', ')}`)
  return cases.filter(({ family }) => families.length === 0 || families.includes(family))
}

function measure(one: OpCase, seconds: number, limits: readonly Limit[], options: lw.JitOptions): OpTiming {
  const inputs = one.inputs()
  const compiled = lw.jit((...inputs: lw.Tensor[]) => corners(one.call(...inputs)), options)
  const plan = compiled.plan(...inputs) as NativeExecutorPlan
  const timed = (steps: number) => parts(plan.profile(inputs, steps), one)
  const once = total(timed(2), 'minimum')
  const steps = Math.max(5, Math.min(10_000, Math.round((seconds * 1e9) / once)))
  const instructions = timed(steps)
  const [mean, minimum] = [total(instructions, 'mean'), total(instructions, 'minimum')]
  const least = leastTime(instructions, limits, lw.info().isa)
  const rounded = (value: number, digits: number) => Number(value.toFixed(digits))
  return {
    ...{ family: one.family, op: one.name, shape: one.shape },
    us: rounded(mean / 1e3, 2),
    min_us: rounded(minimum / 1e3, 2),
    gflops: rounded(total(instructions, 'flops') / minimum, 1),
    gbs: rounded(total(instructions, 'bytes') / minimum, 1),
    limit: least.limit,
    share: rounded(least.nanoseconds / minimum, 3),
  }
}

/** One instruction of a profile; the addon says of outputs how large they are too. */
type Instruction = Profile['instructions'][number] & Work

/** The instructions that a case is about. */
function parts({ instructions }: Profile, { primitive }: OpCase): Instruction[] {
  const chosen = instructions.filter(({ ops }) => (primitive ? ops.includes(primitive) : ops[0] !== corner))
  if (chosen.length === 0) throw new Error(`No instruction does ${primitive}.`)
  return chosen as Instruction[]
}

function total(instructions: readonly Instruction[], of: 'mean' | 'minimum' | 'flops' | 'bytes'): number {
  return instructions.reduce((sum, instruction) => sum + instruction[of], 0)
}

const corner = 'slice'

/** One element of each result: the results themselves then stay within the plan's memory, and are not written to new memory in every step. */
function corners(results: ReturnType<OpCase['call']>): lw.Tensor[] {
  const tensors = results instanceof lw.Tensor ? [results] : Object.values(results ?? {})
  return tensors.map((tensor) => {
    const { shape } = tensor
    return lw.ops.slice(
      tensor,
      shape.map(() => 0),
      shape.map(() => 1),
    )
  })
}
