import { fail } from '../errors.js'

/** Two numbers, the lower one first. */
export type Range = readonly [lower: number, upper: number]

/** What a layer draws from: a range, or a number f for the range from -f to f as far as the bounds allow. */
export type Factor = number | readonly [number, number]

/**
 * The range that a factor stands for, as Keras reads it.
 *
 * @throws argument.range where it leaves the bounds
 */
export function factorRange(op: string, argument: string, factor: unknown, [least, greatest]: Range): Range {
  const within = (value: number) => value >= least && value <= greatest
  if (typeof factor === 'number' && within(factor)) {
    const size = Math.abs(factor)
    return [Math.max(-size, least) + 0, size]
  }
  if (isPair(factor) && factor.every(within)) return ascending(factor)
  const expected = `a number or a pair of numbers from ${least} to ${greatest}`
  return fail('argument.range', { op, argument, expected, got: factor })
}

/**
 * The range of the values of pixels.
 *
 * @throws argument.range
 */
export function checkValueRange(op: string, valueRange: unknown): Range {
  if (isPair(valueRange) && valueRange.every(Number.isFinite)) return ascending(valueRange)
  const expected = 'a pair of finite numbers'
  return fail('argument.range', { op, argument: 'valueRange', expected, got: valueRange })
}

function isPair(given: unknown): given is readonly [number, number] {
  return Array.isArray(given) && given.length === 2 && [...given].every((value) => typeof value === 'number')
}

function ascending([a, b]: readonly [number, number]): Range {
  return [Math.min(a, b), Math.max(a, b)]
}
