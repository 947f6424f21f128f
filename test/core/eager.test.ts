import { expect, test } from 'vitest'
import { ops, tensor } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('an op on concrete tensors', () => {
  test('broadcasts, with equal results at every call', () => {
    const rows = tensor([[1, 2, 3]])
    const columns = tensor([[10], [20]])
    for (let call = 0; call < 3; call++) {
      expect(ops.add(rows, columns).arraySync()).toEqual([
        [11, 12, 13],
        [21, 22, 23],
      ])
      expect(ops.subtract(columns, 1).arraySync()).toEqual([[9], [19]])
      expect(ops.subtract(1, columns).arraySync()).toEqual([[-9], [-19]])
    }
  })

  test('tells attributes, shapes and dtypes apart', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ])
    for (let call = 0; call < 2; call++) {
      expect(ops.sum(x, { axis: 0 }).arraySync()).toEqual([4, 6])
      expect(ops.sum(x, { axis: 1 }).arraySync()).toEqual([3, 7])
      expect(ops.sum(tensor([1, 2, 3, 4])).item()).toBe(10)
      expect(ops.sum(tensor(new Int32Array([1, 2, 3, 4]))).dtype).toBe('int32')
    }
  })

  test('refuses bad input at every call, also after good input', async () => {
    const [x, y] = [tensor([1, 2]), tensor([1, 2, 3])]
    for (let call = 0; call < 2; call++) {
      await expectError('shape.broadcast', () => ops.add(x, y))
      await expectError('dtype.mismatch', () => ops.add(x, tensor(new Int32Array([1, 2]))))
      expect(ops.add(x, x).arraySync()).toEqual([2, 4])
    }
  })
})
