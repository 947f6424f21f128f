import { allocate, bytesPerElement, type Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { eventLoopTurn } from '../event-loop.js'
import type { Program } from '../graph/program.js'
import type { Spec } from '../ops/record.js'
import { type Shape, sameShape, sizeOf } from '../shape.js'
import { storageOf, Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import type { Executor, Plan, PlanInfo, VariableStorage } from './executor.js'
import { Frame, resultSpecs } from './frame.js'

/**
 * The specification and the fallback: runs a program instruction by instruction with the kernels of the op records, in float32
 * or, for gradient checks, in float64 throughout. Its arithmetic is the language's alone.
 */
export class ReferenceExecutor implements Executor {
  readonly name = 'reference'
  readonly isa = 'javascript'
  readonly threads = 1
  readonly busy = false

  /** The bytes that a variable, or the values of one run, may take. */
  memoryBudget = Infinity

  constructor(readonly float64 = false) {}

  compile(program: Program): Plan {
    for (const { variable } of program.variables) checkExecutor(variable, this)
    return new ReferencePlan(program, this)
  }

  createVariable(initial: Tensor): VariableStorage {
    const [elements] = allocateAll([initial], this) as [Storage]
    elements.set(storageOf(initial))
    return new ReferenceVariable(elements)
  }
}

class ReferenceVariable implements VariableStorage {
  #elements: Storage | undefined

  constructor(elements: Storage) {
    this.#elements = elements
  }

  /** The memory itself, for plans. */
  get elements(): Storage {
    return this.#elements ?? fail('tensor.closed', { what: 'variable' })
  }

  read(): Storage {
    return this.elements.slice()
  }

  write(value: Tensor): void {
    this.elements.set(storageOf(value))
  }

  close(): void {
    this.#elements = undefined
  }
}

class ReferencePlan implements Plan {
  #program: Program | undefined

  constructor(
    program: Program,
    private readonly executor: ReferenceExecutor,
  ) {
    this.#program = program
  }

  runSync(inputs: readonly Tensor[], steps?: number): Tensor[] {
    const run = this.#start(inputs, steps)
    for (let step = 0; step < (steps ?? 1); step++) run.step(step)
    return run.outputs
  }

  async run(inputs: readonly Tensor[], steps?: number): Promise<Tensor[]> {
    const run = this.#start(inputs, steps)
    for (let step = 0; step < (steps ?? 1); step++) {
      await eventLoopTurn()
      run.step(step)
    }
    return run.outputs
  }

  info(): PlanInfo {
    return {
      instructions: describe(this.#open()),
      fusions: [],
      arenaBytes: 0,
      peakBytes: 0,
    }
  }

  close(): void {
    this.#program = undefined
  }

  #open(): Program {
    return this.#program ?? fail('tensor.closed', { what: 'plan' })
  }

  #start(inputs: readonly Tensor[], steps?: number): ReferenceRun {
    const program = this.#open()
    checkRun(program, inputs, steps)
    return new ReferenceRun(program, inputs, steps, this.executor)
  }
}

function describe({ instructions, values }: Program): PlanInfo['instructions'] {
  return instructions.map(({ op, outputs, bodies }) => ({
    name: op.name,
    ops: [op.name],
    outputs: outputs.map((output) => values[output] as Spec),
    ...(bodies && { bodies: bodies.map(describe) }),
  }))
}

/** One call: the values of the present step, and the outputs of all steps. */
class ReferenceRun {
  readonly outputs: Tensor[]
  readonly #frame: Frame
  readonly #variables: ReferenceVariable[]
  readonly #stacked: readonly Storage[]
  /** The values that variables have at the start of a step. */
  readonly #bound: ReadonlySet<number>

  constructor(
    private readonly program: Program,
    inputs: readonly Tensor[],
    steps: number | undefined,
    executor: ReferenceExecutor,
  ) {
    this.#variables = program.variables.map(({ variable }) => variable.storage as ReferenceVariable)
    const leading = steps === undefined ? [] : [steps]
    const stacked = program.outputs.map((value): Spec => {
      const { shape, dtype } = program.values[value] as Spec
      return { shape: [...leading, ...shape], dtype }
    })
    const storages = allocateAll([...stacked, ...resultSpecs(program)], executor)
    this.#stacked = storages.slice(0, stacked.length)
    this.#frame = new Frame(program, storages.slice(stacked.length).values())
    program.inputs.forEach((value, i) => {
      this.#frame.values[value] = storageOf(inputs[i] as Tensor)
    })
    this.outputs = stacked.map(({ shape, dtype }, i) => new Tensor(shape, dtype, this.#stacked[i]))
    this.#bound = new Set(program.variables.map((binding) => binding.value))
  }

  step(step: number): void {
    const { program } = this
    const { values } = this.#frame
    const value = (number: number) => values[number] as Storage
    program.variables.forEach((binding, i) => {
      values[binding.value] = (this.#variables[i] as ReferenceVariable).elements
    })
    this.#frame.run()
    program.outputs.forEach((number, i) => {
      this.#stacked[i]?.set(value(number), step * value(number).length)
    })
    // A new value may itself be what another variable had before the step, so all are taken before any is written.
    const next = program.updates.map((update) =>
      this.#bound.has(update.value) ? value(update.value).slice() : value(update.value),
    )
    program.updates.forEach(({ variable }, i) => {
      ;(this.#variables[variable] as ReferenceVariable).elements.set(next[i] as Storage)
    })
  }
}

/** Raises unless a variable lives on the executor that is to compile it into a plan. */
export function checkExecutor({ name, executor }: Variable, current: Executor): void {
  if (executor !== current)
    fail('variable.executor', { name, executor: executor.name, current: current.name })
}

/** Raises unless the tensors of a call are what the program declares, its variables open, and the steps a positive number. */
export function checkRun(program: Program, inputs: readonly Tensor[], steps: number | undefined): void {
  if (steps !== undefined && !(Number.isInteger(steps) && steps >= 1)) {
    fail('argument.range', { op: 'run', argument: 'steps', expected: 'a positive integer', got: steps })
  }
  for (const { variable } of program.variables) {
    if (variable.closed) fail('tensor.closed', { what: 'variable' })
  }
  if (inputs.length !== program.inputs.length) {
    fail('run.invalid', { detail: `it takes ${program.inputs.length} inputs, got ${inputs.length}` })
  }
  program.inputs.forEach((value, i) => {
    const expected = program.values[value] as Spec
    const got = inputs[i] as Tensor
    if (got.dtype !== expected.dtype || !sameShape(got.shape, expected.shape)) {
      const text = (s: { dtype: string; shape: Shape }) => `${s.dtype} [${s.shape.join(', ')}]`
      fail('run.invalid', { detail: `input ${i} is declared as ${text(expected)}, got ${text(got)}` })
    }
  })
}

/** Zeros for each spec: all of them, within the budget, or none. */
function allocateAll(specs: readonly Spec[], { float64, memoryBudget }: ReferenceExecutor): Storage[] {
  const bytes = ({ shape, dtype }: Spec) =>
    sizeOf(shape) * (float64 && dtype === 'float32' ? 8 : bytesPerElement(dtype))
  const needed = specs.reduce((total, spec) => total + bytes(spec), 0)
  if (needed > memoryBudget) fail('memory.budget', { needed, budget: memoryBudget })
  try {
    return specs.map(({ shape, dtype }) => allocate(dtype, sizeOf(shape), float64).fill(0))
  } catch {
    return fail('memory.exhausted', { needed })
  }
}
