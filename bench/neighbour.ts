import { type ChildProcess, spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { select, type Training, training, type Workload } from './workloads.js'

/** One line of output: mean times of a step in milliseconds, alone on the machine and beside a busy loop. */
export interface Neighbour {
  readonly workload: string
  readonly isa: string
  readonly quiet: Means
  readonly busy: Means
  /** Two threads beside the busy loop over one thread beside it, and over one thread without it. */
  readonly ratios: { readonly busy: number; readonly quiet: number }
}

interface Means {
  readonly ms1: number
  readonly ms2: number
}

/** A stretch of steps, and what it took. */
interface Stretch {
  milliseconds: number
  steps: number
}

/** The command: what a process that keeps one core busy costs a run that was given two threads. The conditions alternate. */
export async function neighbour(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '6' }, seconds: { type: 'string', default: '0.5' } },
  })
  for (const workload of select(positionals)) {
    console.log(JSON.stringify(await measure(workload, Number(values.rounds), 1e3 * Number(values.seconds))))
  }
}

async function measure(workload: Workload, rounds: number, milliseconds: number): Promise<Neighbour> {
  const timed = training(workload)
  const conditions = [false, true].flatMap((busy) => [1, 2].map((threads) => ({ busy, threads })))
  const stretches = conditions.map((condition): Stretch & typeof condition => ({
    ...condition,
    milliseconds: 0,
    steps: 0,
  }))
  lw.setThreads(1)
  await run(timed, 1)
  const stepsPerCall = Math.max(1, Math.round(50 / (await run(timed, 1))))
  for (let round = 0; round < rounds; round++) {
    for (const stretch of stretches) {
      lw.setThreads(stretch.threads)
      const loop = stretch.busy ? busyLoop() : undefined
      await run(timed, stepsPerCall)
      const end = performance.now() + milliseconds
      while (performance.now() < end) {
        stretch.milliseconds += await run(timed, stepsPerCall)
        stretch.steps += stepsPerCall
      }
      if (loop) await stop(loop)
    }
  }
  const [quiet1, quiet2, busy1, busy2] = stretches.map(({ milliseconds, steps }) =>
    Number((milliseconds / steps).toFixed(4)),
  ) as [number, number, number, number]
  return {
    workload: workload.name,
    isa: lw.info().isa,
    quiet: { ms1: quiet1, ms2: quiet2 },
    busy: { ms1: busy1, ms2: busy2 },
    ratios: { busy: Number((busy2 / busy1).toFixed(3)), quiet: Number((busy2 / quiet1).toFixed(3)) },
  }
}

/** Runs steps in one call and returns the milliseconds. */
async function run({ step, x, y }: Training, steps: number): Promise<number> {
  const start = performance.now()
  await step.run([x, y], { steps })
  return performance.now() - start
}

/** A process that computes on core 1 for as long as this one lives. */
function busyLoop(): ChildProcess {
  const script = 'while kill -0 $PPID; do :; done'
  const loop = spawn('taskset', ['-c', '1', 'sh', '-c', script], { stdio: 'ignore' })
  loop.on('error', (error) => {
    throw error
  })
  return loop
}

function stop(loop: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    loop.once('exit', () => resolve())
    loop.kill()
  })
}
