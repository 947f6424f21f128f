import { dtypes } from '../../ts/dtype.js'
import { primitiveTable } from '../../ts/ops/record.js'
import { resamplings } from '../../ts/ops/taps.js'
import { sameShape } from '../../ts/shape.js'
import type { Random } from '../random.js'
import {
  type InstructionText,
  type Json,
  type ProgramText,
  programsWithin,
  type SpecText,
} from './program-text.js'
import { infer, repair } from './repair.js'
import { definitions, type Mutation } from './rewire.js'

/** Small extents, and those at the limits of shapes and of integers. */
const extents = [0, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 33]
const extremeExtents = [300, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53]

/** Attributes that hold extents. */
const extentAttributes = ['shape', 'length', 'segments']

export function extent(random: Random): number {
  return random.pick(random.chance(0.9) ? extents : extremeExtents)
}

/** An extent, such as that of the batch, becomes another wherever it stands. */
export const scaleExtent: Mutation = (program, random) => {
  const value = program.values.length > 0 ? random.pick(program.values) : undefined
  if (!value || value.shape.length === 0) return
  const [from, to] = [random.pick(value.shape), extent(random)]
  const scaled = (n: number) => (n === from ? to : n)
  for (const { values, instructions } of programsWithin(program)) {
    for (const spec of values) spec.shape = spec.shape.map(scaled)
    for (const { attributes } of instructions) {
      for (const name of extentAttributes) {
        const attribute = attributes[name]
        if (Array.isArray(attribute)) attributes[name] = (attribute as number[]).map(scaled)
        else if (attribute === from) attributes[name] = to
      }
    }
  }
  programsWithin(program).forEach(flattenAnew)
  repair(program)
}

/** Reshapes to one axis, and to two of which the first can be found, follow the size of their input. */
function flattenAnew({ values, instructions }: ProgramText): void {
  for (const { op, inputs, attributes } of instructions) {
    const shape = attributes.shape
    const from = values[inputs[0] as number]
    if (op !== 'reshape' || !Array.isArray(shape) || !from) continue
    const size = from.shape.reduce((a, b) => a * b, 1)
    if (shape.length === 1) attributes.shape = [size]
    else if (shape.length === 2 && size % (shape[1] as number) === 0) {
      attributes.shape = [size / (shape[1] as number), shape[1] as number]
    }
  }
}

/** One value alone gets another shape or dtype. */
export const changeSpec: Mutation = (program, random) => {
  if (program.values.length === 0) return
  const spec = random.pick(program.values)
  const axis = random.below(spec.shape.length + 1)
  if (random.chance(0.3)) spec.dtype = random.pick(dtypes)
  else spec.shape.splice(axis, random.below(2), ...(random.chance(0.7) ? [extent(random)] : []))
  if (random.chance(0.8)) repair(program)
}

/** Ops by the number of their inputs and by their attributes. */
const kin = new Map<string, string[]>()
for (const { name, arity, attributes } of primitiveTable().values()) {
  const key = `${arity} ${JSON.stringify(attributes)}`
  kin.set(key, [...(kin.get(key) ?? []), name])
}

/** An instruction does another op of its kind. */
export const replaceOp: Mutation = (program, random) => {
  const { instructions } = program
  const instruction = instructions.length > 0 ? random.pick(instructions) : undefined
  const primitive = instruction && primitiveTable().get(instruction.op)
  if (!primitive) return
  instruction.op = random.pick(
    kin.get(`${primitive.arity} ${JSON.stringify(primitive.attributes)}`) as string[],
  )
  repair(program)
}

/** An attribute gets another value of its kind. */
export const changeAttribute: Mutation = (program, random) => {
  const candidates = program.instructions.filter(({ attributes }) => Object.keys(attributes).length > 0)
  if (candidates.length === 0) return
  const { attributes } = random.pick(candidates)
  const name = random.pick(Object.keys(attributes))
  attributes[name] = otherAttribute(attributes[name] as Json, random)
  if (random.chance(0.8)) repair(program)
}

function otherAttribute(value: Json, random: Random): Json {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return extent(random)
  if (typeof value === 'string') return random.pick([...dtypes, ...resamplings])
  if (!Array.isArray(value)) return value
  const list = [...value]
  const k = random.below(list.length + 1)
  if (random.chance(0.5) && list.length > 1) {
    const other = random.below(list.length)
    const at = Math.min(k, list.length - 1)
    ;[list[at], list[other]] = [list[other] as Json, list[at] as Json]
  } else {
    list.splice(k, random.below(2), ...(random.chance(0.7) ? [extent(random)] : []))
  }
  return list
}

