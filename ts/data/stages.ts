import { fail } from '../errors.js'
import { multiplyHigh } from '../philox.js'
import { collate } from './collate.js'

// What a pass over a dataset is made of. Each stage pulls from the one before it as it is pulled itself, holds no more elements than it says, and
// closes the one before it when it ends early.

/** The function of each element; `parallel` calls are under way at a time, and their results keep the order of the elements. */
export async function* mapped<From, To>(
  source: AsyncIterable<From>,
  map: (element: From, index: number) => To | Promise<To>,
  parallel: number,
): AsyncGenerator<To> {
  const pending: Promise<To>[] = []
  let index = 0
  const begin = async (element: From) => map(element, index++)
  try {
    for await (const element of source) {
      const result = begin(element)
      // It is awaited later, and may have failed by then.
      result.catch(() => {})
      pending.push(result)
      if (pending.length >= parallel) yield await (pending.shift() as Promise<To>)
    }
    while (pending.length > 0) yield await (pending.shift() as Promise<To>)
  } finally {
    await Promise.allSettled(pending)
  }
}

/** A function whose errors name the element. */
export function namingElements<From, To>(
  op: string,
  map: (element: From, index: number) => To | Promise<To>,
): (element: From, index: number) => Promise<To> {
  return async (element, index) => {
    try {
      return await map(element, index)
    } catch (cause) {
      return fail('data.map', { op, index, cause })
    }
  }
}

export async function* filtered<Element>(
  source: AsyncIterable<Element>,
  keeps: (element: Element, index: number) => Promise<boolean>,
): AsyncGenerator<Element> {
  let index = 0
  for await (const element of source) if (await keeps(element, index++)) yield element
}

/** Tensors of `size` elements each; of the elements that remain at the end too, unless they are dropped. */
export async function* batched(
  source: AsyncIterable<unknown>,
  size: number,
  dropRemainder: boolean,
): AsyncGenerator<unknown> {
  let elements: unknown[] = []
  let first = 0
  for await (const element of source) {
    elements.push(element)
    if (elements.length < size) continue
    const batch = collate(elements, first)
    first += size
    elements = []
    yield batch
  }
  if (elements.length > 0 && !dropRemainder) yield collate(elements, first)
}

/** Elements in random order: each is drawn from a buffer, where the next of the source takes its place. */
export async function* shuffled<Element>(
  source: AsyncIterable<Element>,
  size: number,
  words: (i: number) => number,
): AsyncGenerator<Element> {
  const buffer: Element[] = []
  let drawn = 0
  const place = () => multiplyHigh(words(drawn++), buffer.length)
  for await (const element of source) {
    if (buffer.length < size) {
      buffer.push(element)
      continue
    }
    const at = place()
    const chosen = buffer[at] as Element
    buffer[at] = element
    yield chosen
  }
  while (buffer.length > 0) {
    const at = place()
    const chosen = buffer[at] as Element
    const last = buffer.pop() as Element
    if (at < buffer.length) buffer[at] = last
    yield chosen
  }
}

/** Asks for `size` elements ahead of the one that is in use. */
export async function* prefetched<Element>(
  source: AsyncIterable<Element>,
  size: number,
): AsyncGenerator<Element> {
  const iterator = source[Symbol.asyncIterator]()
  const asked: Promise<IteratorResult<Element>>[] = []
  let closed = false
  let last: Promise<unknown> | undefined
  // One after the other, so that what was not begun when this ends never begins.
  const ask = () => {
    if (closed || last || asked.length >= size) return
    const next = iterator.next()
    asked.push(next)
    const settled = (ends?: boolean) => {
      closed ||= ends === true
      last = undefined
      ask()
    }
    last = next.then(
      ({ done }) => settled(done),
      () => settled(true),
    )
  }
  try {
    for (;;) {
      ask()
      const { done, value } = await (asked.shift() as Promise<IteratorResult<Element>>)
      if (done) return
      yield value
    }
  } finally {
    closed = true
    await last
    await iterator.return?.()
  }
}

export async function* taken<Element>(
  source: AsyncIterable<Element>,
  count: number,
): AsyncGenerator<Element> {
  if (count === 0) return
  let given = 0
  for await (const element of source) {
    yield element
    if (++given === count) return
  }
}

export async function* skipped<Element>(
  source: AsyncIterable<Element>,
  count: number,
): AsyncGenerator<Element> {
  let left = count
  for await (const element of source) if (left-- <= 0) yield element
}

/** Pass after pass, until one gives nothing. */
export async function* repeated<Element>(
  source: AsyncIterable<Element>,
  count: number,
): AsyncGenerator<Element> {
  for (let pass = 0; pass < count; pass++) {
    let empty = true
    for await (const element of source) {
      empty = false
      yield element
    }
    if (empty) return
  }
}

/** Elements that are kept from the first whole pass on. */
export class Kept<Element> {
  #elements: readonly Element[] | undefined

  constructor(private readonly source: AsyncIterable<Element>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Element> {
    if (this.#elements) {
      yield* this.#elements
      return
    }
    const elements: Element[] = []
    for await (const element of this.source) {
      elements.push(element)
      yield element
    }
    this.#elements = elements
  }
}
