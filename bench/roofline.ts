import type { Profile } from '../ts/executors/native.js'
import type { Limit } from './limits.js'

/** Of a `Profile`, without times. */
export type Work = Pick<Profile['instructions'][number], 'flops' | 'bytes'> & {
  readonly outputs: readonly { readonly bytes: number }[]
}

/** The levels of the hierarchy, the nearest first. */
const levels = ['L1', 'L2', 'L3', 'memory']

/**
 * The least time in which a machine of some limits (of one number of threads) can do some instructions, one after the other: that of the
 * arithmetic or of the memory traffic, whichever is longer, and what bounds most of it. Operands lie in the nearest level whose measured size
 * holds them.
 */
export function leastTime(instructions: readonly Work[], limits: readonly Limit[], isa: string) {
  const peak = named(limits, isa === 'amx' ? 'avx512' : isa)
  const bounds = instructions.map((work) => {
    const arithmetic = { limit: 'arithmetic', nanoseconds: work.flops / peak.best }
    const memory = trafficTime(work, limits)
    return memory.nanoseconds > arithmetic.nanoseconds ? memory : arithmetic
  })
  const largest = bounds.reduce((a, b) => (b.nanoseconds > a.nanoseconds ? b : a))
  return { ...largest, nanoseconds: bounds.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) }
}

function trafficTime({ bytes, outputs }: Work, limits: readonly Limit[]) {
  const holds = (level: string) => {
    const { bytesPerThread, threads } = named(limits, `${level} read`)
    return (bytesPerThread as number) * threads >= bytes
  }
  const level = levels.find(holds) ?? 'memory'
  const rate = (access: string) => named(limits, `${level} ${access}`).best
  const written = Math.min(
    bytes,
    outputs.reduce((sum, output) => sum + output.bytes, 0),
  )
  const read = bytes - written
  // What is both read and written passes as in a copy.
  const copied = 2 * Math.min(read, written)
  const rest = (bytes - copied) / rate(read > written ? 'read' : 'write')
  return { limit: level, nanoseconds: copied / rate('copy') + rest }
}

function named(limits: readonly Limit[], name: string): Limit {
  const found = limits.find(({ limit }) => limit === name)
  if (!found) throw new Error(`There is no limit '${name}'.`)
  return found
}
