// npm run -s parity [-- --mutants] [-- --programs N]: native against reference, on everything that this machine has.
import { parseArgs } from 'node:util'
import { primitiveTable } from '../../ts/ops/record.js'
import { checkFirstGradients, hasGradient } from '../gradients/op-gradients.js'
import { opCases } from './cases.js'
import { checkCase } from './check.js'
import { fusionPrograms } from './fusion-programs.js'
import { preservingSettings, thisMachine } from './machine.js'
import { testMutants } from './mutants.js'
import { lowerPrecisionCases } from './precisions.js'
import { allOps } from './program.js'
import { randomProgram } from './random-programs.js'
import { Report } from './report.js'
import { trainingSteps } from './training-programs.js'

const { values } = parseArgs({
  options: { mutants: { type: 'boolean', default: false }, programs: { type: 'string', default: '150' } },
})
const machine = thisMachine()
process.exitCode = preservingSettings(machine.addon, () => (values.mutants ? mutants() : parity()))

function parity(): number {
  const report = new Report()
  const ops = new Map(allOps().map((op) => [op.name, op]))
  for (const op of ops.values()) {
    for (const subject of opCases(op)) report.add(subject, checkCase(machine, subject))
    if (hasGradient(op)) report.addGradients(op.name, checkFirstGradients(op))
  }
  for (const subject of [...fusionPrograms(), ...trainingSteps()])
    report.add(subject, checkCase(machine, subject))
  for (const subject of lowerPrecisionCases()) report.add(subject, checkCase(machine, subject))
  for (let seed = 0; seed < Number(values.programs); seed++) {
    const subject = randomProgram(seed)
    report.add(subject, checkCase(machine, subject))
  }
  console.log(report.table(ops))
  for (const failure of report.failures) console.log(`FAILED ${failure}`)
  console.log(JSON.stringify(report.summary(ops, machine.isas)))
  return report.failures.length === 0 ? 0 : 1
}

function mutants(): number {
  const outcomes = [...primitiveTable().values()].map((op) => testMutants(machine, op))
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
