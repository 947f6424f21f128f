import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { constant, type Initializer, identity, ones, zeros } from './initializer.js'
import { orthogonal } from './orthogonal.js'
import { randomNormal, randomUniform, truncatedNormal } from './random.js'
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  varianceScaling,
} from './variance-scaling.js'

const initializers = {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  identity,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  truncatedNormal,
  varianceScaling,
  zeros,
} as const

/** The initializers that layers know by name. */
export type InitializerName = keyof typeof initializers

/** What layers take for an initializer: a name, a function, or the serialized form. */
export type InitializerIdentifier = InitializerName | Initializer | Serialized

/** An initializer by its name, as the function that it is, or in serialized form. */
export function getInitializer(given: InitializerIdentifier): Initializer {
  refuseFactory('initializer', given, initializers)
  return typeof given === 'function' ? given : fromRegistry<Initializer>('initializer', given, initializers)
}
