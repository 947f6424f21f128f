// npm run -s parity [-- --mutants] [-- --programs N] [-- --ops a,b]: native against reference, on everything that this machine has.
import { parseArgs } from 'node:util'
import { type Composition, type Primitive, primitiveTable } from '../../ts/ops/record.js'
import { failName } from '../../ts/options.js'
import { checkFirstGradients, hasGradient } from '../gradients/op-gradients.js'
import { type Case, opCases } from './cases.js'
import { checkCase } from './check.js'
import { controlPrograms } from './control-programs.js'
import { fusionPrograms } from './fusion-programs.js'
import { preservingSettings, thisMachine } from './machine.js'
import { testMutants } from './mutants.js'
import { filteredCases, filteredOp, precisionCases } from './precisions.js'
import { allOps } from './program.js'
import { randomProgram } from './random-programs.js'
import { Report } from './report.js'
import { trainingSteps } from './training-programs.js'
import { filteredOps } from './winograd.js'

const { values } = parseArgs({
  options: {
    mutants: { type: 'boolean', default: false },
    programs: { type: 'string', default: '150' },
    ops: { type: 'string' },
  },
})
/** The ops asked for, which are then checked alone. */
const chosen = values.ops?.split(',').map((name) => findOp(name.trim()))
const machine = thisMachine()
process.exitCode = preservingSettings(machine.addon, () => (values.mutants ? mutants() : parity()))

function parity(): number {
  const report = new Report()
  const ops = new Map((chosen ?? allOps()).map((op) => [op.name, op]))
  for (const op of ops.values()) {
    for (const subject of opCases(op)) report.add(subject, checkCase(machine, subject))
    if (hasGradient(op)) report.addGradients(op.name, checkFirstGradients(op))
  }
  for (const subject of chosen ? [] : wholePrograms()) report.add(subject, checkCase(machine, subject))
  console.log(report.table(ops))
  for (const failure of report.failures) console.log(`FAILED ${failure}`)
  console.log(JSON.stringify(report.summary(ops, machine.isas)))
  return report.failures.length === 0 ? 0 : 1
}

function* wholePrograms(): Generator<Case> {
  yield* fusionPrograms()
  yield* controlPrograms()
  yield* trainingSteps()
  yield* precisionCases()
  for (let seed = 0; seed < Number(values.programs); seed++) yield randomProgram(seed)
}

function mutants(): number {
  const primitives = chosen?.filter((op) => 'kernel' in op) ?? [...primitiveTable().values()]
  const outcomes = primitives.flatMap((op) => [
    testMutants(machine, op),
    ...(filteredOps.includes(op.name)
      ? [testMutants(machine, filteredOp(op.name), filteredCases(op.name))]
      : []),
  ])
  for (const { name, mutants, escaped } of outcomes) {
    console.log(
      `${name}: ${mutants} mutants, ${escaped.length} escaped${escaped.map((label) => `, ${label}`).join('')}`,
    )
  }
  const total = outcomes.reduce((sum, { mutants }) => sum + mutants, 0)
  const caught = total - outcomes.reduce((sum, { escaped }) => sum + escaped.length, 0)
  console.log(JSON.stringify({ mutants: total, caught }))
  return caught === total && outcomes.every(({ mutants }) => mutants > 0) ? 0 : 1
}

function findOp(name: string): Primitive | Composition {
  return (
    allOps().find((op) => op.name === name) ??
    failName(
      'op',
      name,
      allOps().map((op) => op.name),
    )
  )
}
