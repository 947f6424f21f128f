import { absolute, add, exp, log, maximum, negative } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/** log(1 + exp(x)), without overflow. */
export function softplus(x: Tensor): Tensor {
  return add(maximum(x, 0), log(add(exp(negative(absolute(x))), 1)))
}
