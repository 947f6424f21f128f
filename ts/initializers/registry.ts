import { lookUp, refuseFactory } from '../options.js'
import { glorotUniform, heNormal, type Initializer, ones, zeros } from './initializers.js'

const initializers = { glorotUniform, heNormal, ones, zeros } as const

/** The initializers that layers know by name. */
export type InitializerName = keyof typeof initializers

/** An initializer by its name, or as the function that it is. */
export function getInitializer(given: InitializerName | Initializer): Initializer {
  refuseFactory('initializer', given, initializers)
  return typeof given === 'function' ? given : lookUp('initializer', given, initializers)()
}
