import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { SymbolicTensor } from '../graph/trace.js'
import { storageOf, type Tensor } from '../tensor.js'

/** The elements of a tensor, which an op needs in order to know the shape of its result; `instead` is what to do in a traced function. */
export function known(op: string, x: Tensor, instead: string): Storage {
  if (x instanceof SymbolicTensor) fail('trace.shape', { op, instead })
  return storageOf(x)
}

/** The largest of some indices, or -1 where there is none. */
export function largest(indices: Storage): number {
  let most = -1
  for (const index of indices) most = Math.max(most, index)
  return most
}
