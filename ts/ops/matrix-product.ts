import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { sameShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import { applyBatched } from './batch.js'
import { type KernelArguments, overMagnitudes, primitive, type SampleArray, type Spec } from './record.js'
import { array, sample, uniform, valueSample, values } from './samples.js'

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

/** The block of sums that the innermost loop keeps in registers: rows of a by columns of b. */
const blockRows = 2
const blockColumns = 4

/** Block by block; each element is one sum in float64, in the order of the terms. */
function multiplyMatrices({ inputs, specs, output, attributes }: KernelArguments<Flags>): void {
  const [a, b] = inputs as [Storage, Storage]
  const { m, n, k, batch } = extents(specs[0] as Spec, specs[1] as Spec, attributes)
  const strip = new Float64Array((m + blockRows) * blockColumns)
  for (let matrix = 0; matrix < sizeOf(batch); matrix++) {
    const rows = pack(a, matrix * m * k, m, k, attributes.transposeA, blockRows)
    const columns = pack(b, matrix * k * n, n, k, !attributes.transposeB, blockColumns)
    for (let j = 0; j < n; j += blockColumns) {
      for (let i = 0; i < m; i += blockRows)
        multiplyBlock(rows, i * k, columns, j * k, k, strip, i * blockColumns)
      const width = Math.min(blockColumns, n - j)
      for (let i = 0; i < m; i++) {
        const row = (matrix * m + i) * n + j
        for (let c = 0; c < width; c++) output[row + c] = strip[i * blockColumns + c]!
      }
    }
  }
}

/**
 * The rows or columns of a matrix in panels of `width`, in which the factors of one term stand side by side: the order in which the
 * innermost loop reads them. The last panel is filled up with zeros. `byTerm` tells that the matrix is stored so that neighbours belong
 * to one term, not to one line.
 */
function pack(
  matrix: Storage,
  start: number,
  lines: number,
  terms: number,
  byTerm: boolean,
  width: number,
): Float64Array {
  const [lineStride, termStride] = byTerm ? [1, lines] : [terms, 1]
  const panels = new Float64Array(Math.ceil(lines / width) * width * terms)
  for (let line = 0; line < lines; line++) {
    const lane = line % width
    const [from, to] = [start + line * lineStride, (line - lane) * terms + lane]
    for (let term = 0; term < terms; term++) panels[to + term * width] = matrix[from + term * termStride]!
  }
  return panels
}

/** The sums of two rows with four columns. Local variables stay in registers, where the elements of an array would not. */
function multiplyBlock(
  rows: Float64Array,
  row: number,
  columns: Float64Array,
  column: number,
  terms: number,
  sums: Float64Array,
  place: number,
): void {
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  const end = row + 2 * terms
  for (let p = row, q = column; p < end; p += 2, q += 4) {
    const a0 = rows[p]!
    const a1 = rows[p + 1]!
    const b0 = columns[q]!
    const b1 = columns[q + 1]!
    const b2 = columns[q + 2]!
    const b3 = columns[q + 3]!
    s00 += a0 * b0
    s01 += a0 * b1
    s02 += a0 * b2
    s03 += a0 * b3
    s10 += a1 * b0
    s11 += a1 * b1
    s12 += a1 * b2
    s13 += a1 * b3
  }
  sums[place] = s00
  sums[place + 1] = s01
  sums[place + 2] = s02
  sums[place + 3] = s03
  sums[place + 4] = s10
  sums[place + 5] = s11
  sums[place + 6] = s12
  sums[place + 7] = s13
}

const sizes = [
  [1, 1, 1],
  [3, 5, 7],
  [17, 16, 15],
  [32, 64, 10],
  [33, 65, 31],
  [130, 257, 70],
  [200, 210, 190],
  [288, 520, 272],
] as const

const matmulOp = primitive<Flags>({
  name: 'matmul',
  arity: 2,
  batch: (args, ops) => {
    const { op, inputs, batched, attributes } = args
    const [a, b] = inputs as [Tensor, Tensor]
    // Rows that all meet one matrix are rows of one product.
    if (batched[1] || b.rank !== 2 || attributes.transposeA) return applyBatched(args, attributes, ops)
    const rows = ops.reshape(a, [-1, a.shape.at(-1) as number])
    const product = apply(op, [rows, b], attributes)
    return ops.reshape(product, [...a.shape.slice(0, -1), product.shape[1] as number])
  },
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
    valueSample('rows and columns of other scales', scaledFactors(), {
      transposeA: false,
      transposeB: false,
    }),
    valueSample(
      'rows picked out',
      [
        array([40, 33], 'float32', (i) => Number(i % 33 === (7 * Math.floor(i / 33)) % 33)),
        uniform([33, 70]),
      ],
      { transposeA: false, transposeB: false },
    ),
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

/** Factors whose rows, columns and terms differ by up to 2⁸⁰. */
function scaledFactors(): SampleArray[] {
  const [m, k, n] = [70, 80, 60]
  const scaled = (shape: readonly [number, number], stream: number) => {
    const { values } = uniform(shape, -2, 2, stream)
    const power = (i: number) => 20 * ((Math.floor(i / shape[1]) % 5) - 2) + 5 * ((i % 9) - 4)
    return array(shape, 'float32', (i) => values[i]! * 2 ** power(i))
  }
  return [scaled([m, k], 1), scaled([k, n], 2)]
}

/** The product of the matrices in the last two axes of tensors of one rank and equal batch axes. */
export function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return apply(matmulOp, [a, b], { transposeA, transposeB })
}
