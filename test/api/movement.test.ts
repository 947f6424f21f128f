import { expect, test } from 'vitest'
import { jit, ops, type Tensor, tensor, variable } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const nested = (tensors: readonly Tensor[]) => tensors.map((t) => t.arraySync())

describeOnEachBackend('ops that move elements', () => {
  test('join lists whose plain numbers take the dtype of the tensors beside them', () => {
    const x = tensor(new Int32Array([1, 2]))
    expect(ops.concatenate([x, [3]]).dtype).toBe('int32')
    expect(ops.stack([[5, 6], x], { axis: -1 }).arraySync()).toEqual([
      [5, 1],
      [6, 2],
    ])
    expect(ops.concatenate([[true], [false, true]]).arraySync()).toEqual([true, false, true])
  })

  test('cut into equal parts, at indices and to the end', () => {
    expect(nested(ops.split([1, 2, 3, 4], 2))).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(nested(ops.split([1, 2, 3, 4], [1, 3]))).toEqual([[1], [2, 3], [4]])
    expect(nested(ops.split([1, 2], [3]))).toEqual([[1, 2], []])
    expect(
      nested(
        ops.unstack(
          [
            [1, 2],
            [3, 4],
          ],
          { axis: 1 },
        ),
      ),
    ).toEqual([
      [1, 3],
      [2, 4],
    ])
  })

  test('pad by all forms of widths', () => {
    expect(ops.pad([1], 1).arraySync()).toEqual([0, 1, 0])
    expect(ops.pad([[1]], [0, 1], { constantValues: 7 }).arraySync()).toEqual([
      [1, 7],
      [7, 7],
    ])
    expect(
      ops
        .pad(
          [[1]],
          [
            [1, 0],
            [0, 2],
          ],
        )
        .arraySync(),
    ).toEqual([
      [0, 0, 0],
      [1, 0, 0],
    ])
    expect(ops.pad([1, 2, 3], [2, 1], { mode: 'reflect' }).arraySync()).toEqual([3, 2, 1, 2, 3, 2])
    expect(ops.pad([1, 2, 3], [2, 1], { mode: 'symmetric' }).arraySync()).toEqual([2, 1, 1, 2, 3, 3])
    expect(ops.pad([1, 2], 1, { interior: [1] }).arraySync()).toEqual([0, 1, 0, 2, 0])
  })

  test('take all elements in a row where no axis is given', () => {
    const x = [
      [1, 2],
      [3, 4],
    ]
    expect(ops.repeat(x, 2).arraySync()).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    expect(ops.roll(x, 1).arraySync()).toEqual([
      [4, 1],
      [2, 3],
    ])
    expect(ops.flip(x).arraySync()).toEqual([
      [4, 3],
      [2, 1],
    ])
    expect(ops.squeeze([[[1, 2]]]).arraySync()).toEqual([1, 2])
    expect(ops.tile([1, 2], 2).arraySync()).toEqual([1, 2, 1, 2])
  })

  test('slice from where a tensor says, anew in each step', async () => {
    const x = tensor([1, 2, 3, 4, 5])
    const at = jit((start: Tensor) => ops.slice(x, [start], [2]))
    const start = (index: number) => tensor(new Int32Array([index]), [])
    expect([0, 3].map((index) => at(start(index)).arraySync())).toEqual([
      [1, 2],
      [4, 5],
    ])
    await expectError('index.range', () => at(start(4)), { op: 'dynamicSlice', index: 4, size: 4 })
    const put = ops.sliceUpdate(x, tensor(new Int32Array([1])), [8, 9])
    expect(put.arraySync()).toEqual([1, 8, 9, 4, 5])
    await expectError('argument.type', () => ops.slice(x, tensor(new Int32Array([1])), [1], { strides: [2] }))
  })

  test('update a slice of a variable', () => {
    const cache = variable([1, 2, 3, 4])
    const step = jit((values: Tensor) => cache.assign(ops.sliceUpdate(cache, [1], values)))
    step(tensor([8, 9]))
    expect(cache.read().arraySync()).toEqual([1, 8, 9, 4])
    if (cache.executor.name !== 'native') return
    // Where it is: nothing is copied at the end of the step.
    expect(step.plan(tensor([8, 9])).info()).toMatchObject({ copiedBytes: 0 })
  })
})
