import type { Storage } from '../dtype.js'
import type { ControlInstruction, Program } from '../graph/program.js'
import type { Spec } from '../ops/record.js'
import { storageOf } from '../tensor.js'

/** The values of one program while it runs on the reference executor, and frames for the programs inside it. */
export class Frame {
  readonly values: Storage[]
  readonly #bodies = new Map<ControlInstruction, readonly Frame[]>()

  /** @param memory gives memory for each of {@link resultSpecs} in turn */
  constructor(
    private readonly program: Program,
    memory: Iterator<Storage>,
  ) {
    this.values = new Array<Storage>(program.values.length)
    for (const { value, tensor } of program.constants) this.values[value] = storageOf(tensor)
    for (const instruction of program.instructions) {
      for (const output of instruction.outputs) this.values[output] = memory.next().value as Storage
      if (instruction.bodies) {
        this.#bodies.set(
          instruction,
          instruction.bodies.map((body) => new Frame(body, memory)),
        )
      }
    }
  }

  /** Runs all instructions, once inputs and variables are in their places. */
  run(): void {
    const value = (number: number) => this.values[number] as Storage
    const spec = (number: number) => this.program.values[number] as Spec
    for (const instruction of this.program.instructions) {
      const { inputs, outputs, attributes } = instruction
      if (instruction.bodies) {
        const frames = this.#bodies.get(instruction) as readonly Frame[]
        instruction.op.run({
          inputs: inputs.map(value),
          outputs: outputs.map(value),
          attributes,
          bodies: frames.length,
          run: (body, given) => (frames[body] as Frame).#call(given),
        })
        continue
      }
      const [output] = outputs as [number]
      instruction.op.kernel({
        inputs: inputs.map(value),
        specs: inputs.map(spec),
        output: value(output),
        outputSpec: spec(output),
        attributes,
      })
    }
  }

  #call(inputs: readonly Storage[]): Storage[] {
    this.program.inputs.forEach((value, i) => {
      this.values[value] = inputs[i] as Storage
    })
    this.run()
    return this.program.outputs.map((value) => this.values[value] as Storage)
  }
}

/** The shapes and dtypes of everything that a program computes, and the programs inside it. */
export function resultSpecs(program: Program): Spec[] {
  return program.instructions.flatMap(({ outputs, bodies = [] }) => [
    ...outputs.map((value) => program.values[value] as Spec),
    ...bodies.flatMap(resultSpecs),
  ])
}
