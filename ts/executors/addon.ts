import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Storage } from '../dtype.js'

/** The native boundary: what the addon exports. Bulk data crosses as typed arrays, programs as JSON, errors as JSON messages. */
export interface Addon {
  info(): AddonInfo
  /** Chooses the instruction set of the plans that are compiled from now on. */
  setIsa(isa: string): void
  setThreads(threads: number): void
  setMemoryBudget(bytes: number): void
  memoryBudget(): number
  NativeStore: new () => NativeStore
}

export interface AddonInfo {
  readonly version: string
  readonly target: string
  readonly isa: string
  /** Every instruction set that this machine has. */
  readonly isas: string[]
  readonly threads: number
  readonly operations: {
    readonly name: string
    readonly inputs: number | 'variadic' | 'any'
    readonly attributes: Record<string, string>
  }[]
  /** The names of the fusion passes, each of which can be switched off. */
  readonly fusions: string[]
}

export interface NativeStore {
  variable(dtype: string, shape: number[], elements: Storage): NativeVariable
  compile(
    program: string,
    constants: Uint8Array,
    variables: NativeVariable[],
    options: CompileOptions,
  ): NativePlan
}

export interface CompileOptions {
  /** 'highest', the default, 'high' or 'medium'. */
  readonly matmulPrecision?: string
  readonly disabledFusions?: string[]
  /** The name of an op whose kernel is to panic, for tests. */
  readonly fault?: string
}

export interface NativeVariable {
  read(into: Storage): void
  write(from: Storage): void
  close(): void
}

export interface NativePlan {
  info(): string
  runSync(inputs: Storage[], outputs: Storage[], steps: number): void
  run(inputs: Storage[], outputs: Storage[], steps: number): Promise<void>
  profile(inputs: Storage[], steps: number): string
  close(): void
}

/** The package's root: the nearest folder above this file with a package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

/** Loads the prebuilt binary, or the one that this checkout built; raises with the reason if there is none that works. */
export function loadAddon(): Addon {
  const require = createRequire(import.meta.url)
  const load = require('node-gyp-build') as { resolve(folder: string): string }
  const file = load.resolve(packageRoot())
  refuseDamaged(file)
  return require(file) as Addon
}

/** Loading a binary that was cut short would end the process, so a prebuilt one comes with its checksum. */
function refuseDamaged(file: string): void {
  const checksum = `${file}.sha256`
  if (!existsSync(checksum)) return
  const expected = readFileSync(checksum, 'utf8').trim()
  const got = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (got !== expected) throw new Error(`${file} is damaged`)
}
