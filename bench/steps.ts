import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { select, type Training, training, type Workload } from './workloads.js'

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
}

/** A call with many steps takes about this long. */
const callMilliseconds = 50

/** Calls before the clock starts. */
const warmUpCalls = 5

/** The command: a line of JSON for each workload, with one step in a call and with many. */
export async function steps(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      threads: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      backend: { type: 'string' },
    },
  })
  const selected = select(positionals)
  if (values.backend !== undefined) lw.setBackend(values.backend as Parameters<typeof lw.setBackend>[0])
  if (values.threads !== undefined) lw.setThreads(Number(values.threads))
  for (const workload of selected) await timeWorkload(workload, Number(values.seconds))
}

async function timeWorkload(workload: Workload, seconds: number): Promise<void> {
  const timed = training(workload)
  const single = await time(timed, 1, seconds)
  print(workload, single, checkedLoss(workload, tenSingleSteps(training(workload))))
  // A step that takes longer than a call still has company in it.
  const stepsPerCall = Math.max(2, Math.round(callMilliseconds / single.ms))
  const many = await time(timed, stepsPerCall, seconds)
  print(workload, many, checkedLoss(workload, await tenStepsInOneCall(training(workload))))
}

/** Times calls of so many steps each. Every step's loss is computed and returned. */
async function time({ step, x, y }: Training, stepsPerCall: number, seconds: number) {
  const call = async () => {
    if (stepsPerCall === 1) step(x, y).item()
    else await step.run([x, y], { steps: stepsPerCall })
  }
  for (let i = 0; i < warmUpCalls; i++) await call()
  const times: number[] = []
  const end = performance.now() + seconds * 1e3
  while (performance.now() < end || times.length < warmUpCalls) {
    const start = performance.now()
    await call()
    times.push((performance.now() - start) / stepsPerCall)
  }
  times.sort((a, b) => a - b)
  return {
    stepsPerCall,
    ms: times[times.length >> 1] as number,
    min_ms: times[0] as number,
    mean_ms: times.reduce((a, b) => a + b) / times.length,
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

/** The loss of the tenth step, which must be that of other frameworks: else the times could not be compared. */
function checkedLoss({ name, loss10: { expected, relative } }: Workload, loss: number): number {
  if (Math.abs(loss - expected) <= relative * expected) return loss
  throw new Error(
    `${name}: the loss of the tenth step is ${loss}, not ${expected}: this is not the same work`,
  )
}

function print({ name }: Workload, measured: Awaited<ReturnType<typeof time>>, loss10: number): void {
  const { backend, isa, threads } = lw.info()
  const timing: Timing = {
    peer: `layerwise-${version()}-${backend}`,
    workload: name,
    threads,
    isa,
    stepsPerCall: measured.stepsPerCall,
    ms: rounded(measured.ms, 4),
    min_ms: rounded(measured.min_ms, 4),
    mean_ms: rounded(measured.mean_ms, 4),
    steps: measured.steps,
    loss10: rounded(loss10, 6),
  }
  console.log(JSON.stringify(timing))
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
