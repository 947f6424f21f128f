import { isShaped, isWhole } from '../data/arrays.js'
import { fail, nearestName } from '../errors.js'

/** Whether a value is an object of things by name, not one of the forms that data has. */
export function isByName(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || isShaped(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && !(Symbol.iterator in value)
}

/**
 * What was given for several inputs or outputs, in the order of their names: an array of as many, or an object by name. For a single one it
 * may stand alone.
 *
 * @param partial whether some may be left out; they are undefined then
 * @throws data.structure
 */
export function arrange<Value>(
  op: string,
  argument: string,
  given: unknown,
  names: readonly string[],
  { partial = false } = {},
): (Value | undefined)[] {
  const refuse = (name?: string): never => {
    const nearest = name === undefined ? undefined : nearestName(name, names)
    return fail('data.structure', { op, argument, names, got: given, ...(nearest && { nearest }) })
  }
  if (isByName(given)) {
    for (const name of Object.keys(given)) if (!names.includes(name)) refuse(name)
    if (!partial && names.some((name) => given[name] === undefined)) refuse()
    return names.map((name) => given[name] as Value | undefined)
  }
  if (names.length === 1) {
    const alone = Array.isArray(given) && given.length === 1 && isWhole(given[0])
    return [(alone ? given[0] : given) as Value]
  }
  return Array.isArray(given) && given.length === names.length ? given : refuse()
}
