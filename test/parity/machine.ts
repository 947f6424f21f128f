import type { Addon } from '../../ts/executors/addon.js'
import { nativeAddon } from '../../ts/executors/choice.js'
import { NativeExecutor } from '../../ts/executors/native.js'

/** Thread counts that divide chunks in different ways. */
export const threadCounts = [1, 2, 3, 7] as const

/** A native executor, and what was switched off in it. */
export interface FusionSetting {
  readonly without: string
  readonly executor: NativeExecutor
}

/** What this machine can run native plans on. */
export interface Machine {
  readonly addon: Addon
  readonly isas: readonly string[]
  /** With all fusions. */
  readonly fused: NativeExecutor
  /** Each fusion switched off in turn, and then all of them. */
  readonly unfused: readonly FusionSetting[]
}

export function thisMachine(): Machine {
  const addon = nativeAddon()
  if (!addon) throw new Error('Parity needs the native addon: npm run build:native.')
  const { isas, fusions } = addon.info()
  const without = (label: string, disabledFusions: string[]) => ({
    without: label,
    executor: new NativeExecutor(addon, { disabledFusions }),
  })
  return {
    addon,
    isas,
    fused: new NativeExecutor(addon),
    unfused: [...fusions.map((name) => without(name, [name])), without('all fusions', fusions)],
  }
}

/** Runs a function and then restores the instruction set and the number of threads. */
export function preservingSettings<R>(addon: Addon, body: () => R): R {
  const { isa, threads } = addon.info()
  try {
    return body()
  } finally {
    addon.setIsa(isa)
    addon.setThreads(threads)
  }
}
