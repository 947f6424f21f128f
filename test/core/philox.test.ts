import { describe, expect, test } from 'vitest'
import { multiplyHigh, philox, wordReader } from '../../ts/philox.js'

describe('Philox 4x32-10', () => {
  // The known answers that come with Random123, the authors' implementation.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('of counter %j and key %j', (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected)
    const signed = (words: readonly number[]) => words.map((word) => word | 0)
    expect(philox(signed(counter), signed(key))).toEqual(expected)
  })

  test('reads words of a stream in any order', () => {
    const key = [123456789, -987654321]
    const word = wordReader(key, 7, 3)
    const expected = [0, 1, 2].flatMap((block) => philox([block, 0, 7, 3], key))
    const order = [5, 0, 11, 4, 4, 1]
    expect(order.map(word)).toEqual(order.map((i) => expected[i]))
  })
})

test('the high word of a product is exact', () => {
  const words = [0, 1, 2, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xd2511f53, 0xffffffff]
  for (const a of words) {
    for (const b of words) {
      expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n))
    }
  }
})
