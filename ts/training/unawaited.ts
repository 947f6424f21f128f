import { fail } from '../errors.js'

/**
 * A promise that tells a caller who forgot to await it: reading what only the result has, printing it, iterating over it and calculating with
 * it say what to do.
 *
 * @param method whose promise it is
 * @param properties what the result has and promises lack
 */
export function untilAwaited<Result>(
  method: string,
  promise: Promise<Result>,
  properties: readonly string[],
): Promise<Result> {
  const refuse = (property?: string) => () =>
    fail('promise.unawaited', { method, ...(property && { property }) })
  for (const property of properties) Object.defineProperty(promise, property, { get: refuse(property) })
  for (const symbol of [Symbol.toPrimitive, Symbol.iterator])
    Object.defineProperty(promise, symbol, { value: refuse() })
  Object.defineProperty(promise, Symbol.for('nodejs.util.inspect.custom'), {
    value: () => `Promise of ${method}: write await before it to get its result`,
  })
  return promise
}

/** What a tensor has and a promise lacks; its first elements too, as arrays would have them. */
export const tensorProperties = [
  'shape',
  'dtype',
  'size',
  'rank',
  'data',
  'dataSync',
  'array',
  'arraySync',
  'item',
  '0',
]

/** What the history of a training has. */
export const historyProperties = ['history', 'epoch', 'params']
