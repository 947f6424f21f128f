import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { adam } from './adam.js'
import { Optimizer } from './optimizer.js'
import { sgd } from './sgd.js'

const optimizers = { adam, sgd } as const

/** The optimizers that `compile` knows by name. */
export type OptimizerName = keyof typeof optimizers

/** An optimizer by its name, as the object that it is, or in serialized form. */
export function getOptimizer(given: OptimizerName | Optimizer | Serialized): Optimizer {
  refuseFactory('optimizer', given, optimizers)
  return given instanceof Optimizer ? given : fromRegistry<Optimizer>('optimizer', given, optimizers)
}
