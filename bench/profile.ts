import { parseArgs } from 'node:util'
import type { NativeExecutorPlan, Profile } from '../ts/executors/native.js'
import * as lw from '../ts/index.js'
import { printMachine } from './machine.js'
import { printTable } from './table.js'
import { precisionOption, select, training, type Workload } from './workloads.js'

/** The command: where the time of a step goes, instruction by instruction. */
export async function profile(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      threads: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      precision: { type: 'string' },
    },
  })
  const selected = select(positionals)
  lw.setBackend('native')
  if (values.threads !== undefined) lw.setThreads(Number(values.threads))
  printMachine()
  for (const workload of selected)
    report(workload, measure(workload, Number(values.seconds), precisionOption(values.precision)))
}

function measure(workload: Workload, seconds: number, options: lw.JitOptions): Profile {
  const { step, x, y } = training(workload, options)
  const plan = step.plan(x, y) as NativeExecutorPlan
  const warmUp = plan.profile([x, y], 10)
  return plan.profile([x, y], Math.max(10, Math.round((seconds * 1e9) / warmUp.step.minimum)))
}

/** Shares are of the mean; rates are of the minimum. */
function report({ name }: Workload, { instructions, transfers, step }: Profile): void {
  const parts = [...instructions, { name: 'copies', ops: [], outputs: [], flops: 0, bytes: 0, ...transfers }]
  const lines = parts.map(({ name: instruction, ops, outputs, flops, bytes, minimum, mean }) => ({
    workload: name,
    instruction,
    ops: ops.join(' '),
    shape: (outputs[0]?.shape ?? []).join('×'),
    us: rounded(mean / 1e3, 3),
    min_us: rounded(minimum / 1e3, 3),
    share: rounded(mean / step.mean, 4),
    gflops: rounded(flops / minimum, 1),
    gbs: rounded(bytes / minimum, 1),
  }))
  for (const line of lines) console.log(JSON.stringify(line))
  const total = {
    workload: name,
    isa: lw.info().isa,
    threads: lw.info().threads,
    us: rounded(step.mean / 1e3, 3),
    min_us: rounded(step.minimum / 1e3, 3),
    gflops: rounded(instructions.reduce((sum, { flops }) => sum + flops, 0) / step.minimum, 1),
  }
  console.log(JSON.stringify(total))
  printTable(
    ['instruction', 'ops', 'shape', 'mean µs', 'min µs', 'share', 'GFLOP/s', 'GB/s'],
    [
      ...lines.map(({ instruction, ops, shape, us, min_us, share, gflops, gbs }) => [
        ...[instruction, abbreviated(ops), shape, us.toFixed(2), min_us.toFixed(2)],
        ...[`${(100 * share).toFixed(1)} %`, gflops.toFixed(1), gbs.toFixed(1)],
      ]),
      ['step', '', '', total.us.toFixed(2), total.min_us.toFixed(2), '', total.gflops.toFixed(1), ''],
    ],
  )
}

/** Fused instructions have dozens of ops. */
function abbreviated(ops: string): string {
  return ops.length <= 40 ? ops : `${ops.slice(0, 39)}…`
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
