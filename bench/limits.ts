import { parseArgs } from 'node:util'
import { printMachine } from './machine.js'
import { nativeLines } from './native-program.js'
import { printTable } from './table.js'

/** A rate of all threads together. */
export interface Limit {
  readonly limit: string
  readonly unit: 'GFLOP/s' | 'GB/s'
  readonly threads: number
  /** How much memory each thread walks; null where it is not about memory. */
  readonly bytesPerThread: number | null
  readonly median: number
  readonly best: number
}

/** The command: what the machine can do, multiply-adds by instruction set and memory traffic by cache level. */
export async function limits(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { seconds: { type: 'string', default: '0.3' } } })
  printMachine()
  const found: Limit[] = []
  for await (const limit of nativeLines<Limit>(['limits', values.seconds, '1', '2'])) {
    found.push(limit)
    console.log(JSON.stringify(limit))
  }
  printTable(
    ['limit', 'KiB a thread', 'unit', '1 thread', 'best', '2 threads', 'best'],
    found
      .filter(({ threads }) => threads === 1)
      .map((one) => {
        const two = found.find(({ limit, threads }) => limit === one.limit && threads === 2)
        return [
          ...[one.limit, one.bytesPerThread === null ? '' : String(one.bytesPerThread >> 10), one.unit],
          ...[one, two].flatMap((limit) => [limit?.median.toFixed(1) ?? '', limit?.best.toFixed(1) ?? '']),
        ]
      }),
  )
}
