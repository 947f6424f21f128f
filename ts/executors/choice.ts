import { totalmem } from 'node:os'
import { fail } from '../errors.js'
import { checkInteger, checkInterval, failName } from '../options.js'
import { type Addon, loadAddon } from './addon.js'
import type { Backend, Executor } from './executor.js'
import { NativeExecutor } from './native.js'
import { ReferenceExecutor } from './reference.js'

const backends: readonly Backend[] = ['native', 'reference']
const executors = new Map<Backend, Executor>()
let current: Executor | undefined

/** The executor that new programs and variables use. Chosen at first use: LAYERWISE_BACKEND, else native if it can be loaded. */
export function executor(): Executor {
  current ??= chooseFromEnvironment()
  return current
}

/** Makes an executor the current one: for tests that need one with other options. */
export function useExecutor(chosen: Executor): void {
  current = chosen
}

/** The name of the executor in use: 'native' or 'reference'. */
export function backend(): Backend {
  return executor().name
}

/**
 * Chooses the executor for everything made from now on; models and variables stay on the one they were made on.
 *
 * @throws name.unknown; backend.unavailable when the addon cannot be loaded
 */
export function setBackend(name: Backend): void {
  current = named(name)
}

/** The native addon, if this process could load it. */
export function nativeAddon(): Addon | undefined {
  try {
    return (named('native') as NativeExecutor).addon
  } catch {
    return undefined
  }
}

/** The instruction sets, threads and version behind the present executor. */
export function info(): { backend: Backend; isa: string; threads: number } {
  const { name, isa, threads } = executor()
  return { backend: name, isa, threads }
}

/**
 * Sets how many threads a large run of the native executor may use, from the next run on. Default: LAYERWISE_THREADS, else the processors that
 * affinity and, on Linux, the quotas of control groups leave to this process. Results do not depend on it.
 *
 * @throws argument.range
 */
export function setThreads(threads: number): void {
  checkInteger('setThreads', 'threads', threads, 1)
  nativeAddon()?.setThreads(threads)
}

/**
 * Sets the bytes that may be taken: on the native executor by all plans and variables (default: 80 % of the machine's or the container's
 * memory), on the reference executor by each variable and each run (default: no bound).
 */
export function setMemoryBudget(bytes: number): void {
  checkInterval('setMemoryBudget', 'bytes', bytes, { minimum: 0 })
  nativeAddon()?.setMemoryBudget(bytes)
  ;(named('reference') as ReferenceExecutor).memoryBudget = bytes
}

function named(name: Backend): Executor {
  let chosen = executors.get(name)
  if (!chosen) {
    if (name === 'reference') chosen = new ReferenceExecutor()
    else if (name === 'native') chosen = loadNative()
    else failName('backend', name, backends)
    executors.set(name, chosen)
  }
  return chosen
}

function loadNative(): Executor {
  let addon: Addon
  try {
    addon = loadAddon()
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)
    fail('backend.unavailable', { reason })
  }
  // The addon reads Linux's limits itself, containers' included.
  if (process.platform !== 'linux') addon.setMemoryBudget(0.8 * totalmem())
  const { isa, isas } = addon.info()
  const wanted = process.env.LAYERWISE_ISA
  if (wanted && wanted !== isa) {
    process.emitWarning(
      `LAYERWISE_ISA is '${wanted}', but this machine has ${isas.join(', ')}: ${isa} it is.`,
      'LayerwiseWarning',
    )
  }
  return new NativeExecutor(addon)
}

function chooseFromEnvironment(): Executor {
  const wanted = process.env.LAYERWISE_BACKEND
  if (wanted) return named(wanted as Backend)
  try {
    return named('native')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(
      `${reason} The reference executor takes over: same results, slower.`,
      'LayerwiseWarning',
    )
    return named('reference')
  }
}
