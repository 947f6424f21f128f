import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxis, sizeOf } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { moveaxis, ravel } from './axes.js'
import { lessEqual, where } from './compare.js'
import { pad } from './pad.js'
import { composition, type Sample } from './record.js'
import { sum } from './reduce.js'
import { booleans, integers, sample, uniform } from './samples.js'
import { slice } from './slice.js'

function checkDiagonal(op: string, k: number): void {
  if (!Number.isInteger(k)) {
    fail('argument.range', { op, argument: 'the diagonal', expected: 'an integer', got: k })
  }
}

function triangleSamples(): Sample[] {
  return [
    sample('a square', [uniform([5, 5])], { k: 0 }),
    sample('above', [uniform([4, 6])], { k: 1 }),
    sample('below', [uniform([6, 4])], { k: -2 }),
    sample('outside', [uniform([3, 3])], { k: 5 }),
    sample('outside on the other side', [uniform([3, 3])], { k: -5 }),
    sample('a batch', [uniform([2, 3, 4, 5])], { k: 1 }),
    sample('large', [uniform([130, 120])], { k: 3 }),
    sample('int32', [integers([4, 4], -9, 9)], { k: 0 }),
    sample('bool', [booleans([4, 5])], { k: 0 }),
  ]
}

composition<{ k: number }>({
  name: 'tril',
  compose: ([x], { k }) => tril(x as Tensor, { k }),
  attributes: { k: 'integer' },
  samples: triangleSamples,
  errors: [
    { label: 'a vector', run: ({ tril }) => tril([1, 2]), code: 'shape.mismatch' },
    { label: 'a fraction', run: ({ tril }) => tril([[1, 2]], { k: 0.5 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.tril(a, k)',
})

/**
 * The lower triangles of the matrices in the last two axes; what is above them becomes 0.
 *
 * @param options k: the last diagonal that stays, 0 (default) for the main one, positive above it
 */
export function tril(x: TensorInput, options: { readonly k?: number } = {}): Tensor {
  return triangle('tril', x, options)
}

composition<{ k: number }>({
  name: 'triu',
  compose: ([x], { k }) => triu(x as Tensor, { k }),
  attributes: { k: 'integer' },
  samples: triangleSamples,
  errors: [
    { label: 'a vector', run: ({ triu }) => triu([1, 2]), code: 'shape.mismatch' },
    { label: 'a fraction', run: ({ triu }) => triu([[1, 2]], { k: 0.5 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.triu(a, k)',
})

/**
 * The upper triangles of the matrices in the last two axes; what is below them becomes 0.
 *
 * @param options k: the first diagonal that stays, 0 (default) for the main one, positive above it
 */
export function triu(x: TensorInput, options: { readonly k?: number } = {}): Tensor {
  return triangle('triu', x, options)
}

function triangle(op: 'tril' | 'triu', x: TensorInput, options: { readonly k?: number }): Tensor {
  checkOptions(op, options, ['k'])
  const { k = 0 } = options
  checkDiagonal(op, k)
  const value = toTensor(op, x)
  if (value.rank < 2) {
    fail('shape.mismatch', { op, expected: 'a tensor of rank 2 or more', got: [value.shape] })
  }
  const [rows, columns] = value.shape.slice(-2) as [number, number]
  return applyComposition(`${op} ${k}`, [value], ([input]) => {
    // The diagonal's column in each row, and all columns.
    const diagonals = tensor(
      Int32Array.from({ length: rows }, (_, row) => row + k),
      [rows, 1],
    )
    const all = tensor(Int32Array.from({ length: columns }, (_, column) => column))
    const kept = op === 'tril' ? lessEqual(all, diagonals) : lessEqual(diagonals, all)
    return where(kept, input as Tensor, 0)
  })
}

/** Where diagonal k of a matrix of some rows and columns begins, and its length. */
function diagonalOf(
  rows: number,
  columns: number,
  k: number,
): { row: number; column: number; length: number } {
  const [row, column] = [Math.max(0, -k), Math.max(0, k)]
  return { row, column, length: Math.max(0, Math.min(rows - row, columns - column)) }
}

type DiagonalAttributes = { offset: number; axis1: number; axis2: number }

function diagonalSamples(): Sample[] {
  const axes = { axis1: 0, axis2: 1 }
  return [
    sample('a square', [uniform([5, 5])], { offset: 0, ...axes }),
    sample('wide', [uniform([3, 7])], { offset: 2, ...axes }),
    sample('tall', [uniform([7, 3])], { offset: -3, ...axes }),
    sample('outside', [uniform([3, 3])], { offset: 4, ...axes }),
    sample('other axes', [uniform([2, 5, 3, 4])], { offset: 1, axis1: -1, axis2: 1 }),
    sample('one row', [uniform([1, 4])], { offset: 3, ...axes }),
    sample('int32', [integers([4, 5], -9, 9)], { offset: 0, ...axes }),
  ]
}

composition<DiagonalAttributes>({
  name: 'diagonal',
  compose: ([x], attributes) => diagonal(x as Tensor, attributes),
  attributes: { offset: 'integer', axis1: 'integer', axis2: 'integer' },
  samples: diagonalSamples,
  errors: [
    { label: 'a vector', run: ({ diagonal }) => diagonal([1, 2]), code: 'axis.range' },
    {
      label: 'one axis twice',
      run: ({ diagonal }) => diagonal([[1]], { axis1: 0, axis2: -2 }),
      code: 'axis.repeated',
    },
    { label: 'a fraction', run: ({ diagonal }) => diagonal([[1]], { offset: 0.5 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.diagonal(a, offset, axis1, axis2).clone()',
})

/** Which diagonal: `offset` from the main one (default 0, positive above it), of the matrices in two axes (default 0 and 1). */
export interface DiagonalOptions {
  readonly offset?: number
  readonly axis1?: number
  readonly axis2?: number
}

/**
 * A diagonal of the matrices that two axes make: the last axis of the result, in the place of both.
 *
 * @param options offset, axis1, axis2
 *
 * @example
 * lw.ops.diagonal([[1, 2], [3, 4]])   // [1, 4]
 */
export function diagonal(x: TensorInput, options: DiagonalOptions = {}): Tensor {
  return diagonalAs('diagonal', x, options)
}

function diagonalAs(op: string, x: TensorInput, options: DiagonalOptions): Tensor {
  checkOptions(op, options, ['offset', 'axis1', 'axis2'])
  const { offset = 0, axis1 = 0, axis2 = 1 } = options
  checkDiagonal(op, offset)
  const value = toTensor(op, x)
  const axes = [axis1, axis2].map((axis) => normalizeAxis(op, axis, value.rank)) as [number, number]
  if (axes[0] === axes[1]) fail('axis.repeated', { op, axes })
  return applyComposition(`diagonal ${offset} ${axes}`, [value], ([input]) => {
    const matrices = moveaxis(input as Tensor, axes, [-2, -1])
    const [rows, columns] = matrices.shape.slice(-2) as [number, number]
    const batch = matrices.shape.slice(0, -2)
    const { row, column, length } = diagonalOf(rows, columns, offset)
    const size = sizeOf(batch)
    // Neighbours on a diagonal are a row and an element apart.
    const start = length === 0 ? 0 : row * columns + column
    const flat = reshape(matrices, [size, rows * columns])
    return reshape(slice(flat, [0, start], [size, length], { strides: [1, columns + 1] }), [...batch, length])
  })
}

composition<DiagonalAttributes>({
  name: 'trace',
  compose: ([x], attributes) => trace(x as Tensor, attributes),
  attributes: { offset: 'integer', axis1: 'integer', axis2: 'integer' },
  samples: diagonalSamples,
  errors: [
    { label: 'a vector', run: ({ trace }) => trace([1, 2]), code: 'axis.range' },
    { label: 'one axis twice', run: ({ trace }) => trace([[1]], { axis2: 0 }), code: 'axis.repeated' },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'torch.diagonal(a, offset, axis1, axis2).sum(-1)',
})

/** The sum of a diagonal of the matrices that two axes make; options as of {@link diagonal}. */
export function trace(x: TensorInput, options: DiagonalOptions = {}): Tensor {
  return sum(diagonalAs('trace', x, options), { axis: -1 })
}

composition<{ k: number }>({
  name: 'diag',
  compose: ([x], { k }) => diag(x as Tensor, { k }),
  attributes: { k: 'integer' },
  samples: () => [
    sample('a vector', [uniform([5])], { k: 0 }),
    sample('above', [uniform([3])], { k: 2 }),
    sample('below', [uniform([3])], { k: -1 }),
    sample('of one element', [uniform([1])], { k: 0 }),
    sample('the diagonal of a matrix', [uniform([4, 6])], { k: 1 }),
    sample('int32', [integers([4], -9, 9)], { k: 0 }),
    sample('bool', [booleans([3])], { k: 1 }),
  ],
  errors: [
    { label: 'a scalar', run: ({ diag }) => diag(1), code: 'shape.mismatch' },
    { label: 'rank 3', run: ({ diag }) => diag([[[1]]]), code: 'shape.mismatch' },
    { label: 'a fraction', run: ({ diag }) => diag([1], { k: 0.5 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.diag(a, k)',
})

/**
 * Of a vector the matrix that has it on a diagonal and is 0 elsewhere; of a matrix that diagonal.
 *
 * @param options k: which diagonal, 0 (default) for the main one, positive above it
 *
 * @example
 * lw.ops.diag([1, 2])             // [[1, 0], [0, 2]]
 * lw.ops.diag([[1, 2], [3, 4]])   // [1, 4]
 */
export function diag(x: TensorInput, options: { readonly k?: number } = {}): Tensor {
  checkOptions('diag', options, ['k'])
  const { k = 0 } = options
  checkDiagonal('diag', k)
  const value = toTensor('diag', x)
  if (value.rank === 2) return diagonal(value, { offset: k })
  if (value.rank !== 1) {
    fail('shape.mismatch', { op: 'diag', expected: 'a vector or a matrix', got: [value.shape] })
  }
  const extent = value.size + Math.abs(k)
  const { row, column } = diagonalOf(extent, extent, k)
  const before = row * extent + column
  return applyComposition(`diag ${k}`, [value], ([input]) => {
    const taken = value.size === 0 ? 0 : (value.size - 1) * (extent + 1) + 1
    const after = extent * extent - before - taken
    return reshape(pad(input as Tensor, [[before, after]], { interior: [extent] }), [extent, extent])
  })
}

composition<{ k: number }>({
  name: 'diagflat',
  compose: ([x], { k }) => diagflat(x as Tensor, { k }),
  attributes: { k: 'integer' },
  samples: () => [
    sample('a matrix', [uniform([2, 3])], { k: 0 }),
    sample('a vector', [uniform([3])], { k: -1 }),
    sample('a scalar', [uniform([])], { k: 1 }),
  ],
  errors: [{ label: 'a fraction', run: ({ diagflat }) => diagflat([1], { k: 0.5 }), code: 'argument.range' }],
  tolerance: 'exact',
  torch: 'torch.diagflat(a, k)',
})

/**
 * The matrix that has all elements in a row on a diagonal and is 0 elsewhere.
 *
 * @param options k: which diagonal, 0 (default) for the main one, positive above it
 */
export function diagflat(x: TensorInput, options: { readonly k?: number } = {}): Tensor {
  checkOptions('diagflat', options, ['k'])
  checkDiagonal('diagflat', options.k ?? 0)
  return diag(ravel(toTensor('diagflat', x)), options)
}
