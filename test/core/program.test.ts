import { describe, expect, test } from 'vitest'
import { encodeProgram, type Program } from '../../ts/graph/program.js'
import * as lw from '../../ts/index.js'
import type { Spec } from '../../ts/ops/record.js'
import { reference32, type TensorFunction, traceProgram, withExecutor } from '../parity/program.js'

const { ops } = lw
const vector: Spec = { shape: [3], dtype: 'float32' }
const trace = (f: TensorFunction, specs: readonly Spec[] = [vector]) => traceProgram(reference32, f, specs)
const names = ({ instructions }: Program) => instructions.map(({ op }) => op.name)
const onReference = <R>(body: () => R) => withExecutor(reference32, body)

describe('a program', () => {
  test('has the instructions that its outputs need, in the order of the trace', () => {
    const program = trace(([x]) => {
      ops.exp(x!)
      const y = ops.tanh(x!)
      ops.log(y)
      return [ops.negative(y)]
    })
    expect(names(program)).toEqual(['tanh', 'negative'])
    expect(program.values).toHaveLength(3)
  })

  test('keeps inputs that nothing reads, so that calls have one form', () => {
    const program = trace(() => [lw.tensor([1])], [vector, vector])
    expect(program.inputs).toHaveLength(2)
    expect(names(program)).toEqual([])
  })

  test('holds equal scalars once, and other constants once each', () => {
    const table = lw.tensor([1, 2, 3])
    const program = trace(([x]) => [ops.add(ops.multiply(ops.add(x!, 2), 2), table), ops.multiply(table, x!)])
    expect(program.constants.map(({ tensor }) => tensor.rank).sort()).toEqual([0, 1])
    const zeros = trace(([x]) => [ops.maximum(ops.minimum(x!, 0), -0)])
    expect(zeros.constants).toHaveLength(2)
  })

  test('broadcasts explicitly, so that elementwise ops have equal shapes', () => {
    const program = trace(([x, y]) => [ops.add(x!, y!)], [vector, { shape: [2, 3], dtype: 'float32' }])
    expect(names(program)).toEqual(['broadcastTo', 'add'])
  })

  test('updates the variables that are assigned another value, and reads those that it needs', () => {
    const program = onReference(() => {
      const [a, b, c] = [lw.variable(1), lw.variable(2), lw.variable(3)]
      return trace(() => {
        a.assign(ops.add(a, 1))
        b.assign(b)
        c.read()
        return []
      })
    })
    expect(program.variables).toHaveLength(1)
    expect(program.updates).toHaveLength(1)
    expect(names(program)).toEqual(['add'])
  })

  test('takes the last of several assignments, and what was read before stays', () => {
    const [a, program] = onReference(() => {
      const a = lw.variable([1, 1, 1])
      return [
        a,
        trace(([x]) => {
          const before = a.read()
          a.assign(x!)
          a.assign(ops.add(a, 1))
          return [before]
        }),
      ] as const
    })
    expect(program.variables.map(({ variable }) => variable)).toEqual([a])
    expect(program.outputs).toEqual([program.variables[0]?.value])
    expect(program.updates).toEqual([{ variable: 0, value: program.instructions.at(-1)?.outputs[0] }])
  })

  test('numbers its random streams in the order of the trace, and advances the step once', () => {
    const program = onReference(() => {
      lw.seed(1)
      return trace(() => [lw.random.uniform([2]), lw.random.uniform([2]), lw.random.permutation(3)])
    })
    const streams = program.instructions.flatMap(({ attributes }) => attributes.stream ?? [])
    expect(streams).toEqual([0, 1, 2])
    expect(program.updates).toHaveLength(1)
  })

  test('is encoded as JSON, with constants beside it at multiples of four bytes', () => {
    const mask = lw.tensor([true, false, true])
    const table = lw.tensor(new Int32Array([5, -6]))
    const { json, constants } = encodeProgram(trace(([x]) => [ops.where(mask, x!, x!), table]))
    const decoded = JSON.parse(json)
    expect(decoded.version).toBe(2)
    expect(Object.keys(decoded)).toEqual([
      ...['version', 'values', 'inputs', 'variables', 'constants', 'instructions', 'outputs', 'updates'],
    ])
    expect(decoded.instructions).toEqual([
      {
        op: 'where',
        inputs: [decoded.constants[0].value, 0, 0],
        outputs: [decoded.outputs[0]],
        attributes: {},
      },
    ])
    expect(decoded.constants.map(({ offset }: { offset: number }) => offset)).toEqual([0, 4])
    expect([...constants.subarray(0, 3)]).toEqual([1, 0, 1])
    expect([...new Int32Array(constants.buffer, 4, 2)]).toEqual([5, -6])
  })
})
