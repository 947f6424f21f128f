import { fail } from '../errors.js'
import { checkBoolean, checkInteger, checkOptions } from '../options.js'
import { checkSeed, randomWords } from '../random.js'
import type { Batches } from './arrays.js'
import type { Batched } from './collate.js'
import {
  batched,
  filtered,
  Kept,
  mapped,
  namingElements,
  prefetched,
  repeated,
  shuffled,
  skipped,
  taken,
} from './stages.js'

export interface MapOptions {
  readonly numParallelCalls?: number
}

export interface BatchElementsOptions {
  readonly dropRemainder?: boolean
}

export interface ShuffleOptions {
  readonly seed?: number
  readonly reshuffleEachIteration?: boolean
}

/**
 * A stream of elements that can be passed through again and again, as tf.data has it: each method gives a dataset with one more stage, and nothing is
 * read before somebody iterates. Elements are of any kind, often [x, y]; `batch` makes tensors of them that `fit`, `evaluate` and `predict`
 * take. A pass holds only the elements that are under way, and ends its source when it is left early.
 *
 * @example
 * const dataset = lw.data
 *   .fromTensorSlices([x, y])
 *   .shuffle(1000, { seed: 1 })
 *   .map(([image, label]) => [lw.ops.divide(lw.ops.cast(image, 'float32'), 255), label])
 *   .batch(32)
 *   .prefetch(2)
 * await model.fit(dataset, { epochs: 5 })
 * for await (const [images, labels] of dataset) console.log(images.shape, labels.shape)
 */
export class Dataset<Element> implements AsyncIterable<Element> {
  readonly #begin: () => AsyncIterator<Element>

  /** Made by `lw.data.fromTensorSlices`, `lw.data.fromGenerator` and other sources. */
  constructor(
    begin: () => AsyncIterator<Element>,
    /** How many elements a pass gives: Infinity for an endless one, null where it is not known. */
    readonly cardinality: number | null,
  ) {
    this.#begin = begin
  }

  /** Begins a pass. */
  [Symbol.asyncIterator](): AsyncIterator<Element> {
    return this.#begin()
  }

  /**
   * The function of each element, which may be asynchronous.
   *
   * @param f takes an element and its number in the pass
   * @param options numParallelCalls: how many calls of an asynchronous function may be under way at a time (default 1); the order of elements stays
   * @throws data.map, during a pass, with the number of the element whose call failed
   */
  map<const To>(
    f: (element: Element, index: number) => To | Promise<To>,
    options: MapOptions = {},
  ): Dataset<To> {
    checkFunction('map', f)
    checkOptions('map', options, ['numParallelCalls'])
    const { numParallelCalls = 1 } = options
    checkInteger('map', 'numParallelCalls', numParallelCalls, 1)
    return new Dataset(() => mapped(this, namingElements('map', f), numParallelCalls), this.cardinality)
  }

  /**
   * The elements for which a function, which may be asynchronous, gives true.
   *
   * @throws data.map, during a pass
   */
  filter(predicate: (element: Element, index: number) => boolean | Promise<boolean>): Dataset<Element> {
    checkFunction('filter', predicate)
    return new Dataset(() => filtered(this, namingElements('filter', predicate)), null)
  }

  /**
   * Each `batchSize` elements as one, in the structure of the elements: tensors, typed arrays, numbers and booleans become tensors with one more axis.
   * The last batch may be smaller.
   *
   * @param options dropRemainder: whether a smaller batch at the end is left out (default false)
   * @throws data.alike, data.leaf, during a pass
   */
  batch(batchSize: number, options: BatchElementsOptions = {}): Dataset<Batched<Element>> {
    checkInteger('batch', 'batchSize', batchSize, 1)
    checkOptions('batch', options, ['dropRemainder'])
    const { dropRemainder = false } = options
    checkBoolean('batch', 'dropRemainder', dropRemainder)
    const begin = () => batched(this, batchSize, dropRemainder) as AsyncIterator<Batched<Element>>
    const round = dropRemainder ? Math.floor : Math.ceil
    return new Dataset(begin, this.cardinality === null ? null : round(this.cardinality / batchSize))
  }

