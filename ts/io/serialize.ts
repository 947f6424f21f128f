import * as activations from '../activations/index.js'
import { isDescribed, isSerialized, type Serialized } from '../described.js'
import { fail } from '../errors.js'

/** What has a configuration from which an equal thing can be made: layers, models, optimizers, schedules, metrics. */
interface Configurable {
  getConfig(): Record<string, unknown>
}

/**
 * A value as JSON: plain data as it is, things in serialized form. Functions of one's own are named, not stored: whoever loads the JSON
 * gives them again.
 *
 * @param where leads to the value, for messages
 * @throws io.function, io.value
 */
export function serialize(value: unknown, where = ''): unknown {
  return new Serializer().serialize(value, where)
}

class Serializer {
  /** The functions and classes of one's own by the names that stand for them. */
  readonly #custom = new Map<string, unknown>()

  serialize(value: unknown, where: string): unknown {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (Array.isArray(value)) return value.map((element, i) => this.serialize(element, `${where}[${i}]`))
    if (isDescribed(value)) {
      const { className, config } = value
      const already: boolean = isSerialized(value)
      if (!already) return this.#thing(className, config, where)
      return { ...value, config: config && this.#entries(config, where) }
    }
    if (typeof value === 'function') return this.#function(value, where)
    if (typeof value !== 'object') return fail('io.value', { where, got: value })
    if ('getConfig' in value && typeof value.getConfig === 'function') {
      return this.#configurable(value as Configurable, where)
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return fail('io.value', { where, got: value })
    return this.#entries(value, where)
  }

  #function(f: object, where: string): unknown {
    const builtIn = Object.entries(activations).find(([, activation]) => activation === f)
    if (builtIn) return builtIn[0]
    return { className: this.#nameOf(f, where), config: null, custom: true } satisfies Serialized
  }

  #configurable(thing: Configurable, where: string): Serialized {
    const kind = thing.constructor as { readonly className?: string } & object
    return Object.hasOwn(kind, 'className')
      ? this.#thing(kind.className as string, thing.getConfig(), where)
      : { ...this.#thing(this.#nameOf(kind, where), thing.getConfig(), where), custom: true }
  }

  #thing(className: string, config: object, where: string): Serialized {
    const name = 'name' in config ? ` '${config.name}'` : ''
    return { className, config: this.#entries(config, `${where && `${where} › `}${className}${name}`) }
  }

  #entries(object: object, where: string): Record<string, unknown> {
    const entries = Object.entries(object).filter(([, value]) => value !== undefined)
    return Object.fromEntries(
      entries.map(([key, value]) => [key, this.serialize(value, where ? `${where} › ${key}` : key)]),
    )
  }

  /** The name of a function or class of one's own, which must stand for that one alone. */
  #nameOf(custom: object, where: string): string {
    const name = 'name' in custom && typeof custom.name === 'string' ? custom.name : ''
    if (name === '') return fail('io.function', { where })
    const former = this.#custom.get(name)
    if (former !== undefined && former !== custom) fail('io.function', { where, name })
    this.#custom.set(name, custom)
    return name
  }
}
