import { expect, it } from 'vitest'
import { allocate } from '../../ts/dtype.js'
import { expectError } from '../expect.js'

it('allocates zeros, and names the bytes that there is no room for', async () => {
  expect(allocate('bool', 2)).toEqual(new Uint8Array(2))
  expect(allocate('float32', 2, true)).toEqual(new Float64Array(2))
  await expectError('memory.exhausted', () => allocate('int32', 2 ** 50), { needed: 2 ** 52 })
})
