import type { Dtype } from './dtype.js'
import { fail } from './errors.js'
import { executor } from './executors/choice.js'
import type { Executor } from './executors/executor.js'
import { activeTrace, recordInto, type Trace } from './graph/trace.js'
import * as ops from './ops/index.js'
import { checkInteger, checkInterval, checkOptions } from './options.js'
import { wordReader } from './philox.js'
import type { Shape } from './shape.js'
import { storageOf, type Tensor, tensor } from './tensor.js'
import { type Variable, variable } from './variable.js'

/**
 * A source of random numbers: a key, and a step that advances whenever numbers are drawn. Both are variables, so a traced function draws
 * new numbers in every step, and the state of a training run holds its randomness.
 */
export class RandomGenerator {
  readonly key: Variable
  readonly step: Variable

  constructor(seed: number) {
    this.key = variable(keyOf(seed), { name: 'key', trainable: false })
    this.step = variable(tensor(new Int32Array([0]), []), { name: 'step', trainable: false })
  }

  toString(): string {
    return `RandomGenerator (key [${[...this.key.storage.read()].join(', ')}], step ${this.step.storage.read()[0]})`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** Starts again from a seed. */
  seed(seed: number): void {
    this.key.assign(keyOf(seed))
    this.step.assign(tensor(new Int32Array([0]), []))
  }
}

/** An integer seed for equal numbers at each call, or a generator that advances. */
export type Seed = number | RandomGenerator

const defaults = new Map<Executor, RandomGenerator>()
/** What `seed` was last given: generators of executors that are chosen later start from it too. */
let lastSeed: number | undefined
const drawnFrom = new WeakMap<Trace, Set<RandomGenerator>>()

let scoped: RandomGenerator | undefined

/** Runs a function with a generator in the place of the default one: training gives dropout its own. */
export function withGenerator<R>(generator: RandomGenerator, body: () => R): R {
  const former = scoped
  scoped = generator
  try {
    return body()
  } finally {
    scoped = former
  }
}

/** The generator that is used where no seed is given. */
export function defaultGenerator(): RandomGenerator {
  if (scoped) return scoped
  const current = executor()
  let generator = defaults.get(current)
  if (!generator) {
    const first = lastSeed ?? Math.floor(Math.random() * 2 ** 32)
    generator = recordInto(undefined, () => new RandomGenerator(first))
    defaults.set(current, generator)
  }
  return generator
}

/**
 * Makes everything random that follows repeatable: initial weights, shuffling, dropout and `lw.random`, with the same numbers on both
 * executors.
 *
 * @param n a safe integer
 */
export function seed(n: number): void {
  checkSeed('seed', n)
  lastSeed = n
  recordInto(undefined, () => {
    for (const generator of defaults.values()) generator.seed(n)
  })
}

/**
 * Draws with a generator's key, its present step and streams of its own, and sees to it that the step advances.
 *
 * @param streams how many streams the sample needs
 */
export function draw<Streams extends number[]>(
  source: Seed | undefined,
  sample: (key: Tensor, step: Tensor, ...streams: Streams) => Tensor,
  streams = 1,
): Tensor {
  const trace = activeTrace()
  const numbered = (next: (i: number) => number) =>
    Array.from({ length: streams }, (_, i) => next(i)) as Streams
  if (typeof source === 'number') {
    checkSeed('random', source)
    return sample(keyOf(source), tensor(new Int32Array([0]), []), ...numbered((i) => i))
  }
  const generator = source ?? defaultGenerator()
  if (trace) {
    const generators = drawnFrom.get(trace) ?? new Set()
    drawnFrom.set(trace, generators.add(generator))
    return sample(generator.key.read(), generator.step.read(), ...numbered(() => trace.nextStream()))
  }
  const drawn = sample(generator.key.read(), generator.step.read(), ...numbered((i) => i))
  generator.step.assign(ops.add(generator.step, 1))
  return drawn
}

/** Advances, at the end of a trace, each generator that it drew from. */
export function finishRandomness(trace: Trace): void {
  for (const { step } of drawnFrom.get(trace) ?? []) trace.assign(step, ops.add(step, 1))
}

/**
 * Uniform numbers from `minval` on and below `maxval`.
 *
 * @param options minval (default 0), maxval (default 1), dtype ('float32', or 'int32' for integers as of `randint`), seed
 */
export function uniform(
  shape: Shape,
  options: {
    readonly minval?: number
    readonly maxval?: number
    readonly dtype?: 'float32' | 'int32'
    readonly seed?: Seed
  } = {},
): Tensor {
  checkOptions('uniform', options, ['minval', 'maxval', 'dtype', 'seed'])
  const { minval = 0, maxval = 1, dtype = 'float32', seed } = options
  if (dtype === 'int32') return randint(shape, minval, maxval, seed === undefined ? {} : { seed })
  if (dtype !== 'float32') {
    fail('argument.range', { op: 'uniform', argument: 'dtype', expected: "'float32' or 'int32'", got: dtype })
  }
  const unit = draw(seed, (key, step, stream) => ops.randomUniform(key, step, shape, stream))
  return minval === 0 && maxval === 1 ? unit : ops.add(ops.multiply(unit, maxval - minval), minval)
}

/**
 * Integers from `minval` on and below `maxval`, each equally often.
 *
 * @param minval an int32
 * @param maxval at most 2^31, and above `minval`
 * @param options dtype (default 'int32'), seed
 */
export function randint(
  shape: Shape,
  minval: number,
  maxval: number,
  options: { readonly dtype?: Dtype; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('randint', options, ['dtype', 'seed'])
  const isInt32 = (n: number) => Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31
  for (const [argument, value] of Object.entries({ minval, 'maxval - 1': maxval - 1 })) {
    if (!isInt32(value)) {
      fail('argument.range', { op: 'randint', argument, expected: 'an int32', got: value })
    }
  }
  const range = maxval - minval
  if (range < 1 || range >= 2 ** 32) {
    const expected = `above minval (${minval}), and less than 2^32 above it`
    fail('argument.range', { op: 'randint', argument: 'maxval', expected, got: maxval })
  }
  const integers = draw(options.seed, (key, step, stream) =>
    ops.randomIntegers(key, step, shape, range, stream),
  )
  const shifted = minval === 0 ? integers : ops.add(integers, minval)
  const { dtype = 'int32' } = options
  return dtype === 'int32' ? shifted : ops.cast(shifted, dtype)
}

/** Normal float32 numbers, by the inverse of the distribution function. */
export function normal(
  shape: Shape,
  options: { readonly mean?: number; readonly stddev?: number; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('normal', options, ['mean', 'stddev', 'seed'])
  const { mean = 0, stddev = 1, ...source } = options
  // 2 · uniform - 1, moved to the middle of its steps of 2^-23 so that it is never ±1; exact in float32.
  const symmetric = ops.subtract(ops.multiply(uniform(shape, source), 2), 1 - 2 ** -24)
  return ops.add(ops.multiply(ops.erfinv(symmetric), Math.SQRT2 * stddev), mean)
}

/** Normal float32 numbers within two standard deviations of the mean, by the inverse of the distribution function. */
export function truncatedNormal(
  shape: Shape,
  options: { readonly mean?: number; readonly stddev?: number; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('truncatedNormal', options, ['mean', 'stddev', 'seed'])
  const { mean = 0, stddev = 1, seed } = options
  // 2Φ(x) - 1 = erf(x / √2), and erf(√2) bounds it at two standard deviations.
  const bound = 0.9544997361036416
  const symmetric = uniform(shape, { minval: -bound, maxval: bound, ...(seed === undefined ? {} : { seed }) })
  return ops.add(ops.multiply(ops.erfinv(symmetric), Math.SQRT2 * stddev), mean)
}

/** true with `probability`, independently for each element: bool. */
export function bernoulli(shape: Shape, probability: number, options: { readonly seed?: Seed } = {}): Tensor {
  checkOptions('bernoulli', options, ['seed'])
  checkInterval('bernoulli', 'probability', probability, { minimum: 0, limit: 1 + Number.EPSILON })
  return ops.less(
    draw(options.seed, (key, step, stream) => ops.randomUniform(key, step, shape, stream)),
    probability,
  )
}

/** The integers 0 … n - 1 in random order: int32 [n]. */
export function permutation(n: number, options: { readonly seed?: Seed } = {}): Tensor {
  checkOptions('permutation', options, ['seed'])
  checkInteger('permutation', 'n', n, 0)
  return draw(options.seed, (key, step, stream) => ops.randomPermutation(key, step, n, stream))
}

/** Random words for what is shuffled outside of programs: those of a seed at a step, or new ones of the default generator. */
export function randomWords(seed: number | undefined, step: number): (i: number) => number {
  if (seed === undefined) return wordReader(storageOf(randint([2], -(2 ** 31), 2 ** 31 - 1)), 0, 0)
  return wordReader(storageOf(keyOf(seed)), step, 0)
}

/** A seed's two key words: its low and its high 32 bits. */
function keyOf(seed: number): Tensor {
  checkSeed('seed', seed)
  return tensor(new Int32Array([seed | 0, Math.floor(seed / 2 ** 32) | 0]), [2])
}

/** Raises unless a seed is a safe integer. */
export function checkSeed(op: string, seed: number): void {
  if (!Number.isSafeInteger(seed))
    fail('argument.type', { op, argument: 'seed', expected: 'a safe integer', got: seed })
}
