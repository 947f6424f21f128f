import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadAddon } from '../../ts/executors/addon.js'
import { mutants, type Tally } from './campaign.js'
import { Child, type Failure } from './children.js'
import { Executor } from './execute.js'

const help = `Usage: npm run fuzz -- [--mutations N] [--seed S] [--children C]
       npm run fuzz -- [--seed S] --only INDEX     prints one mutant and tries it in this process`

/** A smaller share of accepted mutants would test little more than the decoder. */
const leastAccepted = 0.1

const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    children: { type: 'string', default: '2' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
if (values.help) console.log(help)
else if (values.only !== undefined) await tryOne(Number(values.only))
else await fuzz(Number(values.mutations), Number(values.children))

/** Splits the mutants among child processes, which a mutant may bring to an end or to a halt without harm to this one. */
async function fuzz(mutations: number, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-fuzz-'))
  const children = Array.from({ length: count }, (_, first) => {
    const range = { seed, first, stride: count, end: mutations }
    return new Child(range, join(folder, `position-${first}`))
  })
  const progress = setInterval(() => console.error(JSON.stringify(total(children))), 5000)
  const ends = await Promise.allSettled(children.map(({ ended }) => ended))
  clearInterval(progress)
  rmSync(folder, { recursive: true })

  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Failure] : []))
  for (const failure of failures) await describe(failure)
  const tally = total(children)
  const share = tally.accepted / (tally.accepted + tally.rejected)
  if (failures.length === 0 && !(share >= leastAccepted)) {
    console.error(`Only ${(100 * share).toFixed(1)} % of the mutants were accepted.`)
    process.exitCode = 1
  }
  if (failures.length > 0) process.exitCode = 1
  console.log(JSON.stringify({ ...tally, panics: failures.length }))
}

function total(children: readonly Child[]): Tally {
  const add = (key: keyof Tally) => children.reduce((sum, { tally }) => sum + tally[key], 0)
  return { accepted: add('accepted'), rejected: add('rejected') }
}

async function describe({ index, message }: Failure): Promise<void> {
  console.error(`Mutant ${index} of seed ${seed}: ${message}`)
  if (index < 0) return
  const { random: _, program: __, constants, ...mutant } = (await mutants(loadAddon(), seed))(index)
  const path = join(tmpdir(), `layerwise-fuzz-${seed}-${index}.json`)
  writeFileSync(
    path,
    JSON.stringify({ ...mutant, constants: Buffer.from(constants).toString('hex') }, null, 2),
  )
  console.error(`The program is in ${path}; npm run fuzz -- --seed ${seed} --only ${index} tries it again.`)
}

async function tryOne(index: number): Promise<void> {
  const addon = loadAddon()
  const mutant = (await mutants(addon, seed))(index)
  const { source, json, disabledFusions, isa, steps } = mutant
  console.log(JSON.stringify({ source, disabledFusions, isa, steps }))
  console.log(json)
  console.log(new Executor(addon).execute(mutant) ? 'accepted' : 'rejected')
}
