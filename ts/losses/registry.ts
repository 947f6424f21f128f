import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import type { Loss } from './loss.js'
import { meanSquaredError } from './mean-squared-error.js'
import { sparseCategoricalCrossentropy } from './sparse-categorical-crossentropy.js'

const losses = { meanSquaredError, sparseCategoricalCrossentropy } as const

/** The losses that `compile` knows by name. */
export type LossName = keyof typeof losses

/** A loss by its name, as the function that it is, or in serialized form. */
export function getLoss(given: LossName | Loss | Serialized): Loss {
  refuseFactory('loss', given, losses)
  return typeof given === 'function' ? given : fromRegistry<Loss>('loss', given, losses)
}
