import type { Storage } from '../dtype.js'
import type { Program } from '../graph/program.js'
import type { Spec } from '../ops/record.js'
import type { Tensor } from '../tensor.js'

/** The names of the executors. */
export type Backend = 'native' | 'reference'

/** How accurate matrix products and convolutions are, from the most accurate to the fastest. */
export const matmulPrecisions = ['highest', 'high', 'medium'] as const

/**
 * How accurate matrix products and convolutions of float32 are: 'highest' is float32's accuracy; 'high' and 'medium' may multiply bfloat16
 * numbers, in three products or in one, where the machine has instructions for that, and compute convolutions with windows of 3 × 3 by
 * Winograd's filtering, whose errors are relative to the largest numbers nearby. The reference executor is as accurate as ever.
 */
export type MatmulPrecision = (typeof matmulPrecisions)[number]

/** What can run programs. Both executors are this and nothing more; everything above is written against it. */
export interface Executor {
  readonly name: Backend
  /** Whether float32 values are held in float64: a mode of the reference executor, for gradient checks. */
  readonly float64: boolean
  /** The instruction set that computes: 'javascript' on the reference executor. */
  readonly isa: string
  /** The threads that a large run may use. */
  readonly threads: number
  /** Whether a run on the calling thread may have to wait for a step of another run. */
  readonly busy: boolean
  /** Checks a program and binds its variables. Default precision: 'highest'. */
  compile(program: Program, matmulPrecision?: MatmulPrecision): Plan
  /** Memory for a variable, with a copy of the initial value. */
  createVariable(initial: Tensor): VariableStorage
}

/** A program that is ready to run, bound to its variables. It owns no state. */
export interface Plan {
  /**
   * Runs whole steps on the calling thread and returns the program's outputs. With `steps`, each output has a leading axis of
   * that length; the inputs are the same in every step, and variables carry over.
   */
  runSync(inputs: readonly Tensor[], steps?: number): Tensor[]
  /** The same without blocking the event loop. Runs that share variables follow one another by whole steps. */
  run(inputs: readonly Tensor[], steps?: number): Promise<Tensor[]>
  /** What the plan is made of, for people and tests. */
  info(): PlanInfo
  /** Frees its memory now; otherwise it goes with the object. */
  close(): void
}

export interface PlanInfo {
  /** In the order of execution: the kernel, the primitives that it does, and what it makes. */
  readonly instructions: readonly {
    readonly name: string
    readonly ops: readonly string[]
    readonly outputs: readonly Spec[]
    /** The instructions of the functions that control flow runs. */
    readonly bodies?: readonly PlanInfo['instructions'][]
  }[]
  /** How many instructions or copies each fusion saved. */
  readonly fusions: readonly { readonly name: string; readonly count: number }[]
  /** The memory for values within a step. */
  readonly arenaBytes: number
  /** What of it is in use at the worst instruction: the rest lies in gaps between values. */
  readonly peakBytes: number
}

/** A variable's memory on an executor. */
export interface VariableStorage {
  /** A copy of the elements. */
  read(): Storage
  /** Takes a tensor of the variable's shape and dtype. */
  write(value: Tensor): void
  close(): void
}
