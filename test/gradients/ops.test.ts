import { describe, expect, test } from 'vitest'
import { allOps } from '../parity/program.js'
import { checkFirstGradients, checkSecondGradients, hasGradient } from './op-gradients.js'

describe.each(
  allOps()
    .filter(hasGradient)
    .map((op) => [op.name, op] as const),
)('%s', (_, op) => {
  test('has the gradient that central differences find', () => {
    const { checked, failures } = checkFirstGradients(op)
    expect(failures).toEqual([])
    expect(checked).toBeGreaterThan(0)
  })

  test('has the second derivatives that central differences find', () => {
    expect(checkSecondGradients(op).failures).toEqual([])
  })
})
