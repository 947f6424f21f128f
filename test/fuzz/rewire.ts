import type { Random } from '../random.js'
import { type InstructionText, type ProgramText, sameSpec } from './program-text.js'

/** A change to a program, which may leave it as it is where it finds nothing to change. */
export type Mutation = (program: ProgramText, random: Random) => void

/** How often to look for a value that fits. */
const tries = 8

/** For each value the position of the instruction that makes it; -1 for what exists before the first. */
export function definitions({ values, instructions }: ProgramText): Int32Array {
  const positions = new Int32Array(values.length).fill(-1)
  instructions.forEach(({ outputs }, position) => {
    for (const output of outputs) positions[output] = position
  })
  return positions
}

/** A value of the same shape and dtype that exists before a position. */
export function equivalent(
  program: ProgramText,
  random: Random,
  id: number,
  position: number,
): number | undefined {
  const positions = definitions(program)
  for (let i = 0; i < tries; i++) {
    const other = random.below(program.values.length)
    const exists = (positions[other] as number) < position
    if (other !== id && exists && sameSpec(program.values[other], program.values[id])) return other
  }
  return undefined
}

function somewhere({ instructions }: ProgramText, random: Random): [InstructionText, number] | undefined {
  if (instructions.length === 0) return undefined
  const position = random.below(instructions.length)
  return [instructions[position] as InstructionText, position]
}

/** An instruction reads another value: mostly one that fits. */
export const rewireInput: Mutation = (program, random) => {
  const [instruction, position] = somewhere(program, random) ?? []
  if (!instruction || position === undefined || instruction.inputs.length === 0) return
  const k = random.below(instruction.inputs.length)
  const id = random.chance(0.1)
    ? random.below(program.values.length + 1)
    : equivalent(program, random, instruction.inputs[k] as number, position)
  if (id !== undefined) instruction.inputs[k] = id
}

/** More outputs, fewer, or others; also inputs, variables and constants, and one value twice. */
export const changeOutputs: Mutation = ({ outputs, values }, random) => {
  const id = random.below(values.length)
  const k = random.below(outputs.length + 1)
  outputs.splice(k, random.below(2), ...(random.chance(0.8) ? [id] : []))
}

/** A variable takes another value: of an input, of another variable, of an intermediate result. */
export const changeUpdates: Mutation = (program, random) => {
  const { variables, updates, values, instructions } = program
  if (variables.length === 0) return
  const variable = random.below(variables.length)
  const value = random.chance(0.1)
    ? random.below(values.length + 1)
    : equivalent(program, random, variables[variable] as number, instructions.length)
  const present = updates.findIndex((update) => update.variable === variable)
  if (present >= 0) updates.splice(present, 1)
  if (value !== undefined) updates.push({ variable, value })
}

/** A result becomes an input, a variable or a constant. */
export const cutInstruction: Mutation = (program, random) => {
  const [instruction, position] = somewhere(program, random) ?? []
  if (!instruction || position === undefined) return
  program.instructions.splice(position, 1)
  for (const output of instruction.outputs) giveRole(program, random, output)
}

/** Inputs, variables and constants change their roles. */
export const changeRole: Mutation = (program, random) => {
  const { inputs, constants } = program
  const role = random.below(2)
  if (role === 0 && inputs.length > 0) {
    giveRole(program, random, inputs.splice(random.below(inputs.length), 1)[0] as number)
  } else if (constants.length > 0) {
    const [constant] = constants.splice(random.below(constants.length), 1)
    giveRole(program, random, (constant as { value: number }).value)
  }
}

function giveRole({ inputs, variables, constants }: ProgramText, random: Random, id: number): void {
  switch (random.below(3)) {
    case 0:
      inputs.splice(random.below(inputs.length + 1), 0, id)
      break
    case 1:
      // At the end, so that updates keep their variables.
      variables.push(id)
      break
    default:
      constants.push({ value: id, offset: 4 * random.below(16) })
  }
}

/** An instruction is done twice, and a reader of its result takes the second one's. */
export const duplicateInstruction: Mutation = (program, random) => {
  const [instruction, position] = somewhere(program, random) ?? []
  if (!instruction || position === undefined) return
  const { values, instructions } = program
  const outputs = instruction.outputs.map((_, i) => values.length + i)
  values.push(...instruction.outputs.map((id) => ({ ...(values[id] as ProgramText['values'][number]) })))
  instructions.splice(position + 1, 0, { ...structuredClone(instruction), outputs })
  const [first, second] = [instruction.outputs[0], outputs[0]]
  if (first === undefined || second === undefined) return
  const reader = instructions.find(({ inputs }, i) => i > position + 1 && inputs.includes(first))
  if (reader) reader.inputs = reader.inputs.map((id) => (id === first ? second : id))
  else program.outputs.push(second)
}

/** Two instructions change places: mostly neighbours. */
export const swapInstructions: Mutation = ({ instructions }, random) => {
  if (instructions.length < 2) return
  const first = random.below(instructions.length - 1)
  const second = random.chance(0.9) ? first + 1 : random.below(instructions.length)
  const [a, b] = [instructions[first], instructions[second]] as [InstructionText, InstructionText]
  instructions[first] = b
  instructions[second] = a
}

/** Two values exchange their numbers. */
export const renumber: Mutation = (program, random) => {
  const { values } = program
  if (values.length === 0) return
  const [a, b] = [random.below(values.length), random.below(values.length)]
  const renamed = (id: number) => (id === a ? b : id === b ? a : id)
  const [first, second] = [values[a], values[b]] as [
    ProgramText['values'][number],
    ProgramText['values'][number],
  ]
  values[a] = second
  values[b] = first
  program.inputs = program.inputs.map(renamed)
  program.variables = program.variables.map(renamed)
  program.outputs = program.outputs.map(renamed)
  for (const constant of program.constants) constant.value = renamed(constant.value)
  for (const update of program.updates) update.value = renamed(update.value)
  for (const instruction of program.instructions) {
    instruction.inputs = instruction.inputs.map(renamed)
    instruction.outputs = instruction.outputs.map(renamed)
  }
}
