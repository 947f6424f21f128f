import { allocate, type Dtype, dtypes, type Storage } from './dtype.js'
import { fail } from './errors.js'
import { formatTensor, isNested } from './format.js'
import { checkShape, type Shape, sameShape, sizeOf } from './shape.js'

/** Numbers or booleans, nested to any depth. */
export type NestedArray = number | boolean | readonly NestedArray[]

/** A typed array that a tensor can be made from. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array

let storage: (tensor: Tensor) => Storage

/**
 * An immutable array of any rank up to 8. Its memory is private and freed with the object: nothing has to be disposed.
 *
 * @example
 * const t = lw.tensor([[1, 2], [3, 4]])
 * t.shape            // [2, 2]
 * await t.array()    // [[1, 2], [3, 4]]
 */
export class Tensor {
  readonly #storage: Storage | undefined

  /** Made by {@link tensor}, by ops and by executors; a symbolic tensor has no storage. */
  constructor(
    readonly shape: Shape,
    readonly dtype: Dtype,
    elements: Storage | undefined,
  ) {
    this.#storage = elements
  }

  static {
    storage = (tensor) => tensor.#storage ?? tensor.unreadable('The value of a tensor')
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** Why this tensor's elements cannot be read; symbolic tensors explain tracing. */
  protected unreadable(method: string): never {
    return fail('trace.read', { method })
  }

  /** A copy of the elements, row by row. */
  async data(): Promise<Storage> {
    return this.dataSync()
  }

  /** A copy of the elements, row by row. */
  dataSync(): Storage {
    return this.#read('dataSync').slice()
  }

  /** The elements as nested arrays; a scalar gives a number. bool elements are booleans. */
  async array(): Promise<NestedArray> {
    return this.arraySync()
  }

  /** The elements as nested arrays; a scalar gives a number. bool elements are booleans. */
  arraySync(): NestedArray {
    const elements = this.#read('arraySync')
    const element = (i: number) => (this.dtype === 'bool' ? elements[i] !== 0 : (elements[i] as number))
    let offset = 0
    const nest = (axis: number): NestedArray =>
      axis === this.rank
        ? element(offset++)
        : Array.from({ length: this.shape[axis] as number }, () => nest(axis + 1))
    return nest(0)
  }

  /** The only element of a tensor of size 1, as a number. */
  item(): number {
    const elements = this.#read('item')
    if (elements.length !== 1) {
      fail('shape.mismatch', { op: 'item', expected: 'a tensor of one element', got: [this.shape] })
    }
    return elements[0] as number
  }

  /** JavaScript's operators take the only element of a tensor of size 1; on symbolic tensors they raise. */
  [Symbol.toPrimitive](hint: string): string | number {
    if (hint === 'string') return this.toString()
    const { length } = this.#read('An operator such as > or +')
    return hint === 'number' || length === 1 ? this.item() : this.toString()
  }

  toString(): string {
    return formatTensor(this.shape, this.dtype, this.#storage)
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: { depth?: number | null }): string {
    return formatTensor(this.shape, this.dtype, this.#storage, { nested: isNested(depth, options) })
  }

  #read(method: string): Storage {
    return this.#storage ?? this.unreadable(method)
  }
}

// What arrays have and tensors lack says what to use, where it would silently be undefined.
for (const property of ['0', 'length']) {
  Object.defineProperty(Tensor.prototype, property, { get: () => fail('tensor.index', { property }) })
}

/** A tensor's own elements, for executors: they read it and never hand it out. */
export function storageOf(tensor: Tensor): Storage {
  return storage(tensor)
}

/**
 * A tensor from numbers, nested arrays or a typed array, which is copied.
 *
 * @param data values; with `shape`, a flat array in row-major order
 * @param shape default: the nesting of `data`, or its length
 * @param dtype default: `int32` and `uint8` from Int32Array and Uint8Array, `bool` where all values are booleans, else `float32`
 * @throws shape.length, shape.ragged, argument.type, buffer.unusable
 *
 * @example
 * lw.tensor([[1, 2, 3], [4, 5, 6]])                  // float32 [2, 3]
 * lw.tensor(new Int32Array([1, 2]), [2])             // int32 [2]
 */
export function tensor(data: NestedArray | TypedArray | Tensor, shape?: Shape, dtype?: Dtype): Tensor {
  return createTensor(data, shape, dtype, false)
}

/** {@link tensor}, where `float64` is the present executor's: whether it holds float32 values in float64. */
export function createTensor(
  data: NestedArray | TypedArray | Tensor,
  shape: Shape | undefined,
  dtype: Dtype | undefined,
  float64: boolean,
): Tensor {
  if (shape !== undefined) checkShape('tensor', shape)
  if (dtype !== undefined && !dtypes.includes(dtype)) fail('dtype.invalid', { op: 'tensor', got: dtype })
  if (data instanceof Tensor) {
    const same = shape ?? data.shape
    if (sizeOf(same) !== data.size) failLength(same, data.size)
    return new Tensor([...same], dtype ?? data.dtype, convert(storage(data), dtype ?? data.dtype, float64))
  }
  if (ArrayBuffer.isView(data)) {
    checkView('tensor', data)
    const target =
      dtype ?? (data instanceof Int32Array ? 'int32' : data instanceof Uint8Array ? 'uint8' : 'float32')
    const extents = shape ?? [data.length]
    if (sizeOf(extents) !== data.length) failLength(extents, data.length)
    return new Tensor([...extents], target, convert(data, target, float64))
  }
  const values: (number | boolean)[] = []
  const nesting = flatten(data, values, 0)
  const booleans = values.length > 0 && values.every((value) => typeof value === 'boolean')
  const target = dtype ?? (booleans ? 'bool' : 'float32')
  const extents = shape ?? nesting
  if (sizeOf(extents) !== values.length) failLength(extents, values.length)
  return new Tensor([...extents], target, convert(values as number[], target, float64))
}

/** A float32 tensor of one value, for an executor that holds float32 values in float64 or not. */
export function filled(shape: Shape, value: number, float64: boolean): Tensor {
  return new Tensor([...shape], 'float32', allocate('float32', sizeOf(shape), float64).fill(value))
}

/** Raises for typed arrays whose memory may change or vanish under a run. */
export function checkView(op: string, view: ArrayBufferView): void {
  const buffer = view.buffer as ArrayBuffer & { resizable?: boolean; detached?: boolean }
  if (typeof SharedArrayBuffer !== 'undefined' && view.buffer instanceof SharedArrayBuffer) {
    fail('buffer.unusable', { op, problem: 'shared' })
  }
  if (buffer.resizable) fail('buffer.unusable', { op, problem: 'resizable' })
  if (buffer.detached ?? isDetached(buffer)) fail('buffer.unusable', { op, problem: 'detached' })
  if (view instanceof DataView || view instanceof BigInt64Array || view instanceof BigUint64Array) {
    fail('argument.type', {
      op,
      argument: 'data',
      expected: 'a typed array of numbers',
      got: view.constructor.name,
    })
  }
}

/** ArrayBuffer.prototype.detached came with Node 21; a view cannot be made over a detached buffer. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

function failLength(shape: Shape, got: number): never {
  fail('shape.length', { op: 'tensor', shape, expected: sizeOf(shape), got })
}

function convert(values: ArrayLike<number>, dtype: Dtype, float64: boolean): Storage {
  const result = allocate(dtype, values.length, float64)
  if (dtype === 'bool') for (let i = 0; i < values.length; i++) result[i] = values[i] ? 1 : 0
  else result.set(values)
  return result
}

/** Appends the leaves in row-major order and returns the shape; ragged nesting raises. */
function flatten(data: NestedArray, into: (number | boolean)[], depth: number): number[] {
  if (typeof data === 'number' || typeof data === 'boolean') {
    into.push(data)
    return []
  }
  if (!Array.isArray(data) || depth > 8) {
    fail('argument.type', {
      op: 'tensor',
      argument: 'data',
      expected: 'numbers, nested arrays or a typed array',
      got: data,
    })
  }
  let inner: number[] = []
  data.forEach((element, i) => {
    const extents = flatten(element, into, depth + 1)
    if (i === 0) inner = extents
    else if (!sameShape(extents, inner)) {
      fail('shape.ragged', { op: 'tensor', depth: depth + 1, expected: inner, got: extents })
    }
  })
  return [data.length, ...inner]
}
