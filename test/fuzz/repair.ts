import { type BodySignature, controlTable } from '../../ts/ops/control/record.js'
import type { Attributes, Primitive, Spec } from '../../ts/ops/record.js'
import { acceptsInputs, primitiveTable } from '../../ts/ops/record.js'
import { type InstructionText, type ProgramText, type SpecText, sameSpec } from './program-text.js'

/** What an instruction makes of its inputs, by the rule of its op; undefined where they do not fit. */
export function infer(
  { op, inputs, attributes, bodies }: InstructionText,
  values: readonly SpecText[],
): SpecText[] | undefined {
  const primitive: Primitive | undefined = primitiveTable().get(op)
  const control = controlTable().get(op)
  const specs = inputs.map((id) => values[id]) as Spec[]
  if (specs.includes(undefined as never) || (primitive && !acceptsInputs(primitive, specs.length)))
    return undefined
  try {
    const made = control
      ? control.infer(specs, attributes as Attributes, (bodies ?? []).map(signatureOf))
      : [primitive?.infer(specs, attributes as Attributes) as Spec]
    return made.map(({ dtype, shape }) => ({ dtype, shape: [...shape] }))
  } catch {
    return undefined
  }
}

function signatureOf({ values, inputs, outputs }: ProgramText): BodySignature {
  const specs = (ids: readonly number[]) => ids.map((id) => values[id] as Spec)
  return { inputs: specs(inputs), outputs: specs(outputs) }
}

/** Lets a change of shapes flow through a program: what follows from it is declared anew, and updates that no longer fit are left out. */
export function repair(program: ProgramText): void {
  const { values, variables } = program
  for (const instruction of program.instructions) {
    instruction.bodies?.forEach((body) => {
      const given = givenTo(instruction, values)
      body.inputs.forEach((id, i) => {
        const spec = given[i]
        if (spec) body.values[id] = { ...spec }
      })
      repair(body)
    })
    infer(instruction, values)?.forEach((spec, i) => {
      const output = instruction.outputs[i]
      if (output !== undefined) values[output] = spec
    })
  }
  program.updates = program.updates.filter(({ variable, value }) =>
    sameSpec(values[variables[variable] as number], values[value]),
  )
}

/** What control flow gives its bodies. */
function givenTo(
  { op, inputs, attributes }: InstructionText,
  values: readonly SpecText[],
): (SpecText | undefined)[] {
  const specs = inputs.map((id) => values[id])
  if (op === 'switch') return specs.slice(1)
  const whole = op === 'scan' ? Number(attributes.constants) + Number(attributes.carries) : specs.length
  return specs.map((spec, i) => (spec && i >= whole ? { ...spec, shape: spec.shape.slice(1) } : spec))
}
