import { describe, expect, test } from 'vitest'
import { nativeAddon } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { NativeExecutor } from '../../ts/executors/native.js'
import { type Case, opCase } from '../parity/cases.js'
import { allowedFor, difference } from '../parity/check.js'
import { execute } from '../parity/execution.js'
import { allOps, reference32, reference64 } from '../parity/program.js'
import { type GoldenCase, goldenCases } from './cases.js'
import { type Numbers, readFixture, toFloat64 } from './fixtures.js'

interface Entry {
  readonly key: string
  readonly output: Numbers
  readonly gradients: readonly Numbers[]
}

/** How near to PyTorch in float64 the reference executor comes in float64: relative, or absolute below 1. */
const float64Tolerance = 1e-12

const entries = new Map(readFixture<Entry>('ops.json').map((entry) => [entry.key, entry]))
const cases = goldenCases()
const addon = nativeAddon()
const executors: readonly Executor[] = [reference32, ...(addon ? [new NativeExecutor(addon)] : [])]

test('the fixtures are those of the present samples: run npm run golden after a change', () => {
  expect([...entries.keys()].sort()).toEqual(cases.map(({ key }) => key).sort())
})

test('every op that PyTorch has too has a fixture', () => {
  const names = new Set(cases.map(({ op }) => op.name))
  expect(allOps().filter(({ name, torch }) => torch !== null && !names.has(name))).toEqual([])
})

describe('ops give what PyTorch gives', () => {
  test.each([...new Set(cases.map(({ op }) => op.name))])('%s', (name) => {
    for (const golden of cases) if (golden.op.name === name) checkCase(golden)
  })
})

function checkCase({ op, sample, weights, key }: GoldenCase): void {
  const { output, gradients } = entries.get(key) as Entry
  const [single, double] = [opCase(op, sample), opCase(op, sample, reference64)]
  checkAgainst([toFloat64(output)], single.value, double.value)
  if (weights) checkAgainst(gradients.map(toFloat64), single.gradient as Case, double.gradient as Case)
}

/** Compares the reference executor in float64, then all executors in float32. */
function checkAgainst(truth: readonly Float64Array[], single: Case, double: Case): void {
  const where = `${single.row}, ${single.kind}, ${single.label}`
  const near = truth.map((result) => result.map((x) => float64Tolerance * Math.max(1, Math.abs(x))))
  const inFloat64 = difference(double, { truth, allowed: near }, execute(reference64, double.workload))
  expect(inFloat64.ratio, `${where}, in float64: ${JSON.stringify(inFloat64)}`).toBeLessThanOrEqual(1)
  const expectation = { truth, allowed: allowedFor(single, truth) }
  for (const executor of executors) {
    const found = difference(single, expectation, execute(executor, single.workload))
    expect(found.ratio, `${where}, ${executor.name}: ${JSON.stringify(found)}`).toBeLessThanOrEqual(1)
  }
}
