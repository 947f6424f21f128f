import type { Dtype } from './dtype.js'
import { fail } from './errors.js'
import type { TensorInput } from './ops/apply.js'
import { toTensor } from './ops/apply.js'
import * as ops from './ops/index.js'
import { checkInteger, checkInterval, checkOptions } from './options.js'
import { bernoulli, draw, permutation, type Seed } from './random.js'
import { normalizeAxis, type Shape } from './shape.js'
import type { Tensor } from './tensor.js'

/**
 * Numbers of the gamma distribution with scale 1: mean and variance are the shape parameter.
 *
 * @param alpha the shape parameter, above 0: a number, or a tensor that broadcasts to `shape`; where it is not, the result is NaN
 * @param options seed
 */
export function gamma(shape: Shape, alpha: TensorInput, options: { readonly seed?: Seed } = {}): Tensor {
  checkOptions('gamma', options, ['seed'])
  const parameters = ops.broadcastTo(toTensor('gamma', alpha, 'float32'), shape)
  return draw(options.seed, (key, step, stream) =>
    ops.randomGamma(key, step, parameters, { logarithm: false }, stream),
  )
}

/**
 * Numbers of the beta distribution, in [0, 1]: the share of a gamma variate of `alpha` in the sum of it and one of `beta`.
 *
 * @param alpha above 0: a number, or a tensor that broadcasts to `shape`
 * @param beta as `alpha`
 * @param options seed
 */
export function beta(
  shape: Shape,
  alpha: TensorInput,
  beta: TensorInput,
  options: { readonly seed?: Seed } = {},
): Tensor {
  checkOptions('beta', options, ['seed'])
  const [a, b] = [alpha, beta].map((value) => ops.broadcastTo(toTensor('beta', value, 'float32'), shape)) as [
    Tensor,
    Tensor,
  ]
  // x / (x + y) of the logarithms, which hold what is too small for float32 itself.
  return draw(
    options.seed,
    (key, step, first, second) => {
      const log = (parameters: Tensor, stream: number) =>
        ops.randomGamma(key, step, parameters, { logarithm: true }, stream)
      return ops.sigmoid(ops.subtract(log(a, first), log(b, second)))
    },
    2,
  )
}

/**
 * Class numbers drawn by unnormalized log-probabilities: int32 [batch, numSamples], by the Gumbel-max trick.
 *
 * @param logits [batch, classes]
 * @param numSamples how many numbers to draw for each row
 * @param options dtype (default 'int32'), seed
 */
export function categorical(
  logits: TensorInput,
  numSamples: number,
  options: { readonly dtype?: Dtype; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('categorical', options, ['dtype', 'seed'])
  checkInteger('categorical', 'numSamples', numSamples, 0)
  const scores = toTensor('categorical', logits)
  if (scores.rank !== 2 || scores.shape[1] === 0) {
    const expected = 'logits [batch, classes] of one class or more'
    fail('shape.mismatch', { op: 'categorical', expected, got: [scores.shape] })
  }
  const [batch, classes] = scores.shape as [number, number]
  const unit = draw(options.seed, (key, step, stream) =>
    ops.randomUniform(key, step, [batch, numSamples, classes], stream),
  )
  // Exponential numbers; 1 - unit is exact and above 0, and 0 would make its class certain.
  const exponential = ops.maximum(ops.negative(ops.log(ops.subtract(1, unit))), 2 ** -25)
  const drawn = ops.argmax(ops.subtract(ops.expandDims(scores, 1), ops.log(exponential)), { axis: -1 })
  const { dtype = 'int32' } = options
  return dtype === 'int32' ? drawn : ops.cast(drawn, dtype)
}

/**
 * The slices along an axis in random order.
 *
 * @param options axis (default 0), seed
 */
export function shuffle(
  x: TensorInput,
  options: { readonly axis?: number; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('shuffle', options, ['axis', 'seed'])
  const { axis = 0, ...source } = options
  const value = toTensor('shuffle', x)
  const along = normalizeAxis('shuffle', axis, value.rank)
  return ops.take(value, permutation(value.shape[along] as number, source), { axis: along })
}

/**
 * Each element is zero with probability `rate`, else multiplied by 1 / (1 - rate), so that the expected sum stays.
 *
 * @param rate from 0 to 1
 * @param options noiseShape: the shape of the random choices, which broadcasts to the inputs (default: theirs); seed
 */
export function dropout(
  inputs: TensorInput,
  rate: number,
  options: { readonly noiseShape?: Shape; readonly seed?: Seed } = {},
): Tensor {
  checkOptions('dropout', options, ['noiseShape', 'seed'])
  checkInterval('dropout', 'rate', rate, { minimum: 0, limit: 1 + Number.EPSILON })
  const value = toTensor('dropout', inputs)
  if (rate === 0) return value
  const { noiseShape = value.shape, ...source } = options
  const kept = ops.broadcastTo(bernoulli(noiseShape, 1 - rate, source), value.shape)
  return ops.where(kept, rate === 1 ? 0 : ops.multiply(value, 1 / (1 - rate)), 0)
}
