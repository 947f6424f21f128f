import { fail } from '../errors.js'
import { multiplyHigh, wordReader } from '../philox.js'
import { checkShape, type Shape, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import { notDifferentiable, primitive, type Spec } from './record.js'
import { valueSample, values } from './samples.js'

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
