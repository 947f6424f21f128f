import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { broadcastShapes, sameShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { type KernelArguments, overMagnitudes, primitive, type Spec } from './record.js'
import { sample, uniform, valueSample, values } from './samples.js'

type Flags = { transposeA: boolean; transposeB: boolean }

/** The extents of the matrices of a product, after transposition. */
function extents(a: Spec, b: Spec, { transposeA, transposeB }: Flags) {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number]
  return {
    m: transposeA ? aColumns : aRows,
    k: transposeA ? aRows : aColumns,
    kOfB: transposeB ? bColumns : bRows,
    n: transposeB ? bRows : bColumns,
    batch: a.shape.slice(0, -2),
  }
}

/** The plain triple loop, in the order that reads b along its rows. */
function multiplyMatrices({ inputs, specs, output, attributes }: KernelArguments<Flags>): void {
  const [a, b] = inputs as [Storage, Storage]
  const { m, n, k, batch } = extents(specs[0] as Spec, specs[1] as Spec, attributes)
  const { transposeA, transposeB } = attributes
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1]
  const row = new Float64Array(n)
  for (let matrix = 0; matrix < sizeOf(batch); matrix++) {
    const [aStart, bStart, cStart] = [matrix * m * k, matrix * k * n, matrix * m * n]
    for (let i = 0; i < m; i++) {
      const left = aStart + i * aRow
      row.fill(0)
      if (transposeB) {
        for (let j = 0; j < n; j++) {
          const right = bStart + j * k
          let total = 0
          for (let p = 0; p < k; p++) total += (a[left + p * aColumn] as number) * (b[right + p] as number)
          row[j] = total
        }
      } else {
        for (let p = 0; p < k; p++) {
          const x = a[left + p * aColumn] as number
          const right = bStart + p * n
          for (let j = 0; j < n; j++) row[j] = (row[j] as number) + x * (b[right + j] as number)
        }
      }
      output.set(row, cStart + i * n)
    }
  }
}

const sizes = [
  [1, 1, 1],
  [3, 5, 7],
  [17, 16, 15],
  [32, 64, 10],
  [33, 65, 31],
  [130, 257, 70],
  [200, 210, 190],
] as const

const matmulOp = primitive<Flags>({
  name: 'matmul',
  arity: 2,
  attributes: { transposeA: 'boolean', transposeB: 'boolean' },
  infer: (inputs, attributes) => {
    const [a, b] = inputs as [Spec, Spec]
    const got = [a.shape, b.shape]
    if (a.dtype !== 'float32' || b.dtype !== 'float32') {
      fail('dtype.mismatch', { op: 'matmul', expected: 'float32', got: [a.dtype, b.dtype] })
    }
    if (a.shape.length < 2 || b.shape.length < 2)
      fail('shape.mismatch', { op: 'matmul', expected: 'tensors of rank 2 or more', got })
    const { m, k, kOfB, n, batch } = extents(a, b, attributes)
    if (k !== kOfB) {
      fail('shape.mismatch', {
        op: 'matmul',
        expected: `as many columns on the left (${k}) as rows on the right (${kOfB})`,
        got,
      })
    }
    if (!sameShape(batch, b.shape.slice(0, -2)))
      fail('shape.mismatch', { op: 'matmul', expected: 'equal batch axes', got })
    return { shape: [...batch, m, n], dtype: 'float32' }
  },
  kernel: multiplyMatrices,
  magnitude: overMagnitudes(multiplyMatrices),
  vjp: ({ inputs, gradient: g, attributes: { transposeA, transposeB } }) => {
    const [a, b] = inputs as [Tensor, Tensor]
    return [
      transposeA ? product(b, g, transposeB, true) : product(g, b, false, !transposeB),
      transposeB ? product(g, a, true, transposeA) : product(a, g, !transposeA, false),
    ]
  },
  samples: () => [
    ...[false, true].flatMap((transposeA) =>
      [false, true].flatMap((transposeB) =>
        sizes.map(([m, k, n]) =>
          sample(
            `${m} × ${k} × ${n}${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`,
            [
              uniform(transposeA ? [k, m] : [m, k], -2, 2, 1),
              uniform(transposeB ? [n, k] : [k, n], -2, 2, 2),
            ],
            { transposeA, transposeB },
          ),
        ),
      ),
    ),
    sample('a batch', [uniform([2, 3, 5, 4]), uniform([2, 3, 4, 6], -2, 2, 1)], {
      transposeA: false,
      transposeB: false,
    }),
    sample('no terms', [uniform([3, 0]), uniform([0, 5])], { transposeA: false, transposeB: false }),
    sample('no rows', [uniform([0, 3]), uniform([3, 5])], { transposeA: false, transposeB: false }),
    valueSample(
      'NaN and infinities',
      [
        { ...values([1, NaN, Infinity, 2]), shape: [2, 2] },
        { ...values([0, 1, -1, 2]), shape: [2, 2] },
      ],
      { transposeA: false, transposeB: false },
    ),
  ],
  errors: [
    { label: 'inner extents', run: ({ matmul }) => matmul([[1, 2, 3]], [[1], [2]]), code: 'shape.mismatch' },
    { label: 'scalars', run: ({ matmul }) => matmul(1, 2), code: 'shape.mismatch' },
    {
      label: 'batch axes',
      run: ({ matmul }) => matmul([[[1]], [[1]]], [[[1]], [[1]], [[1]]]),
      code: 'shape.broadcast',
    },
  ],
  tolerance: { relative: 2e-6 },
  torch: 'torch.matmul(a.mT if transposeA else a, b.mT if transposeB else b)',
})

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return apply(matmulOp, [a, b], { transposeA, transposeB })
}

/**
 * The matrix product over the last two axes of float32 tensors; leading axes are batches and broadcast. A vector on the left is a row,
 * on the right a column, and its axis is dropped from the result.
 */
export function matmul(x: TensorInput, y: TensorInput): Tensor {
  const [left, right] = [toTensor('matmul', x), toTensor('matmul', y)]
  if (left.rank === 0 || right.rank === 0) {
    fail('shape.mismatch', {
      op: 'matmul',
      expected: 'tensors of rank 1 or more',
      got: [left.shape, right.shape],
    })
  }
  const a = left.rank === 1 ? reshape(left, [1, left.size]) : left
  const b = right.rank === 1 ? reshape(right, [right.size, 1]) : right
  const result = multiplyBatches(a, b)
  const shape = result.shape.filter(
    (_, axis) =>
      !(left.rank === 1 && axis === result.rank - 2) && !(right.rank === 1 && axis === result.rank - 1),
  )
  return reshape(result, shape)
}

function multiplyBatches(a: Tensor, b: Tensor): Tensor {
  const [rows, columns] = [a.shape.slice(0, -1), b.shape.slice(-1)]
  if (b.rank === 2 && a.rank > 2) {
    // One product of all rows is faster than a batch of small ones.
    const flat = product(reshape(a, [sizeOf(rows), ...a.shape.slice(-1)]), b, false, false)
    return reshape(flat, [...rows, ...columns])
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return product(
    broadcastTo(a, [...batch, ...a.shape.slice(-2)]),
    broadcastTo(b, [...batch, ...b.shape.slice(-2)]),
    false,
    false,
  )
}
