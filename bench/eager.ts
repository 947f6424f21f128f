import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'
import { printMachine } from './machine.js'
import { mean, median } from './ratios.js'
import { printTable } from './table.js'

/** One line of output: nanoseconds of a call. */
interface EagerTiming {
  readonly op: string
  readonly shape: string
  readonly ns: number
  readonly mean_ns: number
  readonly min_ns: number
}

/** Calls of an op between two looks at the clock. */
const callsPerSample = 200

/** The command: what small ops cost on concrete tensors, called from JavaScript. They take turns. */
export async function eager(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '300' }, backend: { type: 'string' } },
  })
  if (values.backend !== undefined) lw.setBackend(values.backend as Parameters<typeof lw.setBackend>[0])
  printMachine()
  const ops = smallOps()
  const samples = ops.map((): number[] => [])
  const warmUpRounds = 20
  for (let round = -warmUpRounds; round < Number(values.rounds); round++) {
    for (const [i, { call }] of ops.entries()) {
      const start = performance.now()
      for (let j = 0; j < callsPerSample; j++) call()
      if (round >= 0) samples[i]?.push(((performance.now() - start) * 1e6) / callsPerSample)
    }
  }
  const timings = ops.map(
    ({ op, shape }, i): EagerTiming => ({ op, shape, ...nanoseconds(samples[i] as number[]) }),
  )
  const { backend, isa, threads } = lw.info()
  for (const timing of timings) console.log(JSON.stringify({ ...timing, backend, isa, threads }))
  printTable(
    ['op', 'shape', 'median ns', 'mean ns', 'min ns'],
    timings.map(({ op, shape, ns, mean_ns, min_ns }) => [op, shape, ...[ns, mean_ns, min_ns].map(String)]),
  )
}

function nanoseconds(samples: readonly number[]) {
  return {
    ns: Math.round(median(samples)),
    mean_ns: Math.round(mean(samples)),
    min_ns: Math.round(Math.min(...samples)),
  }
}

function smallOps() {
  const { add, argmax, exp, matmul, multiply, relu, reshape, softmax, sum, take, transpose } = lw.ops
  const of = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return lw.tensor(
      Float32Array.from({ length: size }, (_, i) => hashed(i, 1)),
      shape,
    )
  }
  const [scalar, vector, square, batch] = [of(), of(64), of(4, 4), of(32, 64)]
  const [kernel, bias, logits] = [of(64, 64), of(64), of(32, 10)]
  const rows = lw.tensor(Int32Array.from({ length: 16 }, (_, i) => 2 * i))
  const calls: readonly (readonly [op: string, shape: string, call: () => lw.Tensor])[] = [
    ['add', 'scalar, scalar', () => add(scalar, scalar)],
    ['add', '64, number', () => add(vector, 1)],
    ['add', '32×64, 64', () => add(batch, bias)],
    ['multiply', '32×64, 32×64', () => multiply(batch, batch)],
    ['relu', '32×64', () => relu(batch)],
    ['exp', '32×64', () => exp(batch)],
    ['sum', '32×64', () => sum(batch)],
    ['argmax', '32×10', () => argmax(logits, { axis: -1 })],
    ['softmax', '32×10', () => softmax(logits)],
    ['matmul', '4×4, 4×4', () => matmul(square, square)],
    ['matmul', '32×64, 64×64', () => matmul(batch, kernel)],
    ['reshape', '32×64', () => reshape(batch, [64, 32])],
    ['transpose', '32×64', () => transpose(batch)],
    ['take', '32×64, 16', () => take(batch, rows)],
    ['relu(add(matmul))', '32×64, 64×64, 64', () => relu(add(matmul(batch, kernel), bias))],
  ]
  return calls.map(([op, shape, call]) => ({ op, shape, call }))
}
