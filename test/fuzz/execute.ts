import type { Addon, NativePlan, NativeStore, NativeVariable } from '../../ts/executors/addon.js'
import { elements, mostBytes } from './data.js'
import { byteSizes, type Mutant } from './mutant.js'
import { longestRun, type ProgramText, type SpecText } from './program-text.js'

/** Plans and variables may take this much. */
const memoryBudget = 4 << 20

/** Programs that run more instructions than this are not run: loops of millions of iterations show nothing more. */
const mostInstructions = 50_000

/** The errors that a program, and its data, may end in. Whatever else happens is a defect. */
const refusals = ['program.invalid', 'memory.budget', 'variable.mismatch']
const variableErrors = ['run.invalid', 'memory.budget']
const runErrors = ['index.range']

/** Something that no program may cause. */
export class Defect extends Error {}

/** Compiles mutants in one store, and runs those that are accepted. */
export class Executor {
  readonly #store: NativeStore

  constructor(private readonly addon: Addon) {
    addon.setMemoryBudget(memoryBudget)
    this.#store = new addon.NativeStore()
  }

  /** Whether the mutant was accepted, and then also run. */
  execute(mutant: Mutant): boolean {
    const variables: NativeVariable[] = []
    try {
      expecting(variableErrors, () => this.#makeVariables(mutant, variables))
      this.addon.setIsa(mutant.isa)
      const { json, constants, disabledFusions } = mutant
      const plan = expecting(refusals, () =>
        this.#store.compile(json, constants, variables, { disabledFusions }),
      )
      if (!plan) return false
      run(plan, mutant)
      plan.close()
      return true
    } finally {
      for (const variable of variables) variable.close()
    }
  }

  #makeVariables({ program, random }: Mutant, made: NativeVariable[]): void {
    const sizes = byteSizes(program, program?.variables)
    if (!program || !sizes || sum(sizes) > mostBytes) return
    program.variables.forEach((id, k) => {
      const { dtype, shape } = specOf(program, id)
      made.push(this.#store.variable(dtype, shape, elements(dtype, sizes[k] as number, random)))
    })
  }
}

function run(plan: NativePlan, { program, random, steps }: Mutant): void {
  const inputs = byteSizes(program, program?.inputs)
  const outputs = byteSizes(program, program?.outputs)
  if (!program || !inputs || !outputs)
    throw new Defect('a program was accepted whose inputs or outputs have no valid shape')
  if (sum(inputs) + sum(outputs) * steps > mostBytes) {
    const nothing = (sizes: number[]) => sizes.map(() => new Uint8Array(0))
    expecting(['run.invalid'], () => plan.runSync(nothing(inputs), nothing(outputs), steps))
    return
  }
  if (longestRun(program) * steps > mostInstructions) return
  const given = program.inputs.map((id, k) =>
    elements(specOf(program, id).dtype, inputs[k] as number, random),
  )
  const taken = outputs.map((size) => new Uint8Array(size * steps))
  expecting(runErrors, () => plan.runSync(given, taken, steps))
}

function specOf({ values }: ProgramText, id: number): SpecText {
  return values[id] as SpecText
}

/** The result, or undefined where the call raised one of the errors that it may raise. */
function expecting<Result>(codes: readonly string[], call: () => Result): Result | undefined {
  try {
    return call()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!codes.includes(codeOf(message))) throw new Defect(message)
    return undefined
  }
}

function codeOf(message: string): string {
  try {
    return String((JSON.parse(message) as { code?: unknown }).code)
  } catch {
    return 'none'
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a + b, 0)
}
