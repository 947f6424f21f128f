import { afterAll, describe, expect, test } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import { controlTable } from '../../ts/ops/control/record.js'
import { primitiveTable } from '../../ts/ops/record.js'
import { opCases } from './cases.js'
import { checkCase } from './check.js'
import { controlPrograms } from './control-programs.js'
import { fusionPrograms } from './fusion-programs.js'
import { thisMachine } from './machine.js'
import { testMutants } from './mutants.js'
import { filteredCases, filteredOp, precisionCases } from './precisions.js'
import { allOps } from './program.js'
import { randomProgram } from './random-programs.js'
import { trainingSteps } from './training-programs.js'
import { filteredOps } from './winograd.js'

// A shorter run of `npm run parity`.
const mostElements = 2500
const programs = 25

const machine = thisMachine()
const { isa, threads } = machine.addon.info()
afterAll(() => {
  machine.addon.setIsa(isa)
  machine.addon.setThreads(threads)
})

test('the addon has the ops that TypeScript has, with the same attributes', () => {
  const primitives = [...primitiveTable().values()].map(({ name, arity, attributes }) => ({
    name,
    inputs: arity,
    attributes: { ...attributes },
  }))
  const controls = [...controlTable().values()].map(({ name, attributes }) => ({
    name,
    inputs: 'any',
    attributes: { ...attributes },
  }))
  const theirs =
    nativeAddon()
      ?.info()
      .operations.map((operation) => ({ ...operation })) ?? []
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
  expect(theirs.sort(byName)).toEqual([...primitives, ...controls].sort(byName))
})

describe('both executors agree', () => {
  test.each(allOps().map((op) => [op.name, op] as const))('on %s', (_, op) => {
    for (const subject of opCases(op, mostElements)) expect(checkCase(machine, subject).failures).toEqual([])
  })

  test.each([1, 2, 7, 13])('on what fusions join of %i rows', (rows) => {
    for (const subject of fusionPrograms([rows])) expect(checkCase(machine, subject).failures).toEqual([])
  })

  test.each(trainingSteps().map((step) => [step.label, step] as const))('on %s', (_, step) => {
    expect(checkCase(machine, step).failures).toEqual([])
  })

  test('on branches and loops', () => {
    for (const subject of controlPrograms()) expect(checkCase(machine, subject).failures).toEqual([])
  })

  test('on matrix products and convolutions of every precision', () => {
    for (const subject of precisionCases(mostElements))
      expect(checkCase(machine, subject).failures).toEqual([])
  })

  test.each(Array.from({ length: programs }, (_, seed) => seed))('on random program %i', (seed) => {
    expect(checkCase(machine, randomProgram(seed)).failures).toEqual([])
  })
})

describe('a wrong kernel is caught', () => {
  test.each([...primitiveTable().values()].map((op) => [op.name, op] as const))('of %s', (_, op) => {
    const { mutants, escaped } = testMutants(machine, op, opCases(op, mostElements))
    expect(mutants).toBeGreaterThan(0)
    expect(escaped).toEqual([])
  })

  test.each(filteredOps)('of %s with lower precision', (name) => {
    const { mutants, escaped } = testMutants(machine, filteredOp(name), filteredCases(name))
    expect(mutants).toBeGreaterThan(0)
    expect(escaped).toEqual([])
  })
})

test.each(filteredOps)('%s of lower precision is Winograd filtering where that is faster', (name) => {
  for (const isa of machine.isas) {
    machine.addon.setIsa(isa)
    for (const { workload } of filteredCases(name)) {
      const { program, matmulPrecision } = workload
      const kernels = (precision?: typeof matmulPrecision) =>
        machine.fused
          .compile(program, precision)
          .info()
          .instructions.map((instruction) => instruction.name)
      expect(kernels(matmulPrecision)).toEqual([`${name}Winograd`])
      expect(kernels()).toEqual([name])
    }
  }
})
