import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ratios, report } from './ratios.js'
import type { Timing } from './steps.js'
import { select } from './workloads.js'

/** A program that times steps, here or in another framework. */
interface Side {
  readonly threadCounts: readonly number[]
  /** Its command line; the workloads come after it. */
  readonly command: (threads: number, seconds: string) => readonly string[]
}

const layerwise: Side = {
  threadCounts: [1, 2],
  command: (threads, seconds) => [
    process.execPath,
    ...['--import', 'tsx', localFile('main.ts'), 'steps'],
    ...['--threads', String(threads), '--seconds', seconds],
  ],
}

/**
 * The command: layerwise and the other frameworks in turn, in several rounds, each with 1 and with 2 threads. The better of the two counts, by
 * the median of the rounds' medians.
 */
export async function compare(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      python: { type: 'string', default: 'python3' },
      tfjs: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
    },
  })
  const workloads = select(positionals).map(({ name }) => name)
  const peers = [torch(values.python), ...(values.tfjs ? [tensorflow()] : [])].filter(
    (side) => side !== undefined,
  )
  if (peers.length === 0) {
    process.exitCode = 1
    return
  }
  const timings: Timing[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const side of [layerwise, ...peers]) {
      for (const threads of side.threadCounts) {
        console.error(`round ${round}: ${side.command(threads, values.seconds).slice(-6).join(' ')}`)
        timings.push(...run([...side.command(threads, values.seconds), ...workloads]))
      }
    }
  }
  report(workloads.flatMap((workload) => ratios(timings.filter((timing) => timing.workload === workload))))
}

function torch(python: string): Side | undefined {
  if (spawnSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore' }).status === 0) {
    return {
      threadCounts: [1, 2],
      command: (threads, seconds) => [
        ...[python, localFile('peers/torch_steps.py')],
        ...['--threads', String(threads), '--seconds', seconds],
      ],
    }
  }
  console.error(
    `${python} has no PyTorch: python3 -m venv .venv && .venv/bin/pip install torch numpy, then give --python .venv/bin/python`,
  )
  return undefined
}

function tensorflow(): Side | undefined {
  const { resolve } = createRequire(import.meta.url)
  try {
    resolve('@tensorflow/tfjs')
    resolve('@tensorflow/tfjs-backend-wasm')
  } catch {
    console.error(
      'TensorFlow.js is not installed: npm install --no-save --ignore-scripts @tensorflow/tfjs @tensorflow/tfjs-backend-wasm',
    )
    return undefined
  }
  return {
    threadCounts: [1],
    command: (_threads, seconds) => [
      process.execPath,
      localFile('peers/tfjs_steps.mjs'),
      '--seconds',
      seconds,
    ],
  }
}

function localFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

function run([command, ...args]: readonly string[]): Timing[] {
  const { status, stdout } = spawnSync(command as string, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed`)
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Timing)
}
