import { fail } from '../errors.js'
import { multiplyHigh, philox, wordReader } from '../philox.js'
import { checkShape, type Shape, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import { notDifferentiable, primitive, type Spec } from './record.js'
import { uniform, valueSample, values } from './samples.js'

function checkGenerator(op: string, inputs: readonly Spec[], stream: number): void {
  const [key, step] = inputs as [Spec, Spec]
  if (key.dtype !== 'int32' || step.dtype !== 'int32') {
    fail('dtype.mismatch', { op, expected: 'an int32 key and an int32 step', got: [key.dtype, step.dtype] })
  }
  if (!sameShape(key.shape, [2]) || step.shape.length !== 0) {
    fail('shape.mismatch', {
      op,
      expected: 'a key of shape [2] and a scalar step',
      got: [key.shape, step.shape],
    })
  }
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 31) {
    fail('argument.range', { op, argument: 'stream', expected: 'an integer from 0 to 2^31 - 1', got: stream })
  }
}

const unordered = notDifferentiable('it depends on a key and a step alone')
const generator = (step: number) => [
  values([123456789, -987654321], 'int32'),
  { ...values([step], 'int32'), shape: [] },
]

const randomUniformOp = primitive<{ shape: Shape; stream: number }>({
  name: 'randomUniform',
  arity: 2,
  attributes: { shape: 'integers', stream: 'integer' },
  infer: (inputs, { shape, stream }) => {
    checkShape('randomUniform', shape)
    checkGenerator('randomUniform', inputs, stream)
    return { shape, dtype: 'float32' }
  },
  kernel: ({ inputs: [key, step], output, attributes: { stream } }) => {
    const word = wordReader(key as Int32Array, step?.[0] as number, stream)
    // The 24 bits that float32 holds exactly.
    for (let i = 0; i < output.length; i++) output[i] = (word(i) >>> 8) * 2 ** -24
  },
  vjp: unordered,
  samples: () => [
    ...[0, 1, 3, 4, 5, 63, 64, 65, 1000, 70_001].map((length) =>
      valueSample(`length ${length}`, generator(length), { shape: [length], stream: 0 }),
    ),
    valueSample('another stream', generator(-1), { shape: [5, 7], stream: 3 }),
  ],
  errors: [],
  tolerance: 'exact',
  torch: null,
})

/**
 * Uniform float32 numbers in [0, 1) from an int32 key [2] and an int32 step: equal arguments give equal numbers, on every executor. Most
 * code wants `lw.random.uniform`, which keeps key and step.
 */
export function randomUniform(key: Tensor, step: Tensor, shape: Shape, stream = 0): Tensor {
  checkShape('randomUniform', shape)
  return apply(randomUniformOp, [key, step], { shape: [...shape], stream })
}

const randomPermutationOp = primitive<{ length: number; stream: number }>({
  name: 'randomPermutation',
  arity: 2,
  attributes: { length: 'integer', stream: 'integer' },
  infer: (inputs, { length, stream }) => {
    checkShape('randomPermutation', [length])
    checkGenerator('randomPermutation', inputs, stream)
    return { shape: [length], dtype: 'int32' }
  },
  // Fisher and Yates's shuffle from the end; the product's high word maps 32 random bits to 0…i.
  kernel: ({ inputs: [key, step], output, attributes: { stream } }) => {
    const word = wordReader(key as Int32Array, step?.[0] as number, stream)
    for (let i = 0; i < output.length; i++) output[i] = i
    for (let i = output.length - 1; i > 0; i--) {
      const j = multiplyHigh(word(i), i + 1)
      const former = output[i] as number
      output[i] = output[j] as number
      output[j] = former
    }
  },
  vjp: unordered,
  samples: () =>
    [0, 1, 2, 3, 10, 1000, 5003].map((length) =>
      valueSample(`length ${length}`, generator(length), { length, stream: 1 }),
    ),
  errors: [],
  tolerance: 'exact',
  torch: null,
})

/** The numbers 0 … length - 1 in an order that depends on an int32 key [2] and an int32 step alone: int32 [length]. */
export function randomPermutation(key: Tensor, step: Tensor, length: number, stream = 0): Tensor {
  return apply(randomPermutationOp, [key, step], { length, stream })
}