  /**
   * The elements in random order, in each pass another one. Each is drawn from the next `bufferSize` elements, which are held in memory: where that are
   * all elements, all orders are equally likely.
   *
   * @param options seed makes the orders repeatable (default: drawn from what `lw.seed` started); reshuffleEachIteration: whether each pass has an order of
   * its own (default true)
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<Element> {
    checkInteger('shuffle', 'bufferSize', bufferSize, 1)
    checkOptions('shuffle', options, ['seed', 'reshuffleEachIteration'])
    const { seed, reshuffleEachIteration = true } = options
    if (seed !== undefined) checkSeed('shuffle', seed)
    checkBoolean('shuffle', 'reshuffleEachIteration', reshuffleEachIteration)
    let passes = 0
    let order: ((i: number) => number) | undefined
    const words = () => {
      if (reshuffleEachIteration) return randomWords(seed, passes++)
      order ??= randomWords(seed, 0)
      return order
    }
    return new Dataset(() => shuffled(this, bufferSize, words()), this.cardinality)
  }

  /** Produces up to `bufferSize` elements while the one before them is in use: the next batches while the present one trains. */
  prefetch(bufferSize: number): Dataset<Element> {
    checkInteger('prefetch', 'bufferSize', bufferSize, 1)
    return new Dataset(() => prefetched(this, bufferSize), this.cardinality)
  }

  /** The elements of the first whole pass, which are kept in memory: what comes before is not done again. Shuffle after it. */
  cache(): Dataset<Element> {
    if (this.cardinality === Infinity) fail('data.infinite', { op: 'cache' })
    const kept = new Kept(this)
    return new Dataset(() => kept[Symbol.asyncIterator](), this.cardinality)
  }

  /** The first `count` elements. */
  take(count: number): Dataset<Element> {
    checkInteger('take', 'count', count, 0)
    return new Dataset(() => taken(this, count), count === 0 ? 0 : least(this.cardinality, count))
  }

  /** The elements after the first `count`. */
  skip(count: number): Dataset<Element> {
    checkInteger('skip', 'count', count, 0)
    const { cardinality } = this
    return new Dataset(
      () => skipped(this, count),
      cardinality === null ? null : Math.max(0, cardinality - count),
    )
  }

  /** Pass after pass as one: `count` of them (default: without end). Each shuffles anew. */
  repeat(count = Infinity): Dataset<Element> {
    if (count !== Infinity) checkInteger('repeat', 'count', count, 0)
    const { cardinality } = this
    const empty = cardinality === 0 || count === 0
    const length = empty ? 0 : cardinality === null ? null : cardinality * count
    return new Dataset(() => repeated(this, count), length)
  }

  /** All elements of a pass. */
  async toArray(): Promise<Element[]> {
    if (this.cardinality === Infinity) fail('data.infinite', { op: 'toArray' })
    const elements: Element[] = []
    for await (const element of this) elements.push(element)
    return elements
  }

  toString(): string {
    const { cardinality } = this
    if (cardinality === Infinity) return 'Dataset without end'
    return `Dataset of ${cardinality ?? 'an unknown number of'} ${cardinality === 1 ? 'element' : 'elements'}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** How many batches there are, where it is known. */
export function countOf(batches: Batches<unknown>): number | null {
  if (batches instanceof Dataset) return batches.cardinality
  return Array.isArray(batches) ? batches.length : null
}

const least = (cardinality: number | null, count: number) =>
  cardinality === null ? null : Math.min(cardinality, count)

function checkFunction(op: string, f: unknown): void {
  if (typeof f !== 'function') {
    fail('argument.type', {
      op,
      argument: 'the first argument',
      expected: 'a function of an element',
      got: f,
    })
  }
}
