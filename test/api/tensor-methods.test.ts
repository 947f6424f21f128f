import { expect, test } from 'vitest'
import { grad, jit, ops, type Tensor, tensor, variable } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('the common ops as methods', () => {
  const x = tensor([
    [1, -2],
    [3, 4],
  ])

  test('of tensors are those of lw.ops', () => {
    expect(x.add(1).sum().item()).toBe(10)
    expect(x.matmul(x).arraySync()).toEqual(ops.matmul(x, x).arraySync())
    expect(x.max({ axis: 0, keepdims: true }).shape).toEqual([1, 2])
    expect(x.greater(0).cast('int32').sum().item()).toBe(3)
    expect(x.reshape([4]).slice([1], [2]).arraySync()).toEqual([-2, 3])
    expect(x.expandDims([0, -1]).squeeze().shape).toEqual([2, 2])
    expect(x.split(2, { axis: 1 }).map((part) => part.shape)).toEqual([
      [2, 1],
      [2, 1],
    ])
    const sum: Tensor = x.multiply(x).mean()
    expect(sum.item()).toBe(7.5)
  })

  test('of variables take the present value', () => {
    const v = variable([1, 2])
    const before = v.multiply(2)
    v.assign([5, 6])
    expect([before, v.multiply(2)].map((t) => t.arraySync())).toEqual([
      [2, 4],
      [10, 12],
    ])
  })

  test('are traced and differentiated', () => {
    expect(grad((t: Tensor) => t.square().sum())(x).arraySync()).toEqual([
      [2, -4],
      [6, 8],
    ])
    const f = jit((t: Tensor) => t.transpose().subtract(1).absolute())
    expect(f(x).arraySync()).toEqual([
      [0, 2],
      [3, 3],
    ])
  })

  test('raise what the ops raise, and are no part of what is enumerated', async () => {
    await expectError('shape.broadcast', () => x.add([1, 2, 3]), { op: 'add' })
    const names: string[] = []
    for (const name in x) names.push(name)
    expect(names.sort()).toEqual(['dtype', 'shape'])
  })
})
