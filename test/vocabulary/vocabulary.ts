import * as lw from '../../ts/index.js'
import { readFixture } from '../golden/fixtures.js'
import { camelCase } from './names.js'

/** What Keras calls one thing: several names where it has aliases. */
interface Module {
  readonly module: string
  readonly names: readonly (readonly string[])[]
}

export interface Coverage {
  readonly module: string
  readonly have: readonly string[]
  readonly missing: readonly string[]
}

/** Keras's machinery of names and files: factories take names and serialized forms themselves, and `lw.modelFromJSON` makes models. */
const machinery = ['deserialize', 'get', 'serialize']

/** The names of a namespace of layerwise; none if it does not exist. */
export function namesOf(module: string): ReadonlySet<string> {
  let namespace: unknown = lw
  for (const part of module.split('.')) namespace = (namespace as Record<string, unknown> | undefined)?.[part]
  return new Set(Object.keys(namespace ?? {}))
}

/**
 * What of each module of Keras layerwise has. Aliases of one thing count once, as do a class and a function of one name (MeanSquaredError and
 * mean_squared_error); classes to subclass keep their names.
 */
export function coverage(): readonly Coverage[] {
  return readFixture<Module>('vocabulary.json').map(({ module, names }) => {
    const ours = namesOf(module)
    const things = new Map<string, boolean>()
    for (const aliases of names) {
      if (aliases.some((name) => machinery.includes(name))) continue
      const found = aliases.find((name) => ours.has(camelCase(name)) || ours.has(name))
      const spelled = camelCase(found ?? (aliases[0] as string))
      things.set(spelled, things.get(spelled) || found !== undefined)
    }
    const listed = (there: boolean) => [...things].filter(([, have]) => have === there).map(([name]) => name)
    return { module, have: listed(true), missing: listed(false) }
  })
}