/** An op that is not in the program is applied to some of its values, and the result is used. */
export const insertInstruction: Mutation = (program, random) => {
  insert(program, random, random.below(program.instructions.length + 1))
}

/** Many ops one after the other: long chains are where fusions meet their limits. */
export const insertChain: Mutation = (program, random) => {
  const length = 1 << (2 + random.below(7))
  for (let i = 0; i < length; i++) insert(program, random, program.instructions.length)
}

/** What an instruction of each op has. */
const signatures = [...primitiveTable().values()].map(({ name, arity, attributes }) => ({
  op: name,
  arity,
  kinds: Object.entries(attributes),
}))

function insert(program: ProgramText, random: Random, position: number): void {
  const { values, instructions, outputs } = program
  const positions = definitions(program)
  for (let attempt = 0; attempt < 6; attempt++) {
    const first = existing(positions, random, position)
    if (first === undefined) return
    const { op, arity, kinds } = random.pick(signatures)
    const { shape } = values[first] as SpecText
    const inputs = [first]
    const count = arity === 'variadic' ? 1 + random.below(6) : arity
    while (inputs.length < count) {
      const alike = (id: number) => sameShape((values[id] as SpecText).shape, shape)
      inputs.push(existing(positions, random, position, random.chance(0.8) ? alike : undefined) ?? first)
    }
    const attributes = Object.fromEntries(
      kinds.map(([name, kind]) => [name, attributeOf(name, kind, shape, random)]),
    )
    const instruction: InstructionText = { op, inputs, outputs: [values.length], attributes }
    const [spec] = infer(instruction, values) ?? []
    if (!spec) continue
    values.push(spec)
    instructions.splice(position, 0, instruction)
    if (random.chance(0.3)) outputs.push(values.length - 1)
    return
  }
}

/** A value that exists before a position: mostly one of the last, so that chains become deep as well as wide. */
function existing(
  positions: Int32Array,
  random: Random,
  position: number,
  fits: (id: number) => boolean = () => true,
): number | undefined {
  for (let i = 0; i < 8; i++) {
    const start = random.chance(0.7) ? Math.max(0, positions.length - 4) : 0
    const id = start + random.below(positions.length - start)
    if (id < positions.length && (positions[id] as number) < position && fits(id)) return id
  }
  return undefined
}

/** An attribute that often fits an input of some shape. */
function attributeOf(name: string, kind: string, shape: readonly number[], random: Random): Json {
  if (kind === 'boolean') return random.chance(0.5)
  if (kind === 'dtype') return random.pick(dtypes)
  if (kind === 'name') return random.pick(resamplings)
  if (name === 'axis') return random.below(Math.max(1, shape.length))
  if (kind === 'integer') return random.pick(extents)
  if (name === 'axes') {
    const all = shape.map((_, axis) => axis)
    return random.chance(0.5) ? all.reverse() : all.filter(() => random.chance(0.5))
  }
  const size = shape.reduce((a, b) => a * b, 1)
  return random.pick([
    [...shape],
    [random.pick(extents), ...shape],
    [size],
    [1, size],
    [size, 1],
    [...shape, 1],
  ])
}

/** Another program follows in the same step. */
export function append(program: ProgramText, other: ProgramText, constantBytes: number): void {
  for (const body of programsWithin(other).slice(1)) {
    for (const constant of body.constants) constant.offset += constantBytes
  }
  const first = program.values.length
  const moved = (id: number) => id + first
  const variables = program.variables.length
  program.values.push(...other.values)
  program.inputs.push(...other.inputs.map(moved))
  program.variables.push(...other.variables.map(moved))
  program.constants.push(
    ...other.constants.map(({ value, offset }) => ({ value: moved(value), offset: offset + constantBytes })),
  )
  program.instructions.push(
    ...other.instructions.map((instruction) => ({
      ...instruction,
      inputs: instruction.inputs.map(moved),
      outputs: instruction.outputs.map(moved),
    })),
  )
  program.outputs.push(...other.outputs.map(moved))
  program.updates.push(
    ...other.updates.map(({ variable, value }) => ({ variable: variable + variables, value: moved(value) })),
  )
}
