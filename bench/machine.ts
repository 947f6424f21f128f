import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import * as lw from '../ts/index.js'

/** What the figures of a run were measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly isa: string
  /** The instruction set extensions that kernels could use, as Linux names them; empty elsewhere. */
  readonly features: readonly string[]
}

const relevant = /^(avx2|fma|avx512\w+|avx_vnni|amx_\w+|asimd\w*|sve\w*|bf16|i8mm)$/

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    isa: lw.info().isa,
    features: features(),
  }
}

function features(): string[] {
  if (!existsSync('/proc/cpuinfo')) return []
  const line = readFileSync('/proc/cpuinfo', 'utf8').match(/^(?:flags|Features)\s*:(.*)$/m)
  return (line?.[1] ?? '').split(' ').filter((name) => relevant.test(name))
}

/** The first line of every benchmark. */
export function printMachine(): void {
  console.log(JSON.stringify({ machine: machine() }))
}
