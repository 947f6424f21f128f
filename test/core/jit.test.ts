import { expect, test, vi } from 'vitest'
import { executor } from '../../ts/executors/choice.js'
import { grad, jit, layers, ops, type Tensor, tensor, valueAndGrad, variable } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('a jitted function', () => {
  test('is traced once for each set of argument shapes', () => {
    let traced = 0
    const f = jit((x: Tensor) => {
      traced++
      return ops.add(x, 1)
    })
    expect(f(tensor([1, 2])).arraySync()).toEqual([2, 3])
    expect(f(tensor([3, 4])).arraySync()).toEqual([4, 5])
    expect(traced).toBe(1)
    expect(f(tensor([[1]])).arraySync()).toEqual([[2]])
    expect(f(tensor(new Float32Array(0))).arraySync()).toEqual([])
    expect(traced).toBe(3)
  })

  test('takes numbers as values, and strings, booleans and variables as constants', () => {
    let traced = 0
    const f = jit((x: Tensor, factor: number, name: string, flag: boolean) => {
      traced++
      return flag && name === 'scale' ? ops.multiply(x, factor) : x
    })
    const x = tensor([1, 2])
    expect(f(x, 2, 'scale', true).arraySync()).toEqual([2, 4])
    expect(f(x, 3, 'scale', true).arraySync()).toEqual([3, 6])
    expect(traced).toBe(1)
    expect(f(x, 3, 'scale', false).arraySync()).toEqual([1, 2])
    expect(f(x, 3, 'keep', true).arraySync()).toEqual([1, 2])
    expect(traced).toBe(3)
    const increment = jit((v: ReturnType<typeof variable>) => v.assign(ops.add(v, 1)))
    const [a, b] = [variable(0), variable(10)]
    increment(a)
    increment(b)
    increment(b)
    expect([a.read().item(), b.read().item()]).toEqual([1, 12])
  })

  test('traces anew for another layer or function, even of the same name or text', () => {
    const scale = (factor: number) => (x: Tensor) => ops.multiply(x, factor)
    const call = jit((f: (x: Tensor) => Tensor, x: Tensor) => f(x))
    expect([call(scale(2), tensor(1)).item(), call(scale(3), tensor(1)).item()]).toEqual([2, 3])
    const ones = layers.dense({ units: 1, name: 'same', kernelInitializer: 'ones' })
    const zeros = layers.dense({ units: 1, name: 'same', kernelInitializer: 'zeros' })
    const apply = jit((layer: layers.Layer, x: Tensor) => layer.apply(x))
    expect([apply(ones, tensor([[1, 1]])).item(), apply(zeros, tensor([[1, 1]])).item()]).toEqual([2, 0])
    const lengths = jit((a: string, b: string) => tensor([a.length, b.length]))
    expect(lengths('a|string b', 'c').arraySync()).toEqual([10, 1])
    expect(lengths('a', 'b|string c').arraySync()).toEqual([1, 10])
  })

  test('sees numbers as tensors inside another traced function too', () => {
    const inner = jit((x: number) => ops.square(x))
    const slope = grad((x: number) => ops.square(x) as Tensor)
    expect(jit(() => inner(3))().item()).toBe(9)
    expect((jit(() => slope(3) as unknown as Tensor)() as Tensor).item()).toBe(6)
  })

  test('takes and returns nested arrays and objects', () => {
    const f = jit(({ a, rest: [b] }: { a: Tensor; rest: [Tensor] }) => ({ sum: ops.add(a, b), both: [b, a] }))
    const result = f({ a: tensor([1]), rest: [tensor([2])] })
    expect(result.sum.arraySync()).toEqual([3])
    expect(result.both.map((t) => (t as Tensor).arraySync())).toEqual([[2], [1]])
  })

  test('may return an argument, a constant, one value twice, or nothing', () => {
    const constant = tensor([5])
    const f = jit((x: Tensor) => {
      const y = ops.negative(x)
      return [x, constant, y, y]
    })
    expect(f(tensor([1])).map((t) => (t as Tensor).arraySync())).toEqual([[1], [5], [-1], [-1]])
    expect(jit(() => {})()).toBeUndefined()
  })

  test('runs many steps in one call, with variables carried over', async () => {
    const v = variable([1, 1])
    const f = jit((x: Tensor) => {
      v.assign(ops.add(v, x))
      return { value: v.read(), total: ops.sum(v) }
    })
    const { value, total } = await f.run([tensor([1, 2])], { steps: 3 })
    expect(value.arraySync()).toEqual([
      [2, 3],
      [3, 5],
      [4, 7],
    ])
    expect(total.arraySync()).toEqual([5, 8, 11])
    expect(v.read().arraySync()).toEqual([4, 7])
    expect((await f.run([tensor([0, 0])])).value.arraySync()).toEqual([4, 7])
    expect((await f.run([tensor([0, 0])], { steps: 1 })).value.shape).toEqual([1, 2])
  })

  test('lets overlapping runs follow each other by whole steps', async () => {
    const v = variable(0)
    const tick = jit(() => {
      v.assign(ops.add(v, 1))
      return v.read()
    })
    const runs = await Promise.all(Array.from({ length: 4 }, () => tick.run([], { steps: 25 })))
    const seen = runs.flatMap((run) => [...run.dataSync()]).sort((a, b) => a - b)
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  test('refuses a wrong number of steps', async () => {
    const f = jit((x: Tensor) => ops.add(x, 1))
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      await expectError('argument.range', () => f.run([tensor(1)], { steps }))
    }
  })

  test('calls others as parts of itself', () => {
    const inner = jit((x: Tensor) => ops.multiply(x, 2))
    const outer = jit((x: Tensor) => ops.add(inner(x), 1))
    expect(outer(tensor([3])).arraySync()).toEqual([7])
    expect(outer.plan(tensor([3])).info().instructions.length).toBeGreaterThan(0)
  })

  test('keeps ops outside of it eager', () => {
    const f = jit((x: Tensor) => ops.add(x, 1))
    f(tensor([1]))
    expect(ops.add(tensor([1]), 1).arraySync()).toEqual([2])
  })

  test('explains that values cannot be read while it is traced', async () => {
    const error = await expectError('trace.read', () =>
      jit((x: Tensor) => ops.multiply(x, x.item()))(tensor(2)),
    )
    expect(error.fields.method).toBe('item')
    expect(error.message).toContain('lw.ops.where')
    await expectError('trace.read', () => jit((x: Tensor) => tensor(x.arraySync()))(tensor(2)))
    await expectError('trace.read', () => jit((x: Tensor) => tensor(x.dataSync()))(tensor(2)))
    await expectError('trace.read', () => jit((x: Tensor) => tensor(x))(tensor(2)))
    const v = variable(1)
    await expectError('trace.read', () => jit(() => ops.add(1, v.read().item()))())
    const operators = [
      (x: number) => ops.add(x * 2, 1),
      (x: number) => (x > 0 ? tensor(1) : tensor(0)),
      (x: number) => tensor(Math.sqrt(x)),
      (x: number) => tensor(x + 1),
      () => tensor((v as unknown as number) < 2 ? 1 : 0),
    ]
    for (const f of operators) await expectError('trace.read', () => jit(f)(3))
  })

  test('goes on after a failed trace', async () => {
    const f = jit((x: Tensor) => (x.rank === 0 ? tensor(x.item()) : ops.add(x, 1)))
    await expectError('trace.read', () => f(tensor(1)))
    expect(f(tensor([1])).arraySync()).toEqual([2])
    expect(ops.add(1, 1).item()).toBe(2)
  })

  test('has the precision of matrix products that it was made with, also where it calls others', async () => {
    const compile = vi.spyOn(executor(), 'compile')
    const [a, b] = [tensor([[1, 2]]), tensor([[3], [5]])]
    const product = (x: Tensor, y: Tensor) => ops.matmul(x, y)
    const inner = jit(product, { matmulPrecision: 'medium' })
    const outer = jit((x: Tensor, y: Tensor) => inner(x, y), { matmulPrecision: 'high' })
    for (const f of [jit(product), jit(product, { matmulPrecision: 'highest' }), inner, outer]) {
      expect(f(a, b).item()).toBe(13)
    }
    const precisions = compile.mock.calls.map(([, matmulPrecision]) => matmulPrecision)
    compile.mockRestore()
    expect(precisions).toEqual(['highest', 'highest', 'medium', 'high'])
    await expectError('name.unknown', () => jit(product, { matmulPrecision: 'hihg' as never }), {
      name: 'hihg',
      nearest: 'high',
    })
    await expectError('name.unknown', () => jit(product, { matmulPrecision: null as never }))
    await expectError('argument.unknown', () => jit(product, { precision: 'high' } as never))
  })

  test('refuses promises, results that are no tensors, and symbolic tensors that leak', async () => {
    await expectError('trace.async', () => jit(async (x: Tensor) => x)(tensor(1)))
    const later = async (x: Tensor) => {
      await Promise.resolve()
      return ops.add(x, 1)
    }
    await expectError('trace.async', () => jit(later)(tensor(1)))
    await expectError('trace.async', () => valueAndGrad(later as never)(tensor(1) as never))
    await expectError('argument.type', () => jit((x: Float32Array) => tensor(x))(new Float32Array(2)))
    await expectError('argument.type', () => jit(3 as never))
    await expectError('argument.type', () => jit(() => tensor(1)).run(null as never))
    await expectError('argument.unknown', () => jit(() => tensor(1)).run([], { step: 2 } as never))
    await expectError('trace.output', () => jit(() => 3)())
    let leaked: Tensor | undefined
    jit((x: Tensor) => {
      leaked = ops.add(x, 1)
      return leaked
    })(tensor([1]))
    await expectError('trace.leak', () => ops.add(leaked as Tensor, 1))
    await expectError('trace.leak', () => jit((x: Tensor) => ops.add(x, leaked as Tensor))(tensor([1])))
    expect(String(leaked)).toBe('Tensor float32 [1] (symbolic)')
  })
})
