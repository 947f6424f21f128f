import { describe, expect, test } from 'vitest'
import { Cache } from '../../ts/cache.js'
import { variable } from '../../ts/index.js'
import { describeTree, leavesOf, mapTree } from '../../ts/tree.js'

describe('the cache of plans', () => {
  test('keeps the most recently used', () => {
    const evicted: string[] = []
    const cache = new Cache<string>(2, (value) => evicted.push(value))
    const get = (key: string) => cache.get(key, () => key.toUpperCase())
    expect([get('a'), get('b'), get('a'), get('c')]).toEqual(['A', 'B', 'A', 'C'])
    expect(evicted).toEqual(['B'])
    cache.clear()
    expect(evicted).toEqual(['B', 'A', 'C'])
  })

  test('makes a value once', () => {
    let made = 0
    const cache = new Cache<number>(2, () => {})
    for (let i = 0; i < 3; i++) cache.get('a', () => ++made)
    expect(made).toBe(1)
  })

  test('keeps nothing of a failed attempt', () => {
    const cache = new Cache<number>(2, () => {})
    const attempt = () =>
      cache.get('a', () => {
        throw new Error('no')
      })
    expect(attempt).toThrow('no')
    expect(cache.get('a', () => 1)).toBe(1)
  })
})

describe('trees', () => {
  test('have leaves in order', () => {
    const weight = variable(1)
    expect(leavesOf({ a: [1, { b: 'x' }], c: weight })).toEqual([1, 'x', weight])
  })

  test('are described alike when structure and leaves are', () => {
    const described = (tree: unknown) => describeTree(tree, (leaf) => typeof leaf)
    expect(described({ a: [1, { b: 'x' }], c: 4 })).toBe(described({ a: [2, { b: 'y' }], c: 5 }))
    expect(described({ a: [1] })).not.toBe(described({ a: ['1'] }))
    expect(described([1, [2]])).not.toBe(described([[1], 2]))
    expect(described({ a: [1, 2] })).not.toBe(described({ a: [1], b: 2 }))
  })

  test('keep their structure when mapped', () => {
    expect(mapTree({ a: [1, 2], b: { c: 3 } }, (leaf) => (leaf as number) * 2)).toEqual({
      a: [2, 4],
      b: { c: 6 },
    })
  })
})
