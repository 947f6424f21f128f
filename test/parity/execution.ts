import type { Storage } from '../../ts/dtype.js'
import type { Executor, MatmulPrecision, Plan } from '../../ts/executors/executor.js'
import type { Program } from '../../ts/graph/program.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { createTensor, storageOf, type Tensor } from '../../ts/tensor.js'
import { Variable } from '../../ts/variable.js'
import { tensorOf, withExecutor } from './program.js'

/** A program and what it is run with. */
export interface Workload {
  readonly program: Program
  readonly inputs: readonly SampleArray[]
  /** What the program's variables start from. */
  readonly initial: readonly Tensor[]
  readonly steps: number
  /** How accurate matrix products are; default 'highest'. */
  readonly matmulPrecision?: MatmulPrecision
}

/** A program compiled by one executor, with variables of its own. */
export class Execution {
  readonly #plan: Plan
  readonly #variables: readonly Variable[]
  readonly #inputs: readonly Tensor[]

  constructor(
    executor: Executor,
    private readonly workload: Workload,
  ) {
    const { program, inputs, initial, matmulPrecision } = workload
    const { float64 } = executor
    this.#inputs = inputs.map((input) => tensorOf(input, float64))
    this.#variables = withExecutor(executor, () =>
      program.variables.map(
        ({ variable }, i) =>
          new Variable(
            createTensor(initial[i] as Tensor, undefined, undefined, float64),
            variable.name,
            true,
          ),
      ),
    )
    const variables = program.variables.map(({ value }, i) => ({
      value,
      variable: this.#variables[i] as Variable,
    }))
    this.#plan = executor.compile({ ...program, variables }, matmulPrecision)
  }

  /** Runs all steps from the initial values of the variables; returns the outputs, then the final values of the variables. */
  run(): Storage[] {
    this.#variables.forEach((variable, i) => {
      variable.storage.write(this.workload.initial[i] as Tensor)
    })
    const outputs = this.#plan.runSync(this.#inputs, this.workload.steps)
    return [...outputs.map(storageOf), ...this.#variables.map((variable) => variable.storage.read())]
  }

  close(): void {
    this.#plan.close()
    for (const variable of this.#variables) variable.close()
  }
}

/** Compiles, runs and forgets. */
export function execute(executor: Executor, workload: Workload): Storage[] {
  const execution = new Execution(executor, workload)
  try {
    return execution.run()
  } finally {
    execution.close()
  }
}

/** The dtypes of what {@link execute} returns. */
export function resultDtypes({ program }: Workload): Tensor['dtype'][] {
  return [...program.outputs, ...program.variables.map(({ value }) => value)].map(
    (value) => (program.values[value] as Pick<Tensor, 'dtype'>).dtype,
  )
}
