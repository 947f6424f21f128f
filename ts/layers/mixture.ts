import { fail } from '../errors.js'
import { add, cast, multiply, reshape, subtract, take } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/** What each sample of a batch is mixed with. */
export interface Mixture {
  /** The share that is of the sample itself: float32 [batch]. */
  readonly mixWeight: Tensor
  /** The sample that the rest is of: int32 [batch]. */
  readonly permutationOrder: Tensor
}

/** The samples [batch, …] mixed, as float32. */
export function mixSamples(samples: Tensor, { mixWeight, permutationOrder }: Mixture): Tensor {
  const x = cast(samples, 'float32')
  const share = reshape(
    mixWeight,
    x.shape.map((extent, axis) => (axis === 0 ? extent : 1)),
  )
  return add(multiply(share, x), multiply(subtract(1, share), take(x, permutationOrder)))
}

/** The same for labels, of which class numbers cannot be mixed. */
export function mixLabels(layer: string, labels: Tensor, mixture: Mixture): Tensor {
  if (labels.rank === 2) return mixSamples(labels, mixture)
  const expected = 'labels [batch, classes], as lw.ops.oneHot makes them of class numbers'
  return fail('layer.input', { layer, expected, got: labels.shape })
}
