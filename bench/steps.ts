import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { printMachine } from './machine.js'
import { nativeLines } from './native-program.js'
import { mean, median } from './ratios.js'
import { printTable } from './table.js'
import {
  checkLoss,
  flops,
  precisionOption,
  select,
  type Training,
  training,
  type Workload,
} from './workloads.js'

/** One line of output: the time of one step in milliseconds, over all timed steps. */
export interface Timing {
  readonly peer: string
  readonly workload: string
  readonly threads: number
  readonly isa?: string
  readonly stepsPerCall?: number
  /** The median. */
  readonly ms: number
  readonly min_ms: number
  readonly mean_ms: number
  readonly steps: number
  readonly loss10: number
  /** The most memory that the process has held so far, of all its workloads. */
  readonly peak_mib?: number
  /** The time that the step's products take at the machine's peak rate, in relation to the median. */
  readonly share?: number
}

/** A call with many steps takes about this long. */
const callMilliseconds = 50

const leastCalls = 5

/** The command: a line of JSON for each workload, with one step in a call and with many. */
export async function steps(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      threads: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      backend: { type: 'string' },
      peak: { type: 'string' },
      precision: { type: 'string' },
    },
  })
  const selected = select(positionals)
  if (values.backend !== undefined) lw.setBackend(values.backend as Parameters<typeof lw.setBackend>[0])
  if (values.threads !== undefined) lw.setThreads(Number(values.threads))
  printMachine()
  const peak = values.peak === undefined ? await measuredPeak() : Number(values.peak)
  const options = precisionOption(values.precision)
  const timings: Timing[] = []
  for (const workload of selected) {
    for await (const timing of timeWorkload(workload, Number(values.seconds), options)) {
      const limit = flops(workload) / peak / 1e6
      const shared = peak > 0 ? { ...timing, share: rounded(limit / timing.ms, 4) } : timing
      console.log(JSON.stringify(shared))
      timings.push(shared)
    }
  }
  printTable(
    ['workload', 'threads', 'steps a call', 'ms', 'mean', 'min', 'share of peak'],
    timings.map(({ workload, threads, stepsPerCall, ms, mean_ms, min_ms, share }) => [
      ...[workload, String(threads), String(stepsPerCall)],
      ...[ms, mean_ms, min_ms].map((time) => time.toFixed(4)),
      share === undefined ? '' : `${(100 * share).toFixed(1)} %`,
    ]),
  )
}

/** GFLOP/s of multiply-adds on as many threads as steps may use; 0 where the executor has no instruction set. */
async function measuredPeak(): Promise<number> {
  const { backend, isa, threads } = lw.info()
  if (backend !== 'native') return 0
  let peak = 0
  for await (const { median } of nativeLines<{ median: number }>(['peak', isa, String(threads), '0.3'])) {
    peak = median
  }
  console.log(JSON.stringify({ peak, isa, threads }))
  return peak
}

/** The first ten steps show that the work is the same, and warm up. */
async function* timeWorkload(
  workload: Workload,
  seconds: number,
  options: lw.JitOptions,
): AsyncGenerator<Timing> {
  const alone = training(workload, options)
  const loss10 = tenSingleSteps(alone)
  const single = await time(alone, 1, seconds)
  yield checked(workload, single, loss10)
  // A step that takes longer than a call still has company in it.
  const stepsPerCall = Math.max(2, Math.round(callMilliseconds / single.ms))
  const together = training(workload, options)
  const lossOfCall = await tenStepsInOneCall(together)
  yield checked(workload, await time(together, stepsPerCall, seconds), lossOfCall)
}

/** Times calls of so many steps each. Every step's loss is computed and returned. */
async function time({ step, x, y }: Training, stepsPerCall: number, seconds: number) {
  const call = async () => {
    if (stepsPerCall === 1) step(x, y).item()
    else await step.run([x, y], { steps: stepsPerCall })
  }
  const times: number[] = []
  const end = performance.now() + seconds * 1e3
  while (performance.now() < end || times.length < leastCalls) {
    const start = performance.now()
    await call()
    times.push((performance.now() - start) / stepsPerCall)
  }
  return {
    stepsPerCall,
    ms: rounded(median(times), 4),
    min_ms: rounded(
      times.reduce((a, b) => Math.min(a, b)),
      4,
    ),
    mean_ms: rounded(mean(times), 4),
    steps: times.length * stepsPerCall,
  }
}

function tenSingleSteps({ step, x, y }: Training): number {
  for (let i = 1; i < 10; i++) step(x, y)
  return step(x, y).item()
}

async function tenStepsInOneCall({ step, x, y }: Training): Promise<number> {
  const losses = await (await step.run([x, y], { steps: 10 })).data()
  return losses[9] as number
}

function checked({ name }: Workload, measured: Awaited<ReturnType<typeof time>>, loss10: number): Timing {
  const { backend, isa, threads } = lw.info()
  const peer = `layerwise-${version()}-${backend}`
  const peak_mib = process.resourceUsage().maxRSS >> 10
  const timing = { peer, workload: name, threads, isa, ...measured, loss10: rounded(loss10, 6), peak_mib }
  checkLoss(timing)
  return timing
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
