/** The schedules of learning rates, as `lw.optimizers.schedules`. */
export {
  type CosineDecayConfig,
  type CosineDecayRestartsConfig,
  cosineDecay,
  cosineDecayRestarts,
} from './cosine.js'
export {
  type ExponentialDecayConfig,
  exponentialDecay,
  inverseTimeDecay,
  type PiecewiseConstantDecayConfig,
  type PolynomialDecayConfig,
  piecewiseConstantDecay,
  polynomialDecay,
} from './decays.js'
export type { ScheduleIdentifier } from './registry.js'
export type { Schedule } from './schedule.js'
