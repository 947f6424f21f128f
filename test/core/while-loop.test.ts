import { expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

type T = lw.Tensor
const { ops, tensor, jit, grad } = lw
const values = (t: T) => Array.from(t.dataSync())

describeOnEachBackend('whileLoop and foriLoop', () => {
  test('repeat as often as the values say', () => {
    const steps = jit((n: T) =>
      ops.whileLoop(
        (x: T) => ops.greater(x, 1),
        (x: T, count: T) => [ops.multiply(x, 0.5), ops.add(count, 1)],
        [n, 0] as [T, number],
      ),
    )
    expect([1, 2, 5, 1024].map((n) => steps(tensor(n))[1].item())).toEqual([0, 1, 3, 10])
    expect(
      values(
        ops.whileLoop(
          (x) => ops.less(ops.sum(x), 9),
          (x) => ops.add(x, x),
          tensor([1, 2]),
        ),
      ),
    ).toEqual([4, 8])
    const { a } = ops.whileLoop(
      ({ a }) => ops.less(a, 3),
      ({ a }) => ({ a: ops.add(a, 2) }),
      { a: 0 },
    )
    expect(a.item()).toBe(4)
  })

  test('end after maximumIterations, whatever the condition says', () => {
    const endless = (maximumIterations: number) =>
      ops
        .whileLoop(
          () => true,
          (x) => [ops.add(x, 1)],
          [0],
          { maximumIterations },
        )[0]!
        .item()
    expect([0, 1, 1000].map(endless)).toEqual([0, 1, 1000])
  })

  test('count from and to numbers or tensors', () => {
    const sum = (lower: T | number, upper: T | number) =>
      ops.foriLoop(lower, upper, (i, total) => ops.add(total, ops.cast(i, 'float32')), 0).item()
    const int = (n: number) => tensor(new Int32Array([n]), [])
    expect([sum(0, 5), sum(3, 5), sum(5, 3), sum(int(0), int(5)), sum(int(5), int(3))]).toEqual([
      10, 7, 0, 10, 0,
    ])
    const power = grad((x: T) => ops.foriLoop(0, 3, (_, p) => ops.multiply(p, x), 1))
    expect(power(tensor(2)).item()).toBe(12)
  })

  test('refuse loop variables that change, and gradients', async () => {
    const error = await expectError('control.type', () =>
      ops.whileLoop(
        () => true,
        () => [tensor([1, 2])],
        [tensor([1])],
      ),
    )
    expect(error.message).toContain('whileLoop: what body returns must be float32 [1], got float32 [2]')
    await expectError('control.type', () =>
      ops.whileLoop(
        () => true,
        (x) => [ops.greater(x, 0)],
        [tensor(1)],
      ),
    )
    await expectError('control.type', () =>
      ops.whileLoop(
        () => 1,
        (x) => [x],
        [tensor(1)],
      ),
    )
    await expectError('control.structure', () =>
      ops.whileLoop(
        () => true,
        () => [] as never,
        [tensor(1)],
      ),
    )
    await expectError('control.assign', () => {
      const w = lw.variable(0)
      ops.whileLoop(
        () => {
          w.assign(1)
          return false
        },
        (x) => [x],
        [tensor(1)],
      )
    })
    await expectError('control.assign', () =>
      ops.whileLoop(
        () => ops.less(lw.random.uniform([]), 0.5),
        (x) => [x],
        [tensor(1)],
      ),
    )
    await expectError('argument.range', () =>
      ops.whileLoop(
        () => true,
        (x) => [x],
        [0],
        { maximumIterations: -1 },
      ),
    )
    await expectError('argument.unknown', () =>
      ops.whileLoop(
        () => true,
        (x) => [x],
        [0],
        { max: 1 } as never,
      ),
    )
    await expectError(
      'grad.undefined',
      () =>
        grad((x: T) =>
          ops.whileLoop(
            (y) => ops.less(y, 9),
            (y) => ops.multiply(y, x),
            x,
          ),
        )(tensor(2)),
      { op: 'while' },
    )
  })
})
