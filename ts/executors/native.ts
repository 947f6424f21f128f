import { allocate, type Storage } from '../dtype.js'
import { fail, isErrorCode, LayerwiseError } from '../errors.js'
import { encodeProgram, type Program } from '../graph/program.js'
import type { Spec } from '../ops/record.js'
import { sizeOf } from '../shape.js'
import { storageOf, Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import type { Addon, CompileOptions, NativePlan, NativeStore, NativeVariable } from './addon.js'
import type { Executor, MatmulPrecision, Plan, PlanInfo, VariableStorage } from './executor.js'
import { checkExecutor, checkRun } from './reference.js'

/** Runs programs in Rust: compiled to a fused plan, with SIMD kernels on a team of threads. */
export class NativeExecutor implements Executor {
  readonly name = 'native'
  readonly float64 = false
  readonly #store: NativeStore
  readonly #underWay: Runs = { count: 0 }

  constructor(
    readonly addon: Addon,
    /** Fusions to leave out and faults to plant, for tests. */
    private readonly options: CompileOptions = {},
  ) {
    this.#store = new addon.NativeStore()
  }

  get isa(): string {
    return this.addon.info().isa
  }

  get threads(): number {
    return this.addon.info().threads
  }

  get busy(): boolean {
    return this.#underWay.count > 0
  }

  compile(program: Program, matmulPrecision: MatmulPrecision = 'highest'): Plan {
    const { json, constants } = encodeProgram(program)
    const variables = program.variables.map(({ variable }) => this.#storageOf(variable).handle)
    const options = { ...this.options, matmulPrecision }
    return new NativeExecutorPlan(
      program,
      translating('variable', () => this.#store.compile(json, constants, variables, options)),
      this.#underWay,
    )
  }

  createVariable(initial: Tensor): VariableStorage {
    return new NativeVariableStorage(
      initial,
      translating('variable', () =>
        this.#store.variable(initial.dtype, [...initial.shape], storageOf(initial)),
      ),
    )
  }

  #storageOf(variable: Variable): NativeVariableStorage {
    checkExecutor(variable, this)
    return variable.storage as NativeVariableStorage
  }
}

class NativeVariableStorage implements VariableStorage {
  constructor(
    private readonly spec: Pick<Tensor, 'shape' | 'dtype'>,
    readonly handle: NativeVariable,
  ) {
    this.spec = { shape: spec.shape, dtype: spec.dtype }
  }

  read(): Storage {
    const elements = allocate(this.spec.dtype, sizeOf(this.spec.shape))
    translating('variable', () => this.handle.read(elements))
    return elements
  }

  write(value: Tensor): void {
    translating('variable', () => this.handle.write(storageOf(value)))
  }

  close(): void {
    this.handle.close()
  }
}

/** The times of the parts of a step, over some steps. */
export interface Profile {
  /** In the order of execution. */
  readonly instructions: readonly (Nanoseconds & {
    readonly name: string
    /** The primitives that it does. */
    readonly ops: readonly string[]
    readonly outputs: readonly Spec[]
    readonly flops: number
    /** What it reads and writes if each operand is touched once. */
    readonly bytes: number
  })[]
  /** The copies at the end of a step. */
  readonly transfers: Nanoseconds
  readonly step: Nanoseconds
}

interface Nanoseconds {
  readonly minimum: number
  readonly mean: number
}

/** The runs of an executor that are under way on other threads. */
interface Runs {
  count: number
}

/** A compiled plan behind the native boundary. */
export class NativeExecutorPlan implements Plan {
  readonly #outputs: readonly Spec[]

  constructor(
    private readonly program: Program,
    private readonly plan: NativePlan,
    private readonly underWay: Runs,
  ) {
    this.#outputs = program.outputs.map((value) => program.values[value] as Spec)
  }

  runSync(inputs: readonly Tensor[], steps?: number): Tensor[] {
    const elements = this.#allocate(inputs, steps)
    try {
      this.plan.runSync(inputs.map(storageOf), elements, steps ?? 1)
    } catch (error) {
      throw translate('plan', error)
    }
    return this.#tensors(elements, steps)
  }

  async run(inputs: readonly Tensor[], steps?: number): Promise<Tensor[]> {
    const elements = this.#allocate(inputs, steps)
    this.underWay.count++
    try {
      await this.plan.run(inputs.map(storageOf), elements, steps ?? 1)
    } catch (error) {
      throw translate('plan', error)
    } finally {
      this.underWay.count--
    }
    return this.#tensors(elements, steps)
  }

  info(): PlanInfo {
    return JSON.parse(translating('plan', () => this.plan.info())) as PlanInfo
  }

  /** Runs steps on the calling thread, without their outputs, and says where their time went. */
  profile(inputs: readonly Tensor[], steps: number): Profile {
    checkRun(this.program, inputs, steps)
    return JSON.parse(translating('plan', () => this.plan.profile(inputs.map(storageOf), steps))) as Profile
  }

  close(): void {
    this.plan.close()
  }

  /** Memory for the outputs. It is private, as that of all tensors: a run may use it on other threads while this one goes on. */
  #allocate(inputs: readonly Tensor[], steps?: number): Storage[] {
    checkRun(this.program, inputs, steps)
    return this.#outputs.map(({ shape, dtype }) => allocate(dtype, sizeOf(shape) * (steps ?? 1)))
  }

  #tensors(elements: readonly Storage[], steps?: number): Tensor[] {
    return this.#outputs.map(
      ({ shape, dtype }, i) =>
        new Tensor(steps === undefined ? shape : [steps, ...shape], dtype, elements[i]),
    )
  }
}

function translating<R>(what: 'variable' | 'plan', call: () => R): R {
  try {
    return call()
  } catch (error) {
    throw translate(what, error)
  }
}

/** The addon's error, a code and fields in JSON, as the error that users see; `what` is the handle that may have been closed. */
function translate(what: 'variable' | 'plan', error: unknown): unknown {
  if (error instanceof LayerwiseError || !(error instanceof Error)) return error
  let parsed: { code?: unknown } & Record<string, unknown>
  try {
    parsed = JSON.parse(error.message)
  } catch {
    parsed = { code: 'native.failed', detail: error.message }
  }
  const { code, ...fields } = parsed
  try {
    if (code === 'closed') fail('tensor.closed', { what })
    if (typeof code !== 'string' || !isErrorCode(code)) fail('native.failed', { detail: error.message })
    fail(code, fields as never)
  } catch (worded) {
    return worded
  }
}
