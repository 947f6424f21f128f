import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { l1, l1l2, l2, orthogonalRegularizer, type Regularizer } from './regularizers.js'

const regularizers = { l1, l1l2, l2, orthogonalRegularizer } as const

/** The regularizers that layers know by name. */
export type RegularizerName = keyof typeof regularizers

/** What layers take for a regularizer: a name, a function, or the serialized form. */
export type RegularizerIdentifier = RegularizerName | Regularizer | Serialized

/** A regularizer by its name, as the function that it is, or in serialized form. */
export function getRegularizer(given: RegularizerIdentifier): Regularizer {
  refuseFactory('regularizer', given, regularizers)
  return typeof given === 'function' ? given : fromRegistry<Regularizer>('regularizer', given, regularizers)
}
