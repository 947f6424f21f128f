import { expect, it } from 'vitest'
import { allocate, type Dtype } from '../../ts/dtype.js'
import { expectError } from '../expect.js'

it('allocates memory that nothing else has, and names the bytes that there is no room for', async () => {
  const kinds: readonly (readonly [Dtype, boolean?])[] = [['float32'], ['int32'], ['bool'], ['float32', true]]
  for (const length of [0, 1, 3, 128, 129, 2000]) {
    const arrays = kinds.map(([dtype, float64]) => allocate(dtype, length, float64))
    expect(arrays.map((array) => array.constructor)).toEqual([
      Float32Array,
      Int32Array,
      Uint8Array,
      Float64Array,
    ])
    for (const [i, array] of arrays.entries()) array.fill(i + 1)
    expect(arrays).toEqual(arrays.map((array, i) => array.slice().fill(i + 1)))
    expect(arrays.map((array) => array.length)).toEqual(kinds.map(() => length))
  }
  await expectError('memory.exhausted', () => allocate('int32', 2 ** 50), { needed: 2 ** 52 })
})
