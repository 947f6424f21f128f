import { expect, test } from 'vitest'
import { jit, ops, random, type Tensor, tensor } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const ones = (...shape: number[]) => ops.broadcastTo(1, shape)

describeOnEachBackend('products', () => {
  test('of einsum need no transposes where the flags of a matrix product do', () => {
    const instructions = (equation: string, ...operands: Tensor[]) =>
      jit((...x: Tensor[]) => ops.einsum(equation, ...x))
        .plan(...operands)
        .info()
        .instructions.map(({ name }) => name)
    const moves = (equation: string, ...operands: Tensor[]) =>
      instructions(equation, ...operands).filter((name) => name === 'transpose').length
    expect(moves('bhqd,bhkd->bhqk', ones(2, 3, 4, 5), ones(2, 3, 2, 5))).toBe(0)
    expect(moves('ji,jk->ki', ones(2, 3), ones(2, 4))).toBe(0)
    expect(moves('abc,dbc->da', ones(2, 3, 4), ones(5, 3, 4))).toBe(0)
    expect(moves('ij,jk,kl->il', ones(2, 3), ones(3, 4), ones(4, 5))).toBe(0)
    expect(moves('bqhd,bkhd->bhqk', ones(2, 4, 3, 5), ones(2, 6, 3, 5))).toBe(2)
  })

  test('of a batch by one matrix are one product of all rows', () => {
    const f = jit((a: Tensor, b: Tensor) => ops.matmul(a, b))
    const batch = random.uniform([5, 3, 4], { seed: 1 })
    for (const shape of [
      [4, 2],
      [1, 4, 2],
      [1, 1, 4, 2],
    ]) {
      const matrix = random.uniform(shape, { seed: 2 })
      const wanted = ops.matmul(batch, ops.broadcastTo(ops.reshape(matrix, [4, 2]), [5, 4, 2]))
      const product = f(batch, matrix)
      expect(product.shape).toEqual(shape.length === 4 ? [1, 5, 3, 2] : [5, 3, 2])
      expect(product.dataSync()).toEqual(wanted.dataSync())
      const names = f
        .plan(batch, matrix)
        .info()
        .instructions.map(({ name }) => name)
      expect(names.filter((name) => name !== 'reshape')).toEqual(['matmul'])
    }
    expect(f(ones(2, 0, 4), ones(1, 4, 3)).shape).toEqual([2, 0, 3])
  })

  test('multiply the cheapest pair first', () => {
    // In the order that is written, the first product alone would have 10⁶ elements.
    const f = jit((a: Tensor, b: Tensor, c: Tensor) => ops.einsum('ij,jk,kl->il', a, b, c))
    const shapes = f.plan(ones(1000, 2), ones(2, 1000), ones(1000, 3)).info().instructions
    expect(f(ones(1000, 2), ones(2, 1000), ones(1000, 3)).shape).toEqual([1000, 3])
    expect(Math.max(...shapes.map(({ outputs }) => outputs[0]?.shape.reduce((n, m) => n * m, 1) ?? 0))).toBe(
      3000,
    )
  })

  test('say which equation does not fit', async () => {
    await expectError('shape.mismatch', () => ops.einsum('ij,jk->ik', ones(2, 3), ones(4, 5)), {
      op: "einsum 'ij,jk->ik'",
      expected: "one extent for all axes 'j'",
    })
    await expectError('argument.range', () => ops.einsum('ij,jk->iq', ones(2, 3), ones(3, 5)), {
      got: 'ij,jk->iq',
    })
    await expectError('argument.type', () => ops.einsum(ones(2) as never, ones(2)))
  })

  test('contract axes by number and by name', () => {
    const x = tensor([1, 2, 3, 4], [2, 2])
    expect(ops.tensordot(x, x).item()).toBe(30)
    expect(ops.tensordot(x, x, { axes: [0, 1] }).arraySync()).toEqual([
      [7, 15],
      [10, 22],
    ])
    expect(ops.dot(x, [1, 1]).arraySync()).toEqual([3, 7])
    expect(ops.vdot(x, x).item()).toBe(30)
  })
})
