import type { Tensor } from '../tensor.js'
import { equal, where } from './compare.js'
import { sqrt } from './unary.js'

/** The root of what is not negative, whose gradient is zero at zero, where the root has none. */
export function flatRoot(x: Tensor): Tensor {
  const zero = equal(x, 0)
  return where(zero, x, sqrt(where(zero, 1, x)))
}
