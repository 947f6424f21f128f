import { Random } from '../random.js'
import { damageText, damageTree } from './damage.js'
import { byteSize, type ProgramText, parse, programsWithin, type Source } from './program-text.js'
import { repair } from './repair.js'
import {
  append,
  changeAttribute,
  changeSpec,
  insertChain,
  insertInstruction,
  replaceOp,
  scaleExtent,
} from './reshape.js'
import {
  changeOutputs,
  changeRole,
  changeUpdates,
  cutInstruction,
  duplicateInstruction,
  type Mutation,
  renumber,
  rewireInput,
  swapInstructions,
} from './rewire.js'

/** A changed program, and what it is compiled and run with. */
export interface Mutant {
  readonly source: string
  readonly json: string
  /** The program where it is still one. */
  readonly program: ProgramText | undefined
  readonly constants: Uint8Array
  readonly disabledFusions: string[]
  readonly isa: string
  readonly steps: number
  /** For the data. */
  readonly random: Random
}

/** What the addon offers to choose from. */
export interface Choices {
  readonly isas: readonly string[]
  readonly fusions: readonly string[]
}

const mutations: readonly Mutation[] = [
  rewireInput,
  rewireInput,
  changeOutputs,
  changeUpdates,
  cutInstruction,
  changeRole,
  duplicateInstruction,
  swapInstructions,
  renumber,
  scaleExtent,
  scaleExtent,
  changeSpec,
  replaceOp,
  replaceOp,
  changeAttribute,
  insertInstruction,
  insertInstruction,
]

/** Constants are padded up to this, so that larger shapes find their elements. */
const constantsPadding = 1024

/** The mutant of a number: always the same one for the same sources and seed. */
export function mutantOf(
  { large, small }: { readonly large: readonly Source[]; readonly small: readonly Source[] },
  { isas, fusions }: Choices,
  seed: number,
  index: number,
): Mutant {
  const random = new Random(seed, index)
  const source = random.pick(random.chance(0.05) ? large : small)
  const program = parse(source)
  let { constants } = source
  if (random.chance(0.1)) {
    const other = random.pick(small)
    append(program, parse(other), constants.length)
    constants = new Uint8Array([...constants, ...other.constants])
  }
  const changes = 1 + random.below(4)
  for (let i = 0; i < changes; i++) {
    const target = random.chance(0.5) ? program : random.pick(programsWithin(program))
    random.pick(mutations)(target, random)
    if (target !== program && random.chance(0.8)) repair(program)
  }
  if (random.chance(0.01)) insertChain(program, random)
  if (random.chance(0.7)) constants = padded(constants, random)
  let intact = true
  let json: string
  const violence = random.below(20)
  if (violence < 3) damageTree(program, random)
  if (violence === 3) program.version = random.pick([0, 1, -1, 2.5])
  json = JSON.stringify(program)
  if (violence === 4) {
    json = damageText(json, random)
    intact = false
  }
  return {
    source: source.name,
    json,
    program: intact ? program : parsed(json),
    constants,
    disabledFusions: random.chance(0.2) ? fusions.filter(() => random.chance(0.5)) : [],
    isa: random.pick(isas),
    steps: 1 + random.below(3),
    random,
  }
}

function padded(constants: Uint8Array, random: Random): Uint8Array {
  const more = new Uint8Array(constantsPadding).fill(random.below(256), constants.length)
  more.set(constants.subarray(0, constantsPadding))
  return more
}

function parsed(json: string): ProgramText | undefined {
  try {
    return JSON.parse(json) as ProgramText
  } catch {
    return undefined
  }
}

/** The bytes of some of a program's values; undefined unless all are valid. */
export function byteSizes(program: ProgramText | undefined, ids: unknown): number[] | undefined {
  if (!Array.isArray(ids) || !Array.isArray(program?.values)) return undefined
  const sizes = ids.map((id) => byteSize(program.values[id as number]))
  return sizes.includes(undefined) ? undefined : (sizes as number[])
}
