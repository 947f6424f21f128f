import { describe, expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

type T = lw.Tensor
const { ops, tensor, jit } = lw
const values = (t: T) => Array.from(t.dataSync())

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
