import { alignRanks } from '../losses/ranks.js'
import { combinedWeights, type LossWeights, spread } from '../losses/reduction.js'
import { broadcastTo, mean, multiply, reshape, sum } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/** The sum of the samples' values and what a mean divides it by, by Keras's formulas: a sample's value is the mean over its positions. */
export function weightedSum(
  op: string,
  values: Tensor,
  weights: LossWeights,
): { total: Tensor; count: Tensor | number } {
  const combined = combinedWeights(op, weights)
  if (!combined) return { total: sum(values), count: values.size }
  const [aligned, weight] = alignRanks(values, combined)
  // Values that are finer than the weights are averaged down to them.
  const inner = Array.from({ length: Math.max(0, aligned.rank - weight.rank) }, (_, i) => weight.rank + i)
  const coarse = inner.length > 0 ? mean(aligned, { axis: inner }) : aligned
  const spread = broadcastTo(weight, coarse.shape)
  const bySample = (x: Tensor) => (x.rank > 1 ? mean(reshape(x, [x.shape[0] as number, -1]), { axis: 1 }) : x)
  return { total: sum(bySample(multiply(coarse, spread))), count: sum(bySample(spread)) }
}

/** Weights and masks for each element of `like`: those of a sample count for all of its outputs. Undefined where there are none. */
export function elementWeights(op: string, weights: LossWeights, like: Tensor): Tensor | undefined {
  const combined = combinedWeights(op, weights)
  if (!combined) return undefined
  const column = combined.rank === like.rank && combined.shape.at(-1) === 1
  const weight = column ? reshape(combined, combined.shape.slice(0, -1)) : combined
  return broadcastTo(spread(op, weight, like), like.shape)
}
