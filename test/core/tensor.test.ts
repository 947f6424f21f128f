import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Tensor, tensor } from '../../ts/index.js'
import { expectError } from '../expect.js'

const summary = ({ shape, dtype }: Tensor) => ({ shape, dtype })

describe('making tensors', () => {
  test('from numbers and nested arrays', () => {
    expect(summary(tensor(3))).toEqual({ shape: [], dtype: 'float32' })
    expect(summary(tensor([]))).toEqual({ shape: [0], dtype: 'float32' })
    expect(summary(tensor([[], []]))).toEqual({ shape: [2, 0], dtype: 'float32' })
    const matrix = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(summary(matrix)).toEqual({ shape: [2, 3], dtype: 'float32' })
    expect([matrix.rank, matrix.size]).toEqual([2, 6])
  })

  test('from booleans', () => {
    const t = tensor([[true], [false]])
    expect(summary(t)).toEqual({ shape: [2, 1], dtype: 'bool' })
    expect(t.arraySync()).toEqual([[true], [false]])
  })

  test.each([
    [new Float32Array([1, 2]), 'float32'],
    [new Float64Array([1, 2]), 'float32'],
    [new Int8Array([1, 2]), 'float32'],
    [new Int16Array([1, 2]), 'float32'],
    [new Uint16Array([1, 2]), 'float32'],
    [new Uint32Array([1, 2]), 'float32'],
    [new Int32Array([1, 2]), 'int32'],
    [new Uint8Array([1, 2]), 'uint8'],
  ] as const)('from %s', (data, dtype) => {
    const t = tensor(data)
    expect(summary(t)).toEqual({ shape: [2], dtype })
    expect(t.arraySync()).toEqual([1, 2])
  })

  test('with a shape and a dtype', () => {
    expect(tensor([1, 2, 3, 4], [2, 2]).arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(tensor([1.9, -1.9], undefined, 'int32').arraySync()).toEqual([1, -1])
    expect(tensor([0, 0.5, NaN], undefined, 'bool').arraySync()).toEqual([false, true, false])
    expect(tensor(new Float32Array(1), []).shape).toEqual([])
    expect(tensor(new Float32Array(0), [3, 0]).shape).toEqual([3, 0])
  })

  test('copies what it is made from, and hands out copies', () => {
    const source = new Float32Array([1, 2])
    const t = tensor(source)
    source[0] = 9
    const copy = t.dataSync()
    copy[1] = 9
    expect(t.arraySync()).toEqual([1, 2])
  })

  test('from a tensor', () => {
    const t = tensor(tensor([1, 2, 3, 4]), [2, 2], 'int32')
    expect(summary(t)).toEqual({ shape: [2, 2], dtype: 'int32' })
  })

  test('takes the window of a typed array alone', () => {
    expect(tensor(new Float32Array([1, 2, 3, 4]).subarray(1, 3)).arraySync()).toEqual([2, 3])
  })
})

describe('refuses', () => {
  test('data that the shape does not take', async () => {
    expect((await expectError('shape.length', () => tensor([1, 2, 3], [2, 2]))).fields).toMatchObject({
      expected: 4,
      got: 3,
    })
    await expectError('shape.length', () => tensor(new Float32Array(3), [2]))
    await expectError('shape.length', () => tensor(tensor([1, 2]), [3]))
  })

  test.each([
    ['a negative extent', [-1, 2]],
    ['a fraction', [1.5]],
    ['more than 8 axes', [1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ['too many elements', [65536, 65536]],
    ['no array', 3],
    ['NaN', [Number.NaN]],
  ])('%s as a shape', async (_, shape) => {
    await expectError('shape.invalid', () => tensor([1, 2], shape as number[]))
  })

  test('ragged nesting', async () => {
    await expectError('shape.ragged', () => tensor([[1, 2], [3]]))
    await expectError('shape.ragged', () => tensor([[1], 2] as number[][]))
    await expectError('shape.ragged', () => tensor([[[1]], [[2], [3]]]))
  })

  test('what is not made of numbers', async () => {
    await expectError('argument.type', () => tensor('1' as unknown as number))
    await expectError('argument.type', () => tensor([1, null] as unknown as number[]))
    await expectError('argument.type', () =>
      tensor(new DataView(new ArrayBuffer(8)) as unknown as Float32Array),
    )
    await expectError('argument.type', () => tensor(new BigInt64Array(1) as unknown as Float32Array))
    await expectError('dtype.invalid', () => tensor([1], undefined, 'float16' as 'float32'))
  })

  test('memory that is detached, resizable or shared', async () => {
    const detached = new Float32Array(4)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    expect((await expectError('buffer.unusable', () => tensor(detached))).fields.problem).toBe('detached')
    const Resizable = ArrayBuffer as unknown as new (n: number, options: object) => ArrayBuffer
    const resizable = new Float32Array(new Resizable(16, { maxByteLength: 32 }))
    expect((await expectError('buffer.unusable', () => tensor(resizable))).fields.problem).toBe('resizable')
    const shared = new Float32Array(new SharedArrayBuffer(16)) as unknown as Float32Array
    expect((await expectError('buffer.unusable', () => tensor(shared))).fields.problem).toBe('shared')
  })
})

describe('reading tensors', () => {
  test('as data and arrays', async () => {
    const t = tensor([[1, 2]])
    expect(await t.data()).toEqual(new Float32Array([1, 2]))
    expect(await t.array()).toEqual([[1, 2]])
    expect(tensor(2).arraySync()).toBe(2)
    expect(tensor(new Float32Array(0), [2, 0]).arraySync()).toEqual([[], []])
  })

  test('as one number', async () => {
    expect(tensor([[7]]).item()).toBe(7)
    await expectError('shape.mismatch', () => tensor([1, 2]).item())
  })

  test("by JavaScript's operators, where it has one element", async () => {
    const one = tensor([[7]]) as unknown as number
    expect([one > 6, one * 2, `${one}`.startsWith('Tensor'), one + 1]).toEqual([true, 14, true, 8])
    await expectError('shape.mismatch', () => (tensor([1, 2]) as unknown as number) * 2)
  })

  test('as text', () => {
    expect(String(tensor(1.5))).toBe('Tensor float32 []\n1.5')
    expect(inspect(tensor([[1, -2.25]]))).toBe('Tensor float32 [1, 2]\n[[ 1.00, -2.25]]')
    expect(String(tensor([true, 2]))).toBe('Tensor float32 [2]\n[1.0, 2.0]')
    expect(String(tensor([true, false]))).toBe('Tensor bool [2]\n[ true, false]')
    expect(String(tensor([NaN, Infinity, 1e-7]))).toBe(
      'Tensor float32 [3]\n[      NaN,  Infinity, 1.0000e-7]',
    )
    expect(String(tensor(new Float32Array(0), [0, 3]))).toBe('Tensor float32 [0, 3]\n[]')
    const long = String(tensor(Int32Array.from({ length: 2000 }, (_, i) => i)))
    expect(long).toBe('Tensor int32 [2000]\n[   0,    1,    2, ..., 1997, 1998, 1999]')
  })
})
