import { fail } from './errors.js'
import { formatConfig } from './format.js'
import { checkOptions, lookUp } from './options.js'

/** What a factory takes, as plain JSON: things within it are in serialized form too. */
export type Config = Readonly<Record<string, unknown>>

/**
 * A thing as JSON: the public name of the factory that makes an equal one, and what that takes. Things of one's own are `custom`: they stand
 * under the name of their class or function, and a function, which is not made by a factory, has no config.
 */
export interface Serialized {
  readonly className: string
  readonly config: Config | null
  readonly custom?: true
}

/** What a thing that a factory made remembers of it. */
export interface Described {
  readonly className: string
  readonly config: Config
}

/**
 * Gives a function that a factory made the factory's public name and what it was given, so that an equal one can be made again.
 *
 * @example
 * return describe((shape) => filled(shape, 1, executor().float64), 'ones', {})
 */
export function describe<F extends object>(f: F, className: string, config: object): F & Described {
  // As it was called: huber({ delta: 2 }).
  const printed = () => `${className}(${formatConfig(config)})`
  Object.defineProperty(f, Symbol.for('nodejs.util.inspect.custom'), { value: printed })
  return Object.assign(f, { className, config: { ...config } })
}

/** Whether a factory has left its name and what it was given on a value. */
export function isDescribed(value: unknown): value is Described {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return false
  return Object.hasOwn(value, 'className') && Object.hasOwn(value, 'config')
}

/** Whether a value is a thing in serialized form, not the thing itself. */
export function isSerialized(value: unknown): value is Serialized {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  const plain = prototype === Object.prototype || prototype === null
  return plain && Object.hasOwn(value, 'className') && Object.hasOwn(value, 'config')
}

/** Classes and functions of one's own, by name. */
export type CustomObjects = Readonly<Record<string, unknown>>

let scoped: CustomObjects = {}

/** Runs a function in which serialized forms may name these classes and functions. */
export function withCustomObjects<R>(objects: CustomObjects, body: () => R): R {
  const former = scoped
  scoped = { ...former, ...objects }
  try {
    return body()
  } finally {
    scoped = former
  }
}

/** A function that makes a thing from a configuration. */
type Factory<Thing> = (config: never) => Thing

/**
 * The thing that a name of a registry, or a serialized form, stands for. Only what the registry or `withCustomObjects` lists is ever made.
 *
 * @throws name.unknown, custom.missing, argument.type, argument.unknown; what the factory throws
 */
export function fromRegistry<Thing>(
  kind: string,
  given: unknown,
  registry: Readonly<Record<string, Factory<Thing>>>,
): Thing {
  if (!isSerialized(given)) return lookUp(kind, given, registry)(undefined as never)
  const { className, config, custom } = given
  checkOptions(`the serialized form of a ${kind}`, given, ['className', 'config', 'custom'])
  if (typeof config !== 'object' || Array.isArray(config)) {
    const expected = 'an object, or null for a function'
    fail('argument.type', { op: `${kind} '${className}'`, argument: 'config', expected, got: config })
  }
  if (custom) return makeCustom<Thing>(kind, className, config)
  return lookUp(kind, className, registry)((config ?? {}) as never)
}

/** The same JSON with each thing of one's own made, for what is read after `withCustomObjects` has ended. */
export function withCustomMade(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withCustomMade)
  if (typeof value !== 'object' || value === null) return value
  const made = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withCustomMade(part)]))
  return isSerialized(made) && made.custom
    ? makeCustom('loss, metric or optimizer', made.className, made.config)
    : made
}

function makeCustom<Thing>(kind: string, className: string, config: Config | null): Thing {
  const found = Object.hasOwn(scoped, className) ? scoped[className] : undefined
  if (typeof found !== 'function') return fail('custom.missing', { kind, name: className })
  if (config === null) return found as Thing
  const maker = found as { fromConfig?: (config: Config) => Thing } & (new (config: Config) => Thing)
  return maker.fromConfig ? maker.fromConfig(config) : new maker(config)
}
