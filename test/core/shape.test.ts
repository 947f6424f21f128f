import { describe, expect, test } from 'vitest'
import { broadcastShapes, normalizeAxes, normalizeAxis, sizeOf, stridesOf } from '../../ts/shape.js'
import { expectError } from '../expect.js'

test('sizes and strides', () => {
  expect([sizeOf([]), sizeOf([2, 3]), sizeOf([2, 0])]).toEqual([1, 6, 0])
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1])
  expect(stridesOf([])).toEqual([])
})

describe('broadcasting', () => {
  test.each([
    [[], [], []],
    [[3], [], [3]],
    [[2, 1], [3], [2, 3]],
    [[1], [0], [0]],
    [
      [5, 1, 7],
      [6, 1],
      [5, 6, 7],
    ],
  ])('%j and %j give %j', (a, b, expected) => {
    expect(broadcastShapes('op', a, b)).toEqual(expected)
    expect(broadcastShapes('op', b, a)).toEqual(expected)
  })

  test.each([
    [[2], [3]],
    [[0], [2]],
    [
      [2, 3],
      [3, 2],
    ],
  ])('%j and %j do not fit', async (a, b) => {
    expect((await expectError('shape.broadcast', () => broadcastShapes('add', a, b))).fields).toEqual({
      op: 'add',
      a,
      b,
    })
  })
})

describe('axes', () => {
  test('count from the back when negative', () => {
    expect(normalizeAxis('op', -1, 3)).toBe(2)
    expect(normalizeAxes('op', [2, -3], 3)).toEqual([0, 2])
    expect(normalizeAxes('op', null, 2)).toEqual([0, 1])
    expect(normalizeAxes('op', 1, 2)).toEqual([1])
    expect(normalizeAxes('op', [], 2)).toEqual([])
  })

  test('are in range and distinct', async () => {
    await expectError('axis.range', () => normalizeAxis('op', 3, 3))
    await expectError('axis.range', () => normalizeAxis('op', -4, 3))
    await expectError('axis.range', () => normalizeAxis('op', 0.5, 3))
    await expectError('axis.range', () => normalizeAxis('op', Number.NaN, 3))
    await expectError('axis.range', () => normalizeAxis('op', 0, 0))
    await expectError('axis.repeated', () => normalizeAxes('op', [1, -1], 2))
  })
})
