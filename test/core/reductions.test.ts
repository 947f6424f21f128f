import { expect, test } from 'vitest'
import { grad, ops, type Tensor, tensor } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const int = (values: number[]) => tensor(Int32Array.from(values))

describeOnEachBackend('reductions', () => {
  test('keep or drop their axes', () => {
    const x = tensor([
      [1, -2, 3],
      [0, 5, 6],
    ])
    for (const reduce of [ops.sum, ops.prod, ops.max, ops.min, ops.mean, ops.var, ops.std, ops.logsumexp]) {
      expect(reduce(x).shape).toEqual([])
      expect(reduce(x, { axis: -1, keepdims: true }).shape).toEqual([2, 1])
      expect(reduce(x, { axis: [1, 0], keepdims: true }).shape).toEqual([1, 1])
      expect(reduce(x, { axis: 0 }).shape).toEqual([3])
    }
    for (const search of [ops.argmax, ops.argmin]) {
      expect(search(x, { keepdims: true }).shape).toEqual([1, 1])
      expect(search(x, { axis: 0 }).shape).toEqual([3])
    }
    expect(ops.min(x, { axis: 1 }).arraySync()).toEqual([-2, 0])
    expect(ops.prod(x, { axis: 1 }).arraySync()).toEqual([-6, 0])
    expect(ops.argmin(x).item()).toBe(1)
    expectClose(ops.var(x, { axis: 1 }), [38 / 9, 62 / 9])
  })

  test('of integers and bools have the dtype that NumPy gives, where there is one', () => {
    const [integers, bools] = [int([3, -7, 2]), tensor([true, false, true])]
    for (const reduce of [ops.sum, ops.prod, ops.max, ops.min, ops.cumsum, ops.cumprod, ops.cummax]) {
      expect(reduce(integers).dtype).toBe('int32')
    }
    expect(ops.sum(bools).dtype).toBe('int32')
    expect(ops.sum(bools).item()).toBe(2)
    expect(ops.prod(bools).item()).toBe(0)
    expect(ops.max(bools).arraySync()).toBe(true)
    expect(ops.min(bools).arraySync()).toBe(false)
    expect(ops.cumsum(bools).arraySync()).toEqual([1, 1, 2])
    expectClose(ops.mean(integers), [-2 / 3])
    expectClose(ops.mean(bools), [2 / 3])
    expectClose(ops.norm(integers), [Math.sqrt(62)])
    expect(ops.argmin(bools).item()).toBe(1)
    expect(ops.sum(int([2 ** 31 - 1, 1])).item()).toBe(-(2 ** 31))
  })

  test('any and all take bools and numbers, and agree with logic over nothing', () => {
    expect(ops.any([0, 0]).arraySync()).toBe(false)
    expect(ops.all([0.5, -1]).arraySync()).toBe(true)
    expect(ops.any([[true, false]], { axis: 0 }).arraySync()).toEqual([true, false])
    expect(ops.all([[true, false]], { axis: 1, keepdims: true }).arraySync()).toEqual([[false]])
    expect(ops.any([]).arraySync()).toBe(false)
    expect(ops.all([]).arraySync()).toBe(true)
    expect(ops.countNonzero([[1, 0, 2]], { axis: 1 }).arraySync()).toEqual([2])
  })

  test('averages weigh', async () => {
    const x = [
      [1, 2],
      [3, 5],
    ]
    expectClose(ops.average(x), [2.75])
    expectClose(ops.average(x, { axis: 0, weights: [1, 3] }), [2.5, 4.25])
    expectClose(ops.average(int([1, 2]), { weights: int([3, 1]) }), [1.25])
    await expectError('shape.mismatch', () => ops.average(x, { weights: [1, 3] }), { op: 'average' })
  })

  test('norms follow NumPy', async () => {
    const matrix = [
      [1, -2],
      [3, 4],
    ]
    expectClose(ops.norm(matrix), [Math.sqrt(30)])
    expectClose(ops.norm(matrix, { axis: 0 }), [Math.sqrt(10), Math.sqrt(20)])
    expectClose(ops.norm(matrix, { ord: 1 }), [6])
    expectClose(ops.norm(matrix, { ord: Infinity, keepdims: true }), [7])
    expectClose(ops.norm(matrix, { ord: 'fro', axis: [-1, -2] }), [Math.sqrt(30)])
    await expectError('argument.range', () => ops.norm(matrix, { ord: 2 }), { argument: 'ord' })
    await expectError('argument.range', () => ops.norm(matrix, { ord: 'fro', axis: 0 }))
    await expectError('axis.repeated', () => ops.norm(matrix, { axis: [0, 0] }))
  })

  test('gradients are zero, not NaN, where a root is of zero', () => {
    const zeros = tensor([0, 0, 0])
    expect(grad((x: Tensor) => ops.norm(x))(zeros).arraySync()).toEqual([0, 0, 0])
    expect(grad((x: Tensor) => ops.std(x))(zeros).arraySync()).toEqual([0, 0, 0])
  })

  test('gradients of ties: shared by max and min, to the last by cummax', () => {
    const x = tensor([1, 3, 2, 3])
    expect(grad((t: Tensor) => ops.max(t))(x).arraySync()).toEqual([0, 0.5, 0, 0.5])
    expect(grad((t: Tensor) => ops.min(t))(tensor([1, 3, 2, 1])).arraySync()).toEqual([0.5, 0, 0, 0.5])
    expect(grad((t: Tensor) => ops.sum(ops.cummax(t)))(x).arraySync()).toEqual([1, 2, 0, 1])
  })
})
