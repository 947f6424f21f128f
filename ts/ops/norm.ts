import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { power } from './binary.js'
import { cast } from './compare.js'
import { flatRoot } from './flat-root.js'
import { composition, type Sample } from './record.js'
import { max, min, sum } from './reduce.js'
import { reduceOptions, restoreAxes } from './reduction.js'
import { integers, sample, uniform, values } from './samples.js'
import { countNonzero } from './statistics.js'
import { absolute, square } from './unary.js'

/** Which norm, along which axes (default: all), and whether they stay with extent 1 (default: no). */
export interface NormOptions {
  /** A number or ±Infinity, for matrices ±1, ±Infinity or 'fro'; default: the root of the sum of squares. */
  readonly ord?: number | 'fro' | null
  /** One axis for vectors, two (rows, then columns) for matrices. */
  readonly axis?: number | readonly number[] | null
  readonly keepdims?: boolean
}

/** Attributes of samples hold no infinities, so text stands for them. */
const orders: Readonly<Record<string, number | 'fro'>> = { inf: Infinity, '-inf': -Infinity, fro: 'fro' }

composition<{ ord: string; axes: readonly number[] }>({
  name: 'norm',
  compose: ([x], { ord, axes }) => norm(x as Tensor, { ord: orders[ord] ?? Number(ord), axis: axes }),
  attributes: { ord: 'name', axes: 'integers' },
  samples: (): Sample[] =>
    [
      ...['2', '1', '0', '3', '-2', 'inf', '-inf'].map((ord) =>
        sample(`of vectors, ${ord}`, [uniform([5, 7], 0.5, 2)], { ord, axes: [1] }),
      ),
      ...['fro', '1', '-1', 'inf', '-inf'].map((ord) =>
        sample(`of matrices, ${ord}`, [uniform([3, 5, 7])], { ord, axes: [2, 0] }),
      ),
      sample('of zeros', [values([0, 0, 0])], { ord: '2', axes: [0] }),
      sample('of integers', [integers([5, 7], -9, 9)], { ord: '2', axes: [0] }),
    ].map((each) => (each.label === 'of zeros' ? { ...each, skipGradient: true } : each)),
  errors: [
    {
      label: 'singular values',
      run: ({ norm }) => norm([[1, 2]], { ord: 2, axis: [0, 1] }),
      code: 'argument.range',
    },
    { label: 'three axes', run: ({ norm }) => norm([[[1]]], { ord: 1 }), code: 'argument.range' },
    { label: 'an axis out of range', run: ({ norm }) => norm([1, 2], { axis: 1 }), code: 'axis.range' },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    "torch.linalg.vector_norm(a.double(), float(ord), axes) if len(axes) == 1 else torch.linalg.matrix_norm(a, ord if ord == 'fro' else float(ord), axes)",
})

/**
 * The norm of vectors or matrices along axes, as float32. Of vectors: the root of the sum of squares (2, the default), the largest (Infinity)
 * or smallest (-Infinity) magnitude, the number of nonzero elements (0), or (Σ |x|^ord)^(1/ord). Of matrices: the Frobenius norm ('fro',
 * the default), or the largest or smallest sum of magnitudes of a column (±1) or a row (±Infinity).
 *
 * @example
 * lw.ops.norm([3, 4])                              // 5
 * lw.ops.norm([[1, -2], [3, 4]], { ord: 1, axis: [0, 1] })   // 6
 */
export function norm(x: TensorInput, options: NormOptions = {}): Tensor {
  checkOptions('norm', options, ['ord', ...reduceOptions])
  const { ord = null, axis = null, keepdims = false } = options
  const given = toTensor('norm', x)
  const axes = (axis === null ? given.shape.map((_, i) => i) : [axis].flat()).map((one) =>
    normalizeAxis('norm', one, given.rank),
  )
  const ascending = normalizeAxes('norm', axes, given.rank)
  const isSquare = ord === null || (ord === 'fro' ? axes.length === 2 : ord === 2 && axes.length === 1)
  const isMatrix = axes.length === 2
  const known = isMatrix
    ? [1, -1, Infinity, -Infinity].includes(ord as number)
    : axes.length === 1 && typeof ord === 'number' && !Number.isNaN(ord)
  if (!isSquare && !known) {
    const expected = isMatrix
      ? "1, -1, Infinity, -Infinity or 'fro' for matrices"
      : `a number, along one axis or two, of which there are ${axes.length}`
    fail('argument.range', { op: 'norm', argument: 'ord', expected, got: ord })
  }
  if (given.dtype === 'uint8')
    fail('dtype.mismatch', { op: 'norm', expected: 'float32, int32 or bool', got: [given.dtype] })
  return applyComposition(`norm ${ord} ${axes} ${keepdims}`, [given], ([input]) => {
    const value = cast(input as Tensor, 'float32')
    const result = isSquare
      ? rootOfSquares(value, ascending)
      : isMatrix
        ? matrixNorm(value, ord as number, axes as [number, number])
        : vectorNorm(value, ord as number, axes[0] as number)
    return restoreAxes(result, given.shape, ascending, { keepdims })
  })
}

function rootOfSquares(x: Tensor, axis: readonly number[]): Tensor {
  return flatRoot(sum(square(x), { axis }))
}

function vectorNorm(x: Tensor, ord: number, axis: number): Tensor {
  if (ord === 0) return cast(countNonzero(x, { axis }), 'float32')
  if (ord === Infinity) return max(absolute(x), { axis })
  if (ord === -Infinity) return min(absolute(x), { axis })
  if (ord === 1) return sum(absolute(x), { axis })
  return power(sum(power(absolute(x), ord), { axis }), 1 / ord)
}

function matrixNorm(x: Tensor, ord: number, [row, column]: readonly [number, number]): Tensor {
  const [added, chosen] = Math.abs(ord) === 1 ? [row, column] : [column, row]
  const sums = sum(absolute(x), { axis: added, keepdims: true })
  const extreme = (ord > 0 ? max : min)(sums, { axis: chosen, keepdims: true })
  return sum(extreme, { axis: [row, column] })
}
