import { describe } from '../described.js'
import { fail } from '../errors.js'
import { cast, mean, square, subtract } from '../ops/index.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { Loss } from './loss.js'

/** The mean of (target - output)², over samples and everything in them. Targets have the output's shape. */
export function meanSquaredError(): Loss {
  const squaredError = (yTrue: Tensor, yPred: Tensor): Tensor => {
    if (!sameShape(yTrue.shape, yPred.shape)) {
      fail('shape.mismatch', {
        op: 'meanSquaredError',
        expected: 'targets of the shape of the output',
        got: [yTrue.shape, yPred.shape],
      })
    }
    return mean(square(subtract(cast(yTrue, 'float32'), yPred)))
  }
  return describe(Object.assign(squaredError, { targets: 'values' as const }), 'meanSquaredError', {})
}
