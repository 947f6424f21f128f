import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { SymbolicTensor } from '../graph/trace.js'
import { checkInteger, checkOptions } from '../options.js'
import { sizeOf } from '../shape.js'
import { createTensor, storageOf, Tensor, type TypedArray } from '../tensor.js'
import { leavesOf, mapTree } from '../tree.js'
import { Dataset } from './dataset.js'

/** The rows of tensors, in the same structure. */
export type Slices<Rows> = Rows extends Tensor | TypedArray
  ? Tensor
  : { readonly [Key in keyof Rows]: Slices<Rows[Key]> }

/**
 * A dataset of rows: element i holds row i of each tensor, in the structure that is given. Rows share the tensors' memory.
 *
 * @param tensors a tensor or a typed array, or an array or an object of them, nested to any depth, all with equally many rows
 * @throws argument.type, shape.mismatch
 *
 * @example
 * lw.data.fromTensorSlices([lw.tensor([[1, 2], [3, 4]]), lw.tensor([0, 1])])   // elements [[1, 2], 0] and [[3, 4], 1]
 */
export function fromTensorSlices<const Rows>(tensors: Rows): Dataset<Slices<Rows>> {
  const op = 'fromTensorSlices'
  const { float64 } = executor()
  const tree = mapTree(tensors, (leaf) => {
    if (leaf instanceof SymbolicTensor) fail('trace.read', { method: op })
    if (leaf instanceof Tensor) return leaf
    if (ArrayBuffer.isView(leaf)) return createTensor(leaf as TypedArray, undefined, undefined, float64)
    const expected = 'a tensor or a typed array, or an array or an object of them'
    return fail('argument.type', { op, argument: 'the first argument', expected, got: leaf })
  })
  const leaves = leavesOf(tree) as Tensor[]
  const rows = leaves[0]?.shape[0]
  if (rows === undefined || leaves.some(({ shape }) => shape[0] !== rows)) {
    fail('shape.mismatch', {
      op,
      expected: 'tensors with equally many rows',
      got: leaves.map(({ shape }) => shape),
    })
  }
  async function* slices() {
    for (let i = 0; i < (rows as number); i++) yield mapTree(tree, (leaf) => rowOf(leaf as Tensor, i))
  }
  return new Dataset(slices as () => AsyncGenerator<Slices<Rows>>, rows)
}

/** Row i without its axis, over the same memory. */
function rowOf(tensor: Tensor, i: number): Tensor {
  const shape = tensor.shape.slice(1)
  const size = sizeOf(shape)
  return new Tensor(shape, tensor.dtype, storageOf(tensor).subarray(i * size, (i + 1) * size))
}

export interface GeneratorOptions {
  /** How many elements each pass gives (default: not known beforehand). `fit` shows how much of an epoch is done where it is known. */
  readonly cardinality?: number
}

/**
 * A dataset of what an iterable gives, which a function makes anew for each pass: a generator function, an asynchronous one too, or one that returns an
 * array.
 *
 * @throws argument.type
 *
 * @example
 * lw.data.fromGenerator(async function* () {
 *   for await (const line of readline.createInterface({ input: createReadStream('data.csv') })) yield parse(line)
 * })
 */
export function fromGenerator<Element>(
  generator: () => Iterable<Element | Promise<Element>> | AsyncIterable<Element>,
  options: GeneratorOptions = {},
): Dataset<Element> {
  const op = 'fromGenerator'
  const argument = 'the first argument'
  if (typeof generator !== 'function') {
    const expected = 'a function that gives an iterable anew for each pass'
    fail('argument.type', { op, argument, expected, got: generator })
  }
  checkOptions(op, options, ['cardinality'])
  const { cardinality = null } = options
  if (cardinality !== null && cardinality !== Infinity) checkInteger(op, 'cardinality', cardinality, 0)
  async function* elements(): AsyncGenerator<Element> {
    const iterable: unknown = generator()
    const isIterable =
      Object(iterable) === iterable &&
      (Symbol.asyncIterator in (iterable as object) || Symbol.iterator in (iterable as object))
    if (!isIterable)
      fail('argument.type', { op, argument, expected: 'a function that gives an iterable', got: iterable })
    yield* iterable as AsyncIterable<Element>
  }
  return new Dataset(elements, cardinality)
}
