import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { jit, ops, setBackend, type Tensor, tensor, variable } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('a variable', (backend) => {
  test('has a value that can be read and set', () => {
    const v = variable([1, 2, 3], { name: 'v' })
    expect([v.shape, v.dtype, v.name, v.trainable]).toEqual([[3], 'float32', 'v', true])
    v.assign([4, 5, 6])
    expect(v.read().arraySync()).toEqual([4, 5, 6])
    v.assign(variable([7, 8, 9]))
    expect(v.read().arraySync()).toEqual([7, 8, 9])
    v.assign(new Float32Array([1, 1, 1]))
    expect(v.read().arraySync()).toEqual([1, 1, 1])
    expect(inspect(v)).toContain("Variable 'v' float32 [3]")
  })

  test('keeps a value apart from the tensors that it was made of and read into', () => {
    const initial = tensor([1, 2])
    const v = variable(initial)
    const before = v.read()
    v.assign([3, 4])
    expect(initial.arraySync()).toEqual([1, 2])
    expect(before.arraySync()).toEqual([1, 2])
  })

  test.each(['int32', 'bool', 'uint8'] as const)('can be %s', (dtype) => {
    const v = variable(tensor([1, 0, 1], undefined, dtype))
    expect(v.dtype).toBe(dtype)
    expect([...v.read().dataSync()]).toEqual([1, 0, 1])
  })

  test('is an input of ops', () => {
    expect(ops.add(variable([1, 2]), 1).arraySync()).toEqual([2, 3])
  })

  test('refuses another shape or dtype', async () => {
    const v = variable([1, 2])
    await expectError('shape.mismatch', () => v.assign([1]))
    await expectError('dtype.mismatch', () => v.assign(tensor(new Int32Array(2))))
    expect(v.read().arraySync()).toEqual([1, 2])
  })

  test('is changed by jitted functions, where reads follow assignments', () => {
    const v = variable(1)
    const double = jit(() => {
      const before = v.read()
      v.assign(ops.multiply(v, 2))
      v.assign(ops.add(v, 1))
      return [before, v.read()]
    })
    expect(double().map((t) => (t as Tensor).item())).toEqual([1, 3])
    expect(v.read().item()).toBe(3)
  })

  test('can change places with another in one step', () => {
    const [a, b] = [variable([1, 2]), variable([3, 4])]
    const swap = jit(() => {
      const former = a.read()
      a.assign(b)
      b.assign(former)
    })
    swap()
    expect([a.read().arraySync(), b.read().arraySync()]).toEqual([
      [3, 4],
      [1, 2],
    ])
    swap()
    expect([a.read().arraySync(), b.read().arraySync()]).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('can move through a chain of others in one step', () => {
    const chain = [variable(1), variable(2), variable(3)] as const
    const shift = jit(() => {
      const values = chain.map((v) => v.read())
      chain.forEach((v, i) => {
        v.assign(values[(i + 1) % 3] as Tensor)
      })
    })
    shift()
    expect(chain.map((v) => v.read().item())).toEqual([2, 3, 1])
  })

  test('can be assigned an argument or a constant', () => {
    const v = variable([1, 2])
    const set = jit((x: Tensor) => v.assign(x))
    set(tensor([5, 6]))
    expect(v.read().arraySync()).toEqual([5, 6])
    jit(() => v.assign([7, 8]))()
    expect(v.read().arraySync()).toEqual([7, 8])
  })

  test('cannot be used on another executor, nor when closed', async () => {
    const v = variable([1, 2])
    setBackend(backend === 'native' ? 'reference' : 'native')
    try {
      await expectError('variable.executor', () => jit(() => ops.add(v, 1))())
    } finally {
      setBackend(backend)
    }
    const next = jit(() => ops.add(v, 1))
    next()
    v.close()
    await expectError('tensor.closed', () => v.read())
    await expectError('tensor.closed', () => next())
    await expectError('tensor.closed', () => next.run([]))
    expect(inspect(v)).toBe("Variable 'variable' (closed)")
    await expectError('argument.unknown', () => variable(1, { nam: 'x' } as never), { nearest: 'name' })
  })
})
