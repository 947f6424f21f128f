import { expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

type T = lw.Tensor
const { ops, tensor, jit } = lw
const values = (t: T) => Array.from(t.dataSync())

describeOnEachBackend('cond and switch', () => {
  const collatz = (n: T) =>
    ops.cond(
      ops.equal(
        ops.subtract(n, ops.multiply(2, ops.cast(ops.cast(ops.multiply(n, 0.5), 'int32'), 'float32'))),
        0,
      ),
      () => ops.multiply(n, 0.5),
      () => ops.add(ops.multiply(n, 3), 1),
    )

  test('choose by value when the program runs, and at once outside of one', () => {
    const traced = jit(collatz)
    for (const f of [collatz, traced]) {
      expect([7, 22, 11].map((n) => f(tensor(n)).item())).toEqual([22, 11, 34])
    }
    expect(
      traced
        .plan(tensor(7))
        .info()
        .instructions.some(({ name }) => name === 'switch'),
    ).toBe(true)
    expect(
      ops
        .cond(
          true,
          () => 1,
          () => expect.fail() as number,
        )
        .item(),
    ).toBe(1)
    const kind = jit((i: T, x: T) => ops.switch(i, [ops.negative, ops.square, ops.exp], x))
    expect(
      [-5, 0, 1, 2, 9].map((i) => values(kind(tensor(new Int32Array([i]), []), tensor([0])))[0]),
    ).toEqual([-0, -0, 0, 1, 1])
    expect(ops.switch(1, [ops.negative, ops.square], tensor(3)).item()).toBe(9)
  })

  test('return trees, and compute one branch alone', () => {
    const f = jit((x: T) =>
      ops.cond(
        ops.greater(x, 0),
        () => ({ a: x, b: [ops.exp(x), 1] as [T, number] }),
        () => ({ a: ops.negative(x), b: [tensor(0), 2] as [T, number] }),
      ),
    )
    const { a, b } = f(tensor(-3))
    expect([a, ...b].map((t) => t.item())).toEqual([3, 0, 2])
    const table = tensor([10, 20])
    const guarded = jit((i: T) =>
      ops.cond(
        ops.less(i, 2),
        () => ops.take(table, i),
        () => -1,
      ),
    )
    expect([1, 7].map((i) => guarded(tensor(new Int32Array([i]), [])).item())).toEqual([20, -1])
  })

  test('assign variables in the branch that is chosen', () => {
    const [w, other] = [lw.variable(1), lw.variable(5)]
    const f = jit((x: T) => {
      ops.cond(
        ops.greater(x, 0),
        () => w.assign(ops.add(w, x)),
        () => {
          w.assign(0)
          other.assign(x)
        },
      )
      return w.read()
    })
    expect([f(tensor(2)).item(), other.read().item()]).toEqual([3, 5])
    expect([f(tensor(-2)).item(), other.read().item()]).toEqual([0, -2])
  })

  test('refuse what cannot be one value', async () => {
    const traced = (f: (x: T) => unknown) => jit(f as (x: T) => T)(tensor(1))
    const on = (x: T) => ops.greater(x, 0)
    const error = await expectError('control.type', () =>
      traced((x) =>
        ops.cond(
          on(x),
          () => x,
          () => tensor([1, 2]),
        ),
      ),
    )
    expect(error.message).toContain('must be float32 [2], got float32 []')
    await expectError('control.type', () =>
      traced((x) =>
        ops.cond(
          on(x),
          () => x,
          () => on(x),
        ),
      ),
    )
    await expectError('control.structure', () =>
      traced((x) =>
        ops.cond(
          on(x),
          () => [x, x],
          () => [x] as never,
        ),
      ),
    )
    await expectError('control.structure', () =>
      traced((x) =>
        ops.cond(
          on(x),
          () => ({ a: x }),
          () => ({ b: x }) as never,
        ),
      ),
    )
    await expectError('dtype.mismatch', () =>
      ops.cond(
        tensor(1),
        () => 1,
        () => 2,
      ),
    )
    await expectError('shape.mismatch', () =>
      ops.cond(
        tensor([true]),
        () => 1,
        () => 2,
      ),
    )
    await expectError('argument.type', () => ops.cond(true, 1 as never, () => 2))
    await expectError('argument.range', () => ops.switch(0, []))
    await expectError('dtype.mismatch', () => ops.switch(tensor(0), [() => 1]))
    await expectError('trace.output', () =>
      traced((x) =>
        ops.cond(
          on(x),
          () => 'a' as unknown as T,
          () => x,
        ),
      ),
    )
    await expectError('trace.async', () =>
      traced((x) =>
        ops.cond(
          on(x),
          async () => x,
          async () => x,
        ),
      ),
    )
    let leaked: T | undefined
    await expectError('trace.leak', () =>
      traced((x) => {
        ops.cond(
          on(x),
          () => (leaked = ops.exp(x)),
          () => x,
        )
        return ops.add(x, leaked as T)
      }),
    )
  })
})