const randomIntegersOp = primitive<{ shape: Shape; stream: number; range: number }>({
  name: 'randomIntegers',
  arity: 2,
  attributes: { shape: 'integers', stream: 'integer', range: 'integer' },
  infer: (inputs, { shape, stream, range }) => {
    checkShape('randomIntegers', shape)
    checkGenerator('randomIntegers', inputs, stream)
    if (!Number.isInteger(range) || range < 1 || range >= 2 ** 32) {
      const expected = 'an integer from 1 to 2^32 - 1'
      fail('argument.range', { op: 'randomIntegers', argument: 'range', expected, got: range })
    }
    return { shape, dtype: 'int32' }
  },
  // The product's high word maps 32 random bits to 0…range - 1.
  kernel: ({ inputs: [key, step], output, attributes: { stream, range } }) => {
    const word = wordReader(key as Int32Array, step?.[0] as number, stream)
    for (let i = 0; i < output.length; i++) output[i] = multiplyHigh(word(i), range)
  },
  vjp: unordered,
  samples: () => [
    ...[0, 1, 5, 63, 65, 1000].map((length) =>
      valueSample(`length ${length}`, generator(length), { shape: [length], stream: 0, range: 10 }),
    ),
    valueSample('one number', generator(1), { shape: [3, 5], stream: 2, range: 1 }),
    valueSample('all 32 bits', generator(2), { shape: [70], stream: 1, range: 2 ** 32 - 1 }),
  ],
  errors: [
    {
      label: 'no numbers',
      run: ({ cast, randomIntegers }) => randomIntegers(cast([1, 2], 'int32'), cast(0, 'int32'), [2], 0),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: null,
})

/**
 * Integers from 0 on and below `range`, each equally often but for 2^-32, from an int32 key [2] and an int32 step; from 2^31 on they are
 * the negative numbers of the same 32 bits. Most code wants `lw.random.randint`.
 */
export function randomIntegers(key: Tensor, step: Tensor, shape: Shape, range: number, stream = 0): Tensor {
  checkShape('randomIntegers', shape)
  return apply(randomIntegersOp, [key, step], { shape: [...shape], stream, range })
}

const randomGammaOp = primitive<{ stream: number; logarithm: boolean }>({
  name: 'randomGamma',
  arity: 3,
  attributes: { stream: 'integer', logarithm: 'boolean' },
  infer: (inputs, { stream }) => {
    checkGenerator('randomGamma', inputs, stream)
    const { shape, dtype } = inputs[2] as Spec
    if (dtype !== 'float32')
      fail('dtype.mismatch', { op: 'randomGamma', expected: 'float32 alpha', got: [dtype] })
    return { shape, dtype }
  },
  kernel: ({ inputs: [key, step, alpha], output, attributes: { stream, logarithm } }) => {
    const words = [key?.[0] as number, key?.[1] as number]
    for (let i = 0; i < output.length; i++) {
      const log = logGammaVariate(alpha?.[i] as number, (trial) =>
        philox([i, trial, step?.[0] as number, stream], words),
      )
      output[i] = logarithm ? log : Math.exp(log)
    }
  },
  vjp: notDifferentiable('its numbers are found by trials that are accepted or rejected'),
  samples: () => [
    ...[1, 7, 130].map((length) =>
      valueSample(`length ${length}`, [...generator(length), uniform([length], 0.1, 9)], {
        stream: 0,
        logarithm: false,
      }),
    ),
    valueSample('logarithms', [...generator(3), uniform([5, 7], 0.01, 3)], { stream: 1, logarithm: true }),
    valueSample('large shapes', [...generator(4), values([1e3, 1e6, 1e12, 3e38, Infinity])], {
      stream: 2,
      logarithm: false,
    }),
    valueSample('no shapes', [...generator(5), values([0, -1, NaN])], { stream: 2, logarithm: false }),
  ],
  errors: [
    {
      label: 'integers as shapes',
      run: ({ cast, randomGamma }) =>
        randomGamma(cast([1, 2], 'int32'), cast(0, 'int32'), cast([1], 'int32'), { logarithm: false }),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { ulp: 1 },
  torch: null,
})

/** Trials after which the mode is taken: each is accepted in 95 of 100 cases. */
const trials = 64

/** The logarithm of a number of the gamma distribution: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000). */
function logGammaVariate(alpha: number, block: (trial: number) => readonly number[]): number {
  if (!(alpha > 0 && alpha < Infinity)) return alpha === Infinity ? alpha : NaN
  // The middle of one of 2^32 steps in (0, 1).
  const open = (word: number | undefined) => ((word as number) + 0.5) * 2 ** -32
  // A shape below 1 is that of one more, times a power of a uniform number.
  const d = alpha < 1 ? alpha + 2 / 3 : alpha - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  const boost = (word: number | undefined) => (alpha < 1 ? Math.log(open(word)) / alpha : 0)
  for (let trial = 0; trial < trials; trial++) {
    const words = block(trial)
    // Box and Muller's normal number.
    const x = Math.sqrt(-2 * Math.log(open(words[0]))) * Math.cos(2 * Math.PI * open(words[1]))
    const t = c * x
    if (t <= -1) continue
    // The candidate is d·(1 + t)³; the bound is d·(1 - (1 + t)³ + 3 ln(1 + t)) without what cancels.
    const log = Math.log1p(t)
    if (Math.log(open(words[2])) < 0.5 * x * x + d * (3 * (log - t) - t * t * (3 + t))) {
      return Math.log(d) + 3 * log + boost(words[3])
    }
  }
  return Math.log(d) + boost(block(0)[3])
}

/**
 * Numbers of the gamma distribution with scale 1 and the float32 shape parameters `alpha`, from an int32 key [2] and an int32 step, or
 * their logarithms. Most code wants `lw.random.gamma`.
 */
export function randomGamma(
  key: Tensor,
  step: Tensor,
  alpha: Tensor,
  options: { readonly logarithm: boolean },
  stream = 0,
): Tensor {
  return apply(randomGammaOp, [key, step, alpha], { stream, logarithm: options.logarithm })
}
