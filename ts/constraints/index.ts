/** The constraints, as `lw.constraints`. */
export {
  type Constraint,
  type MaxNormConfig,
  type MinMaxNormConfig,
  maxNorm,
  minMaxNorm,
  type NormConfig,
  nonNeg,
  unitNorm,
} from './constraints.js'
export type { ConstraintIdentifier, ConstraintName } from './registry.js'
