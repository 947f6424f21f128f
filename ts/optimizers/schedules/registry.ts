import { fromRegistry, type Serialized } from '../../described.js'
import { refuseFactory } from '../../options.js'
import { cosineDecay, cosineDecayRestarts } from './cosine.js'
import { exponentialDecay, inverseTimeDecay, piecewiseConstantDecay, polynomialDecay } from './decays.js'
import type { Schedule } from './schedule.js'

const schedules = {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
} as const

/** What optimizers take for a schedule: a function, or the serialized form. */
export type ScheduleIdentifier = Schedule | Serialized

/** A schedule as the function that it is, or in serialized form. */
export function getSchedule(given: ScheduleIdentifier): Schedule {
  refuseFactory('schedule', given, schedules)
  return typeof given === 'function' ? given : fromRegistry<Schedule>('schedule', given, schedules)
}
