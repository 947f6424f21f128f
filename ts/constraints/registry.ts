import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { type Constraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from './constraints.js'

const constraints = { maxNorm, minMaxNorm, nonNeg, unitNorm } as const

/** The constraints that layers know by name. */
export type ConstraintName = keyof typeof constraints

/** What layers take for a constraint: a name, a function, or the serialized form. */
export type ConstraintIdentifier = ConstraintName | Constraint | Serialized

/** A constraint by its name, as the function that it is, or in serialized form. */
export function getConstraint(given: ConstraintIdentifier): Constraint {
  refuseFactory('constraint', given, constraints)
  return typeof given === 'function' ? given : fromRegistry<Constraint>('constraint', given, constraints)
}
