import { customGradient } from '../graph/custom-gradient.js'
import {
  add,
  broadcastTo,
  cast,
  divide,
  expandDims,
  mean,
  multiply,
  rsqrt,
  square,
  subtract,
  sum,
  sumSquaredDeviations,
  where,
} from '../ops/index.js'
import { countAlong } from '../ops/reduction.js'
import type { Tensor } from '../tensor.js'

/** Mean and variance of each feature, of the input's rank. */
export interface Moments {
  readonly mean: Tensor
  readonly variance: Tensor
}

/** What is done after normalizing, of the moments' shape. */
export interface Affine {
  readonly gamma?: Tensor
  readonly beta?: Tensor
}

/** Mean and variance over some axes. */
export function moments(x: Tensor, axis: readonly number[]): Moments {
  const options = { axis, keepdims: true }
  const count = countAlong(x.shape, axis)
  return { mean: mean(x, options), variance: divide(sumSquaredDeviations(x, options), count) }
}

/** Mean and variance over some axes of the steps that a mask marks as true, bool [batch, …] of one axis less than x. */
export function maskedMoments(x: Tensor, mask: Tensor, axis: readonly number[]): Moments {
  const options = { axis, keepdims: true }
  const counts = broadcastTo(expandDims(mask, -1), x.shape)
  const count = add(sum(cast(counts, 'float32'), options), 1e-7)
  const average = divide(sum(where(counts, x, 0), options), count)
  const squares = square(where(counts, subtract(x, average), 0))
  return { mean: average, variance: divide(sum(squares, options), count) }
}

/** (x - mean) / √(variance + epsilon) · gamma + beta. */
export function normalizeBy({ mean, variance }: Moments, x: Tensor, affine: Affine, epsilon: number): Tensor {
  const { gamma, beta } = affine
  const inverse = rsqrt(add(variance, epsilon))
  const normal = multiply(subtract(x, mean), gamma ? multiply(inverse, gamma) : inverse)
  return beta ? add(normal, beta) : normal
}

/**
 * The same by the moments of x itself over some axes. The gradient goes through the moments too; written out, it needs two sums in place of the
 * four that the ops' own gradients make.
 */
export function normalizeByBatch(
  batch: Moments,
  x: Tensor,
  affine: Affine,
  epsilon: number,
  axis: readonly number[],
): Tensor {
  const { gamma, beta } = affine
  const options = { axis, keepdims: true }
  const count = countAlong(x.shape, axis)
  const inverse = rsqrt(add(batch.variance, epsilon))
  const scale = gamma ? multiply(inverse, gamma) : inverse
  const centered = subtract(x, batch.mean)
  const inputs = [x, ...(gamma ? [gamma] : []), ...(beta ? [beta] : [])]
  return customGradient((...given: Tensor[]) => {
    const gradient = (upstream: Tensor): Tensor[] => {
      const toBeta = sum(upstream, options)
      const toGamma = multiply(sum(multiply(upstream, centered), options), inverse)
      const slope = divide(multiply(toGamma, inverse), count)
      const toNormal = subtract(subtract(upstream, divide(toBeta, count)), multiply(centered, slope))
      return [multiply(toNormal, scale), ...(gamma ? [toGamma] : []), ...(beta ? [toBeta] : [])]
    }
    return [normalizeBy(batch, given[0] as Tensor, affine, epsilon), gradient]
  })(...inputs)
}
