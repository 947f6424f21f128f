import type { Tensor } from '../tensor.js'
import { subtract } from './binary.js'
import { negative } from './unary.js'

/** Numbers in ascending order, NaN after all of them. */
export function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** Numbers whose order is the other way round. The least integer has no negative, but -1 - x is there for all of them. */
export function turned(x: Tensor): Tensor {
  return x.dtype === 'int32' ? subtract(-1, x) : negative(x)
}
