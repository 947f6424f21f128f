import { describe, expect, test } from 'vitest'
import { tensor } from '../../ts/index.js'
import * as ops from '../../ts/ops/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'
import { allOps } from '../parity/program.js'

describeOnEachBackend('an op refuses bad input', () => {
  const samples = allOps().flatMap(({ name, errors }) =>
    errors.map((error) => [name, error.label, error] as const),
  )

  test.each(samples)('%s: %s', async (name, _, { run, code }) => {
    const { fields } = await expectError(code, () => run(ops))
    if (fields.op !== undefined) expect(String(fields.op)).toContain(name)
  })

  test('of a type that no op takes', async () => {
    await expectError('argument.type', () => ops.exp('1' as unknown as number))
    await expectError('argument.type', () => ops.add(1, null as unknown as number))
    await expectError('argument.type', () => ops.matmul({} as number, 1))
  })

  test('of options and shapes that are none', async () => {
    const x = tensor([[1, 2]])
    for (const reduce of [ops.sum, ops.max, ops.mean, ops.argmax]) {
      await expectError('argument.type', () => reduce(x, 0 as never))
      await expectError('argument.unknown', () => reduce(x, { axes: 0 } as never), { nearest: 'axis' })
      await expectError('axis.range', () => reduce(x, { axis: '0' as never }))
    }
    await expectError('argument.type', () => ops.softmax(x, 0 as never))
    await expectError('argument.type', () => ops.take(x, ops.cast([0], 'int32'), 1 as never))
    await expectError('shape.invalid', () => ops.reshape(x, 2 as never))
    await expectError('shape.invalid', () => ops.reshape(x, [-1, -1]))
    await expectError('shape.mismatch', () => ops.reshape(x, [4, -1]))
    await expectError('shape.invalid', () => ops.broadcastTo(x, null as never))
    await expectError('argument.range', () => ops.transpose(x, 'ab' as never))
  })

  test('of numbers that the integers beside them cannot hold', async () => {
    const integers = ops.cast([1, 2], 'int32')
    expect(ops.add(integers, 2).arraySync()).toEqual([3, 4])
    await expectError('argument.type', () => ops.add(integers, 0.5), { op: 'add' })
    await expectError('argument.type', () => ops.less(integers, [0.5, 3]), { op: 'less' })
    await expectError('argument.type', () => ops.equal(ops.cast([1], 'bool'), 2), { op: 'equal' })
    await expectError('dtype.mismatch', () => ops.mean(ops.cast([1], 'uint8')), { op: 'mean' })
  })

  test('and keeps the shape that it was given from later changes', () => {
    const shape = [2, 3]
    const x = ops.broadcastTo(1, shape)
    shape[0] = 9
    expect(x.shape).toEqual([2, 3])
  })
})

describe('elementwise ops', () => {
  test('refuse dtypes that they have no kernel for', async () => {
    await expectError('dtype.mismatch', () => ops.exp(ops.cast([1], 'int32')))
    await expectError('dtype.mismatch', () => ops.add(tensor([1]), ops.cast([1], 'int32')))
    await expectError('dtype.mismatch', () => ops.multiply([true], [false]))
    await expectError('dtype.mismatch', () => ops.negative(ops.cast([1], 'uint8')))
  })

  test('divide integers as float32, and keep them where they round', () => {
    const integers = tensor(new Int32Array([7, -7]))
    expect(ops.divide(integers, 2)).toMatchObject({ dtype: 'float32' })
    expect(ops.divide(integers, 2).arraySync()).toEqual([3.5, -3.5])
    expect(ops.divide(integers, tensor(new Int32Array([0, 0]))).arraySync()).toEqual([Infinity, -Infinity])
    for (const op of [ops.floor, ops.ceil, ops.round, ops.trunc]) expect(op(integers)).toBe(integers)
    expect(ops.floorDivide(integers, 2)).toMatchObject({ dtype: 'int32' })
    expect(ops.round([0.125, 2.5], 2).arraySync()).toEqual([Math.fround(0.12), 2.5])
  })

  test('refuse shapes that do not broadcast', async () => {
    for (const op of [ops.add, ops.power, ops.equal, ops.less, ops.maximum]) {
      const { fields } = await expectError('shape.broadcast', () => op([1, 2], [1, 2, 3]))
      expect(fields.op).toBe(op.name)
    }
  })
})
