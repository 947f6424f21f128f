import { describe, expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'
import { checkGradient } from '../gradients/finite-differences.js'

type T = lw.Tensor
const { ops, tensor, jit, grad } = lw
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

describeOnEachBackend('scan and map', () => {
  const cumulative = (xs: T, options = {}) =>
    ops.scan((sum: T, x: T) => [ops.add(sum, x), ops.add(sum, x)] as const, 0, xs, options)

  test('carry on and stack, forwards and backwards', () => {
    const [total, sums] = cumulative(tensor([1, 2, 3]))
    expect([total.item(), values(sums)]).toEqual([6, [1, 3, 6]])
    expect(values(cumulative(tensor([1, 2, 3]), { reverse: true })[1])).toEqual([6, 5, 3])
    const traced = jit((xs: T) => cumulative(xs))
    expect(values(traced(tensor([5]))[1])).toEqual([5])
    const [none, empty] = cumulative(tensor([], [0]))
    expect([none.item(), empty.shape]).toEqual([0, [0]])
  })

  test('take trees, no sequence, and no result', () => {
    const [{ a, b }, ys] = ops.scan(
      ({ a, b }, [x, flag]: readonly T[]) => [{ a: ops.add(a, x!), b: ops.where(flag!, x!, b) }, null],
      { a: 0, b: tensor(7) },
      [tensor([1, 2]), tensor([true, false])] as const,
    )
    expect([a.item(), b.item(), ys]).toEqual([3, 1, null])
    const [last, powers] = ops.scan((x: T) => [ops.multiply(x, 2), x] as const, 1, null, { length: 4 })
    expect([last.item(), values(powers)]).toEqual([16, [1, 2, 4, 8]])
    expect(
      ops
        .map(
          (row) => ops.max(row),
          tensor([
            [1, 2],
            [4, 3],
          ]),
        )
        .arraySync(),
    ).toEqual([2, 4])
    const stacked = ops.map(({ x }: { x: T }) => [x, 1] as const, { x: tensor([[1], [2]]) })
    expect(stacked.map((t) => t.arraySync())).toEqual([
      [[1], [2]],
      [1, 1],
    ])
  })

  test('assign variables in each iteration', () => {
    const w = lw.variable([1, 0])
    const fibonacci = jit(
      () =>
        ops.scan(
          () => {
            const [a, b] = [ops.take(w, tensor(new Int32Array([1]))), ops.sum(w)]
            w.assign(ops.where(tensor([false, true]), b, ops.sum(a)))
            return [[], b] as const
          },
          [],
          null,
          { length: 6 },
        )[1],
    )
    expect(values(fibonacci())).toEqual([1, 1, 2, 3, 5, 8])
    expect(values(w.read())).toEqual([5, 8])
  })

  test('draw new random numbers in each iteration and each step, the same on every executor', async () => {
    lw.seed(3)
    const draw = jit(() => ops.map(() => lw.random.uniform([2]), tensor([0, 0, 0])))
    const runs = await draw.run([], { steps: 2 })
    const drawn = [...values(runs), ...values(draw())]
    expect(new Set(drawn).size).toBe(18)
    const int = (...n: number[]) => new Int32Array(n)
    const expected = Array.from({ length: 9 }, (_, step) =>
      values(ops.randomUniform(tensor(int(3, 0)), tensor(int(step), []), [2])),
    )
    expect(drawn).toEqual(expected.flat())
  })

  test('refuse other carries and unequal lengths', async () => {
    const carry = (next: unknown) => ops.scan(() => [next, null], tensor([1]), tensor([1, 2]))
    await expectError('control.type', () => carry(tensor([1, 2])))
    await expectError('control.type', () => carry(tensor([true])))
    await expectError('control.structure', () => carry([tensor([1])]))
    await expectError('argument.type', () => ops.scan((() => tensor(1)) as never, 0, tensor([1])))
    await expectError('argument.type', () => ops.scan((c: T) => [c, null], 0, null))
    await expectError('argument.unknown', () => ops.scan((c: T) => [c, null], 0, null, { size: 3 } as never))
    const two = () => [0, null] as const
    await expectError('shape.mismatch', () => ops.scan(two, 0, [tensor([1, 2]), tensor([1])]))
    await expectError('shape.mismatch', () => ops.scan(two, 0, tensor([1, 2]), { length: 3 }))
    await expectError('shape.mismatch', () => ops.scan(two, 0, tensor(1)))
    await expectError('trace.read', () => ops.scan((c: T) => [c.item(), null], 0, tensor([1])))
  })

  test('are the same however they are unrolled', () => {
    const f = (unroll: number | boolean, reverse: boolean) => (xs: T) =>
      ops.scan(
        ({ sum }: { sum: T }, x: T) =>
          [{ sum: ops.tanh(ops.add(ops.multiply(sum, 2), x)) }, [x, sum]] as const,
        { sum: 0.5 },
        xs,
        { unroll, reverse },
      )
    const xs = lw.random.uniform([7], { seed: 5 })
    for (const reverse of [false, true]) {
      const [{ sum }, [x, sums]] = f(1, reverse)(xs)
      for (const unroll of [2, 3, 7, 9, true]) {
        const [last, stacked] = jit(f(unroll, reverse))(xs)
        expect(values(last.sum)).toEqual(values(sum))
        expect(stacked.map(values)).toEqual([values(x!), values(sums!)])
      }
    }
    const plan = jit(f(true, false)).plan(xs)
    expect(plan.info().instructions.some(({ name }) => name === 'scan')).toBe(false)
    expect(values(ops.scan((n: T) => [ops.add(n, 1), n], 0, null, { length: 5, unroll: 2 })[1])).toEqual([
      0, 1, 2, 3, 4,
    ])
  })

  test('of associative functions combine many at once', async () => {
    const product = ([a, b]: readonly T[], [c, d]: readonly T[]) =>
      [ops.multiply(a!, c!), ops.add(ops.multiply(b!, c!), d!)] as const
    for (const length of [1, 2, 3, 4, 5, 8, 13]) {
      const elems = [1, 2].map((seed) => lw.random.uniform([2, length], { seed })) as [T, T]
      for (const reverse of [false, true]) {
        const columns = elems.map((x) => ops.transpose(x)) as [T, T]
        const expected = ops.scan(
          (state: readonly T[], x: readonly T[]) => {
            const next = product(state, x)
            return [next, next] as const
          },
          [ops.broadcastTo(1, [2]), ops.broadcastTo(0, [2])] as const,
          columns,
          { reverse },
        )[1]
        const got = ops.associativeScan(product as never, elems, { axis: 1, reverse }) as readonly T[]
        got.forEach((x, i) => {
          expectClose(ops.transpose(x), values(expected[i] as T), 1e-5)
        })
      }
    }
    expect(values(ops.associativeScan(ops.maximum, tensor([1, 3, 2, 5])))).toEqual([1, 3, 3, 5])
    await expectError('shape.mismatch', () => ops.associativeScan(ops.add, tensor(1)))
    await expectError('control.type', () =>
      ops.associativeScan(() => tensor([1, 2]), tensor([1, 2, 3, 4, 5, 6])),
    )
  })

  test('have the instructions of their bodies in the plan', () => {
    const f = jit((xs: T) => ops.map((x) => ops.tanh(ops.multiply(x, 2)), xs))
    const { instructions } = f.plan(tensor([[1, 2]])).info()
    const [scan] = instructions.filter(({ name }) => name === 'scan')
    const inside = scan?.bodies?.[0]?.flatMap(({ ops }) => ops)
    expect(inside).toContain('multiply')
    expect(inside).toContain('tanh')
    if (lw.backend() === 'native') expect(scan?.bodies?.[0]).toHaveLength(1)
  })
})

describeOnEachBackend('a recurrent layer made with scan', () => {
  class Recurrent extends lw.layers.Layer {
    kernel!: lw.Variable
    recurrent!: lw.Variable

    override build(inputShape: lw.PartialShape): void {
      const features = inputShape.at(-1) as number
      this.kernel = this.addWeight({ name: 'kernel', shape: [features, 4] })
      this.recurrent = this.addWeight({ name: 'recurrent', shape: [4, 4] })
    }

    override call(x: T): T {
      const [batch] = x.shape as [number]
      const step = (state: T, row: T) => {
        const next = ops.tanh(ops.add(ops.matmul(row, this.kernel), ops.matmul(state, this.recurrent)))
        return [next, null] as const
      }
      return ops.scan(step, ops.broadcastTo(0, [batch, 4]), ops.transpose(x, [1, 0, 2]))[0]
    }
  }

  test('trains', async () => {
    lw.seed(2)
    const model = lw.sequential({
      layers: [new Recurrent({ inputShape: [5, 3] } as never), lw.layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: lw.optimizers.adam({ learningRate: 0.05 }), loss: 'meanSquaredError' })
    const x = lw.random.uniform([16, 5, 3], { minval: -1, seed: 4 })
    const y = ops.sum(x, { axis: [1, 2] })
    const { loss } = (
      await model.fit(x, ops.reshape(y, [16, 1]), { epochs: 30, batchSize: 8, verbose: 0, seed: 1 })
    ).history
    expect(loss!.at(-1)!).toBeLessThan(0.2 * loss![0]!)
    losses.push(loss as number[])
  })
})

/** The losses of both executors. */
const losses: number[][] = []

describe('both executors', () => {
  test('train the recurrent layer alike', () => {
    const [first, ...others] = losses as [number[], ...number[][]]
    for (const other of others) expectClose(tensor(other), first, 1e-3)
  })
})

describe('gradients of control flow are what central differences find', () => {
  const x = (shape: number[], stream: number) => uniform(shape, 0.2, 1, stream)
  const forms: [string, (inputs: readonly T[]) => T, ReturnType<typeof x>[]][] = [
    [
      'a scan',
      ([xs, w]) => {
        const [last, all] = ops.scan(
          (c: T, v: T) => {
            const next = ops.tanh(ops.add(ops.multiply(c, w!), v))
            return [next, ops.multiply(next, v)] as const
          },
          ops.multiply(w!, 2),
          xs!,
        )
        return ops.add(ops.sum(ops.exp(last)), ops.sum(all))
      },
      [x([4, 3], 1), x([3], 2)],
    ],
    [
      'a reversed scan without results',
      ([xs]) =>
        ops.sum(
          ops.scan((c: T, v: T) => [ops.multiply(ops.add(c, 1), v), null], tensor([0.5, 0.5]), xs!, {
            reverse: true,
          })[0],
        ),
      [x([3, 2], 1)],
    ],
    [
      'a map whose body has a scan',
      ([m, w]) =>
        ops.sum(
          ops.map(
            (row: T) =>
              ops.scan((c: T, v: T) => [ops.multiply(ops.tanh(c), ops.add(v, w!)), null], 1, row)[0],
            m!,
          ),
        ),
      [x([3, 2], 1), x([], 2)],
    ],
    [
      'a cond',
      ([a, b]) =>
        ops.sum(
          ops.cond(
            ops.less(ops.sum(a!), ops.sum(b!)),
            () => ops.multiply(a!, a!),
            () => ops.multiply(ops.exp(b!), a!),
          ),
        ),
      [x([3], 1), x([3], 2)],
    ],
    [
      'a cond that is chosen otherwise',
      ([a, b]) =>
        ops.sum(
          ops.cond(
            ops.greater(ops.sum(a!), 0),
            () => ops.multiply(ops.exp(b!), a!),
            () => a!,
          ),
        ),
      [x([3], 1), x([3], 2)],
    ],
    [
      'a cond in a scan',
      ([xs, w]) =>
        ops.scan(
          (c: T, v: T) => [
            ops.cond(
              ops.greater(c, 1),
              () => ops.multiply(c, v),
              () => ops.add(c, ops.multiply(v, w!)),
            ),
            null,
          ],
          0.5,
          xs!,
        )[0],
      [x([6], 1), x([], 2)],
    ],
    [
      'the gradient of a scan',
      ([xs, w]) =>
        ops.sum(
          ops.square(
            grad((v: T) =>
              ops.sum(ops.scan((c: T, y: T) => [ops.tanh(ops.multiply(ops.add(c, y), v)), null], 0, xs!)[0]),
            )(w!),
          ),
        ),
      [x([3], 1), x([2], 2)].slice(0, 1).concat([x([], 2)]),
    ],
    [
      'the gradient of a cond',
      ([a]) =>
        ops.sum(
          grad((v: T) =>
            ops.sum(
              ops.cond(
                ops.greater(ops.sum(v), 0),
                () => ops.multiply(v, ops.square(v)),
                () => v,
              ),
            ),
          )(a!),
        ),
      [x([3], 1)],
    ],
    [
      'a custom gradient in a scan',
      ([xs]) =>
        ops.scan(
          (c: T, v: T) => {
            const f = lw.customGradient((a: T) => {
              const e = ops.exp(a)
              return [e, (upstream) => ops.multiply(upstream, e)]
            })
            return [ops.add(ops.multiply(c, 0.5), f(v)), null]
          },
          0,
          xs!,
        )[0],
      [x([4], 1)],
    ],
    [
      'the gradient of a custom gradient in a scan',
      ([xs]) =>
        ops.sum(
          ops.square(
            grad(
              (at: T) =>
                ops.scan(
                  (c: T, v: T) => {
                    const f = lw.customGradient((a: T) => {
                      const e = ops.exp(a)
                      return [e, (upstream) => ops.multiply(upstream, e)]
                    })
                    return [ops.multiply(ops.add(c, 1), f(v)), null]
                  },
                  0,
                  at,
                )[0],
            )(xs!),
          ),
        ),
      [x([3], 1)],
    ],
  ]

  test.each(forms)('%s', (_, f, inputs) => {
    lw.setBackend('reference')
    const loss = ([...given]: readonly T[]) => ops.multiply(f(given), given.at(-1) as T)
    expect(checkGradient(loss, [...inputs, x([], 9)])).toEqual([])
  })
})
