import type { Attributes, Primitive, Spec } from '../../ts/ops/record.js'
import { acceptsInputs, primitiveTable } from '../../ts/ops/record.js'
import { type InstructionText, type ProgramText, type SpecText, sameSpec } from './program-text.js'

/** What an instruction makes of its inputs, by the rule of its op; undefined where they do not fit. */
export function infer(
  { op, inputs, attributes }: InstructionText,
  values: readonly SpecText[],
): SpecText | undefined {
  const primitive: Primitive | undefined = primitiveTable().get(op)
  const specs = inputs.map((id) => values[id])
  if (!primitive || !acceptsInputs(primitive, specs.length) || specs.includes(undefined)) return undefined
  try {
    const { dtype, shape } = primitive.infer(specs as Spec[], attributes as Attributes)
    return { dtype, shape: [...shape] }
  } catch {
    return undefined
  }
}

/** Lets a change of shapes flow through a program: what follows from it is declared anew, and updates that no longer fit are left out. */
export function repair(program: ProgramText): void {
  const { values, variables } = program
  for (const instruction of program.instructions) {
    const spec = infer(instruction, values)
    if (spec) values[instruction.output] = spec
  }
  program.updates = program.updates.filter(({ variable, value }) =>
    sameSpec(values[variables[variable] as number], values[value]),
  )
}
