import { lookUp, refuseFactory } from '../options.js'
import { adam } from './adam.js'
import { Optimizer } from './optimizer.js'
import { sgd } from './sgd.js'

const optimizers = { adam, sgd } as const

/** The optimizers that `compile` knows by name. */
export type OptimizerName = keyof typeof optimizers

/** An optimizer by its name, or as the object that it is. */
export function getOptimizer(given: OptimizerName | Optimizer): Optimizer {
  refuseFactory('optimizer', given, optimizers)
  return given instanceof Optimizer ? given : lookUp('optimizer', given, optimizers)()
}
