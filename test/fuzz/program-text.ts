import { bytesPerElement, dtypes } from '../../ts/dtype.js'
import { encodeProgram, type Program } from '../../ts/graph/program.js'

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Shape and dtype of a value, as they stand in a program. */
export type SpecText = { dtype: string; shape: number[] }

export type InstructionText = {
  op: string
  inputs: number[]
  outputs: number[]
  attributes: { [name: string]: Json }
  /** The programs of control flow. */
  bodies?: ProgramText[]
}

/** A program as the addon reads it, open to changes. */
export type ProgramText = {
  version: number
  values: SpecText[]
  inputs: number[]
  variables: number[]
  constants: { value: number; offset: number }[]
  instructions: InstructionText[]
  outputs: number[]
  updates: { variable: number; value: number }[]
}

/** A real program to start from. */
export interface Source {
  readonly name: string
  readonly json: string
  readonly constants: Uint8Array
}

export function sourceOf(name: string, program: Program): Source {
  return { name, ...encodeProgram(program) }
}

export function parse(source: Source): ProgramText {
  return JSON.parse(source.json) as ProgramText
}

/** A program and all those inside it. */
export function programsWithin(program: ProgramText): ProgramText[] {
  const bodies = program.instructions.flatMap(({ bodies = [] }) => bodies)
  return [program, ...bodies.flatMap(programsWithin)]
}

/** How many instructions a program may run, those of loops as often as they repeat. */
export function longestRun({ instructions }: ProgramText): number {
  return instructions.reduce((total, { attributes, bodies = [] }) => {
    const within = bodies.reduce((sum, body) => sum + longestRun(body), 0)
    const times = bodies.length > 0 ? Number(attributes.length ?? attributes.maximumIterations ?? 1) : 0
    return total + 1 + times * (within + 1)
  }, 0)
}

/** The same shape and dtype. */
export function sameSpec(a: SpecText | undefined, b: SpecText | undefined): boolean {
  if (!a || !b || a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false
  return a.shape.every((extent, axis) => extent === b.shape[axis])
}

/** The bytes of a value; undefined where the spec is no valid one. */
export function byteSize(spec: unknown): number | undefined {
  if (typeof spec !== 'object' || spec === null) return undefined
  const { dtype, shape } = spec as Partial<SpecText>
  const element = elementBytes.get(dtype)
  if (element === undefined || !Array.isArray(shape)) return undefined
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0 && extent < 2 ** 32))
    return undefined
  return shape.reduce((product, extent) => product * extent, element)
}

const elementBytes: ReadonlyMap<unknown, number> = new Map(
  dtypes.map((dtype) => [dtype, bytesPerElement(dtype)]),
)
