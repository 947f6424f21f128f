import type { Described } from '../described.js'
import { fail } from '../errors.js'
import {
  add,
  equal,
  greater,
  logicalAnd,
  logsumexp,
  matmul,
  maximum,
  multiply,
  reshape,
  softplus,
  subtract,
  transpose,
  where,
} from '../ops/index.js'
import { checkBoolean, checkInterval, checkOptions } from '../options.js'
import { type Tensor, tensor } from '../tensor.js'
import { defineLoss, type LossConfig, type LossFunction } from './loss.js'

export interface CircleConfig extends LossConfig {
  /** The scale of similarities (default 80). */
  readonly gamma?: number
  /** How far from their optimum similarities still count (default 0.4). */
  readonly margin?: number
  /** Whether a sample is not compared with itself (default true). */
  readonly removeDiagonal?: boolean
}

/**
 * Sun et al.'s circle loss (2020) of embeddings [batch, features] of length 1: it draws samples of one class together and others apart. Targets
 * are class numbers [batch].
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 */
export function circle(config: CircleConfig = {}): LossFunction & Described {
  checkOptions('circle', config, ['gamma', 'margin', 'removeDiagonal', 'reduction'])
  const { gamma = 80, margin = 0.4, removeDiagonal = true } = config
  checkInterval('circle', 'gamma', gamma, { minimum: 0 })
  checkInterval('circle', 'margin', margin, { minimum: 0, limit: 1 + Number.EPSILON })
  checkBoolean('circle', 'removeDiagonal', removeDiagonal)
  const values = (yTrue: Tensor, yPred: Tensor): Tensor => {
    const [batch] = yPred.shape
    if (yPred.rank !== 2 || batch === undefined || yTrue.size !== batch) {
      const expected = 'class numbers [batch] and embeddings [batch, features]'
      fail('shape.mismatch', { op: 'circle', expected, got: [yTrue.shape, yPred.shape] })
    }
    const distances = maximum(subtract(1, matmul(yPred, transpose(yPred))), 0)
    const same = equal(reshape(yTrue, [batch, 1]), reshape(yTrue, [1, batch]))
    const rows = tensor(Int32Array.from({ length: batch }, (_, i) => i))
    const others = equal(equal(reshape(rows, [batch, 1]), rows), false)
    const positive = removeDiagonal ? logicalAnd(same, others) : same
    const pull = multiply(add(distances, margin), subtract(distances, margin))
    const push = multiply(maximum(subtract(1 + margin, distances), 0), subtract(1 - margin, distances))
    // Far below all others, where -∞ would make the gradient of a sample without any NaN.
    const total = (terms: Tensor, which: Tensor) =>
      logsumexp(where(which, multiply(terms, gamma), -1e30), { axis: 1 })
    return softplus(add(total(pull, positive), total(push, equal(same, false))))
  }
  return defineLoss('circle', {
    config,
    values,
    valid: (yTrue, yPred) => greater(values(yTrue, yPred), 0),
  })
}
