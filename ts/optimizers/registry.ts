import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { adadelta } from './adadelta.js'
import { adagrad } from './adagrad.js'
import { adam } from './adam.js'
import { adamax } from './adamax.js'
import { adamw } from './adamw.js'
import { ftrl } from './ftrl.js'
import { lamb } from './lamb.js'
import { lion } from './lion.js'
import { nadam } from './nadam.js'
import { Optimizer } from './optimizer.js'
import { rmsprop } from './rmsprop.js'
import { sgd } from './sgd.js'

const optimizers = { adadelta, adagrad, adam, adamax, adamw, ftrl, lamb, lion, nadam, rmsprop, sgd } as const

/** The optimizers that `compile` knows by name. */
export type OptimizerName = keyof typeof optimizers

/** What `compile` takes for an optimizer: a name, an object, or the serialized form. */
export type OptimizerIdentifier = OptimizerName | Optimizer | Serialized

/** An optimizer by its name, as the object that it is, or in serialized form. */
export function getOptimizer(given: OptimizerIdentifier): Optimizer {
  refuseFactory('optimizer', given, optimizers)
  return given instanceof Optimizer ? given : fromRegistry<Optimizer>('optimizer', given, optimizers)
}
