import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { printMachine } from './machine.js'
import { ratios, report } from './ratios.js'
import type { Timing } from './steps.js'
import { checkLoss, precisionOption, select } from './workloads.js'

/** A program that times steps, here or in another framework. */
interface Side {
  readonly threadCounts: readonly number[]
  /** Its command line; the workloads come after it. */
  readonly command: (threads: number, seconds: string) => readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * The command: layerwise and the other frameworks in turn, in several rounds, each with 1 and with 2 threads; the better of the two counts.
 * With `--reference`, the reference executor beside the backend of TensorFlow.js that is JavaScript too.
 */
export async function compare(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      python: { type: 'string', default: 'python3' },
      tfjs: { type: 'boolean', default: false },
      reference: { type: 'boolean', default: false },
      isa: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '1' },
      precision: { type: 'string' },
    },
  })
  const { python, isa } = values
  const { matmulPrecision } = precisionOption(values.precision)
  const ours = values.reference
    ? [reference]
    : (isa ?? [undefined]).map((isa) => native(isa, matmulPrecision))
  const peers = values.reference
    ? [tensorflow('cpu')]
    : [torch(python), jax(python), ...(values.tfjs ? [tensorflow('wasm')] : [])]
  const found = peers.filter((side) => side !== undefined)
  if (found.length === 0) throw new Error('There is nothing to compare with.')
  // A step of the largest takes JavaScript minutes.
  const names = values.reference && positionals.length === 0 ? ['digits-mlp', 'mnist-mlp'] : positionals
  const workloads = select(names).map(({ name }) => name)
  printMachine()
  const timings: Timing[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const side of [...ours, ...found]) {
      for (const threads of side.threadCounts) timings.push(...run(side, threads, values.seconds, workloads))
    }
  }
  report(workloads.flatMap((workload) => ratios(timings.filter((timing) => timing.workload === workload))))
}

/** On the best instruction set of the machine, or on a named one. */
function native(isa: string | undefined, precision = 'highest'): Side {
  return {
    threadCounts: [1, 2],
    command: (threads, seconds) => [...steps('native', threads, seconds), '--precision', precision],
    ...(isa !== undefined && { environment: { LAYERWISE_ISA: isa } }),
  }
}

const reference: Side = {
  threadCounts: [1],
  command: (threads, seconds) => steps('reference', threads, seconds),
}

function steps(backend: string, threads: number, seconds: string): string[] {
  return [
    ...[process.execPath, '--import', 'tsx', localFile('main.ts'), 'steps', '--backend', backend],
    ...['--peak', '0', '--threads', String(threads), '--seconds', seconds],
  ]
}

function torch(python: string): Side | undefined {
  const command = (threads: number, seconds: string) => pythonCommand(python, 'torch', threads, seconds)
  return has(python, 'torch') ? { threadCounts: [1, 2], command } : undefined
}

/** Which takes every core that it may. */
function jax(python: string): Side | undefined {
  if (!has(python, 'jax')) return undefined
  const onCores = (threads: number) => ['taskset', '-c', `0-${threads - 1}`]
  if (spawnSync('taskset', ['-c', '0', 'true']).status !== 0) {
    const command = (threads: number, seconds: string) => pythonCommand(python, 'jax', threads, seconds)
    return { threadCounts: [availableParallelism()], command }
  }
  return {
    threadCounts: [1, 2].filter((threads) => threads <= availableParallelism()),
    command: (threads, seconds) => [...onCores(threads), ...pythonCommand(python, 'jax', threads, seconds)],
  }
}

function has(python: string, framework: string): boolean {
  if (spawnSync(python, ['-c', `import ${framework}, numpy`], { stdio: 'ignore' }).status === 0) return true
  console.error(
    `${python} has no ${framework}: python3 -m venv .venv && .venv/bin/pip install ${framework} numpy, then give --python .venv/bin/python`,
  )
  return false
}

function pythonCommand(python: string, framework: string, threads: number, seconds: string): string[] {
  const program = localFile(`peers/${framework}_steps.py`)
  return [python, program, '--threads', String(threads), '--seconds', seconds]
}

function tensorflow(backend: 'wasm' | 'cpu'): Side | undefined {
  const { resolve } = createRequire(import.meta.url)
  const packages = ['@tensorflow/tfjs', ...(backend === 'wasm' ? ['@tensorflow/tfjs-backend-wasm'] : [])]
  try {
    packages.forEach((name) => resolve(name))
  } catch {
    console.error(
      `TensorFlow.js is not installed: npm install --no-save --ignore-scripts ${packages.join(' ')}`,
    )
    return undefined
  }
  const program = localFile('peers/tfjs_steps.mjs')
  return {
    threadCounts: [1],
    command: (_threads, seconds) => [
      ...[process.execPath, program, '--backend', backend],
      ...['--seconds', seconds],
    ],
  }
}

function localFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

/** Prints the lines of a side, and checks that it did the work that all do. */
function run(side: Side, threads: number, seconds: string, workloads: readonly string[]): Timing[] {
  const [command, ...args] = side.command(threads, seconds)
  const { status, stdout } = spawnSync(command as string, [...args, ...workloads], {
    env: { ...process.env, ...side.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed`)
  const timings = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Timing)
    .filter(({ workload }) => workload !== undefined)
  for (const timing of timings) {
    checkLoss(timing)
    console.log(JSON.stringify(timing))
  }
  return timings
}
