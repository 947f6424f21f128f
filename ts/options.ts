import { fail, nearestName } from './errors.js'

/**
 * Raises unless `options` is an object that holds known keys alone: a misspelt option is an error, not a silent default.
 *
 * @throws argument.type, argument.unknown
 */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail('argument.type', {
      op,
      argument: 'the configuration',
      expected: 'an object of options',
      got: options,
    })
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const nearest = nearestName(key, known)
    fail('argument.unknown', { op, argument: key, known, ...(nearest && { nearest }) })
  }
}

/** Raises unless `value` is an integer of at least `minimum`. */
export function checkInteger(op: string, argument: string, value: unknown, minimum: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    const expected = minimum === 1 ? 'a positive integer' : `an integer of at least ${minimum}`
    fail('argument.range', { op, argument, expected, got: value })
  }
}

/** Raises unless `value` is what an axis may have of elements: a positive integer below 2^31. */
export function checkExtent(op: string, argument: string, value: unknown): void {
  checkInteger(op, argument, value, 1)
  if ((value as number) < 2 ** 31) return
  fail('argument.range', { op, argument, expected: 'a positive integer below 2^31', got: value })
}

/** Raises unless `value` is a number from `minimum` on and below `limit`. */
export function checkInterval(
  op: string,
  argument: string,
  value: unknown,
  { minimum, limit = Infinity }: { minimum: number; limit?: number },
): void {
  if (typeof value !== 'number' || !(value >= minimum && value < limit)) {
    const expected =
      limit === Infinity
        ? `a finite number${minimum === -Infinity ? '' : ` of at least ${minimum}`}`
        : `a number of at least ${minimum} and below ${limit}`
    fail('argument.range', { op, argument, expected, got: value })
  }
}

/** Raises unless `value` is a finite number above 0, and below `limit`. */
export function checkPositive(op: string, argument: string, value: unknown, limit = Infinity): void {
  if (typeof value !== 'number' || !(value > 0 && value < limit)) {
    const expected = limit === Infinity ? 'a positive finite number' : `a number above 0 and below ${limit}`
    fail('argument.range', { op, argument, expected, got: value })
  }
}

/** Raises unless `value` is one of some names. */
export function checkChoice(op: string, argument: string, value: unknown, names: readonly string[]): void {
  if (names.includes(value as string)) return
  const expected = names.map((name) => `'${name}'`).join(' or ')
  fail('argument.type', { op, argument, expected, got: value })
}

/** Raises unless `value` is true, false or left out. */
export function checkBoolean(op: string, argument: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    fail('argument.type', { op, argument, expected: 'true or false', got: value })
  }
}

/** Raises unless `value` is a text that names what is to be read. */
export function checkPath(op: string, value: unknown, kind: 'file' | 'folder'): void {
  if (typeof value === 'string') return
  fail('argument.type', { op, argument: 'the first argument', expected: `the path of a ${kind}`, got: value })
}

/** Raises unless `value` is an AbortSignal or left out. */
export function checkSignal(op: string, value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal)) {
    fail('argument.type', { op, argument: 'signal', expected: 'an AbortSignal', got: value })
  }
}

/** Raises unless `value` is one of the levels of `verbose`. */
export function checkVerbose(op: string, value: unknown, levels: readonly number[]): void {
  if (!levels.includes(value as number)) {
    const expected = `${levels.slice(0, -1).join(', ')} or ${levels.at(-1)}`
    fail('argument.range', { op, argument: 'verbose', expected, got: value })
  }
}

/**
 * The entry of a table by its name.
 *
 * @throws name.unknown, with the nearest known name
 */
export function lookUp<Value>(kind: string, name: unknown, table: Readonly<Record<string, Value>>): Value {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return table[name] as Value
  return failName(kind, name, Object.keys(table))
}

/** Raises where a caller gives a factory of a table in the place of what it makes. */
export function refuseFactory(kind: string, given: unknown, table: Readonly<Record<string, unknown>>): void {
  const name = Object.keys(table).find((key) => table[key] === given)
  if (name === undefined) return
  const expected = `called, because ${name}() is what makes one, or given by name`
  fail('argument.type', { op: kind, argument: name, expected, got: given })
}

/** Raises name.unknown, with the nearest known name. */
export function failName(kind: string, name: unknown, known: readonly string[]): never {
  const nearest = typeof name === 'string' ? nearestName(name, known) : undefined
  return fail('name.unknown', { kind, name, known, ...(nearest && { nearest }) })
}
