import { fail } from '../errors.js'
import { type TensorInput, toTensor } from '../ops/apply.js'
import { cast, divide, divideNoNan, multiply, reshape, sum } from '../ops/index.js'
import { failName } from '../options.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { alignRanks } from './ranks.js'

const reductions = ['sumOverBatchSize', 'sum', 'mean', 'meanWithSampleWeight', 'none'] as const

/**
 * What becomes of the weighted values of a batch: 'sumOverBatchSize' and 'mean' divide their sum by their number, 'meanWithSampleWeight' by the
 * sum of the weights, 'none' keeps them.
 */
export type Reduction = (typeof reductions)[number]

/** What the values of a loss are multiplied by, each of their shape or of its first axes: [batch] weights samples. */
export interface LossWeights {
  readonly sampleWeight?: TensorInput | undefined
  /** bool: false leaves a value out, also of what a mean divides by. */
  readonly mask?: TensorInput | undefined
}

/** Raises unless `reduction` is one. */
export function checkReduction(op: string, reduction: unknown): void {
  if (!reductions.includes(reduction as Reduction)) failName(`reduction of ${op}`, reduction, reductions)
}

/** Values weighted, masked and reduced, by Keras's formulas. `valid` is a second mask, the loss's own. */
export function reduceWeighted(
  op: string,
  values: Tensor,
  { sampleWeight, mask, valid }: LossWeights & { readonly valid?: Tensor | undefined },
  reduction: Reduction,
): Tensor {
  const masks = [mask, valid].flatMap((given) =>
    given === undefined ? [] : cast(cast(toTensor(op, given), 'bool'), 'float32'),
  )
  const mean = reduction === 'mean' || reduction === 'sumOverBatchSize'
  const counted = product(op, masks)
  // Where masked values leave the mean, the others count for them.
  const share = counted && mean ? multiply(counted, divideNoNan(counted.size, sum(counted))) : counted
  const given = sampleWeight === undefined ? [] : [cast(toTensor(op, sampleWeight), 'float32')]
  const weights = product(op, share ? [...given, share] : given)
  const weighted = weights ? product(op, [values, weights]) : values
  if (!weighted || reduction === 'none' || weighted.rank === 0) return weighted ?? values
  const total = sum(weighted)
  if (reduction === 'sum') return total
  if (reduction === 'meanWithSampleWeight' && weights) return divideNoNan(total, sum(weights))
  return divide(total, weighted.size)
}

/** The weights and masks of a loss or a metric, multiplied, as float32; undefined where there are none. */
export function combinedWeights(op: string, { sampleWeight, mask }: LossWeights): Tensor | undefined {
  const given = [sampleWeight, mask].flatMap((weights, i) => {
    if (weights === undefined) return []
    const tensor = toTensor(op, weights)
    return cast(i === 1 ? cast(tensor, 'bool') : tensor, 'float32')
  })
  return product(op, given)
}

/** The product of tensors, each of the first one's shape or the other way round, or of its first axes. */
function product(op: string, [first, ...others]: readonly Tensor[]): Tensor | undefined {
  if (!first) return undefined
  return others.reduce((a, b) => {
    const [x, y] = alignRanks(a, b)
    return x.rank < y.rank ? multiply(spread(op, x, y), y) : multiply(x, spread(op, y, x))
  }, first)
}

/** A tensor of the first axes of another's shape, with axes of extent 1 in the place of those that it lacks. */
export function spread(op: string, tensor: Tensor, { shape }: Tensor): Tensor {
  if (tensor.rank === 0) return tensor
  if (!sameShape(tensor.shape, shape.slice(0, tensor.rank))) {
    const expected = 'weights and masks of the shape of the values of the loss, or of its first axes'
    fail('shape.mismatch', { op, expected, got: [tensor.shape, shape] })
  }
  return reshape(tensor, [...tensor.shape, ...shape.slice(tensor.rank).map(() => 1)])
}
