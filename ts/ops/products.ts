import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxis, sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput } from './apply.js'
import { reshape } from './array.js'
import { ravel } from './axes.js'
import { multiply, subtract } from './binary.js'
import { toTensors } from './broadcast.js'
import { contract } from './contraction.js'
import { composition } from './record.js'
import { roll } from './repeat.js'
import { integers, sample, uniform } from './samples.js'

/** Sums of products over pairs of axes: the other axes of `a`, then those of `b`. */
function contractAxes(
  op: string,
  a: Tensor,
  b: Tensor,
  axesOfA: readonly number[],
  axesOfB: readonly number[],
): Tensor {
  const paired = axesOfA.every((axis, i) => a.shape[axis] === b.shape[axesOfB[i] as number])
  if (axesOfA.length !== axesOfB.length || !paired) {
    const expected = `equal extents along axes [${axesOfA}] of the first and [${axesOfB}] of the second`
    fail('shape.mismatch', { op, expected, got: [a.shape, b.shape] })
  }
  const left = a.shape.map((_, axis) => `a${axis}`)
  const right = b.shape.map((_, axis) => {
    const pair = axesOfB.indexOf(axis)
    return pair === -1 ? `b${axis}` : (left[axesOfA[pair] as number] as string)
  })
  const kept = new Set(
    [...left, ...right].filter((label) => !(left.includes(label) && right.includes(label))),
  )
  return contract({ tensor: a, labels: left }, { tensor: b, labels: right }, kept, [...kept]).tensor
}

function pairOf(op: string, x: TensorInput, y: TensorInput): [Tensor, Tensor] {
  return toTensors(op, [x, y]) as [Tensor, Tensor]
}

composition({
  name: 'dot',
  compose: ([x, y]) => dot(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('vectors', [uniform([7]), uniform([7], -2, 2, 1)]),
    sample('matrices', [uniform([3, 5]), uniform([5, 4], -2, 2, 1)]),
    sample('a tensor and a vector', [uniform([2, 3, 5]), uniform([5], -2, 2, 1)]),
    sample('a vector and a tensor', [uniform([5]), uniform([2, 5, 3], -2, 2, 1)]),
    sample('tensors', [uniform([2, 3, 5]), uniform([4, 5, 3], -2, 2, 1)]),
    sample('a scalar', [uniform([]), uniform([2, 3], -2, 2, 1)]),
    sample('integers with a scalar', [integers([2], -9, 9), integers([], 2, 5)]),
  ],
  errors: [{ label: 'other extents', run: ({ dot }) => dot([1, 2], [1, 2, 3]), code: 'shape.mismatch' }],
  tolerance: { relative: 2e-6 },
  torch:
    'a * b if a.ndim == 0 or b.ndim == 0 else torch.tensordot(a, b, dims=([-1], [-2 if b.ndim > 1 else -1]))',
})

/**
 * NumPy's dot product: of vectors their inner product, of matrices the matrix product, with a scalar the elementwise product, and else
 * the sums of products over the last axis of `x` and the last but one of `y`.
 */
export function dot(x: TensorInput, y: TensorInput): Tensor {
  const [a, b] = pairOf('dot', x, y)
  if (a.rank === 0 || b.rank === 0) return multiply(a, b)
  return applyComposition('dot', [a, b], ([left, right]) =>
    contractAxes('dot', left as Tensor, right as Tensor, [a.rank - 1], [Math.max(0, b.rank - 2)]),
  )
}

composition({
  name: 'vdot',
  compose: ([x, y]) => vdot(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('vectors', [uniform([7]), uniform([7], -2, 2, 1)]),
    sample('matrices', [uniform([3, 5]), uniform([3, 5], -2, 2, 1)]),
    sample('other shapes', [uniform([3, 4]), uniform([2, 6], -2, 2, 1)]),
  ],
  errors: [{ label: 'other sizes', run: ({ vdot }) => vdot([1, 2], [1, 2, 3]), code: 'shape.mismatch' }],
  tolerance: { relative: 8e-6 },
  torch: 'torch.dot(a.flatten(), b.flatten())',
})

/** The sum of the products of all elements, in row-major order: a scalar. */
export function vdot(x: TensorInput, y: TensorInput): Tensor {
  const [a, b] = pairOf('vdot', x, y)
  return applyComposition('vdot', [a, b], ([left, right]) =>
    contractAxes('vdot', ravel(left as Tensor), ravel(right as Tensor), [0], [0]),
  )
}

composition({
  name: 'inner',
  compose: ([x, y]) => inner(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('vectors', [uniform([7]), uniform([7], -2, 2, 1)]),
    sample('matrices', [uniform([3, 5]), uniform([4, 5], -2, 2, 1)]),
    sample('a tensor and a vector', [uniform([2, 3, 5]), uniform([5], -2, 2, 1)]),
    sample('a scalar', [uniform([3]), uniform([], -2, 2, 1)]),
  ],
  errors: [{ label: 'other extents', run: ({ inner }) => inner([1, 2], [1, 2, 3]), code: 'shape.mismatch' }],
  tolerance: { relative: 2e-6 },
  torch: 'torch.inner(a, b)',
})

/** The sums of products over the last axes of both; with a scalar the elementwise product. */
export function inner(x: TensorInput, y: TensorInput): Tensor {
  const [a, b] = pairOf('inner', x, y)
  if (a.rank === 0 || b.rank === 0) return multiply(a, b)
  return applyComposition('inner', [a, b], ([left, right]) =>
    contractAxes('inner', left as Tensor, right as Tensor, [a.rank - 1], [b.rank - 1]),
  )
}

composition({
  name: 'outer',
  compose: ([x, y]) => outer(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('vectors', [uniform([7]), uniform([5], -2, 2, 1)]),
    sample('matrices', [uniform([3, 2]), uniform([2, 4], -2, 2, 1)]),
    sample('int32', [integers([3], -9, 9), integers([4], -9, 9, 1)]),
  ],
  errors: [],
  tolerance: { ulp: 0.5 },
  torch: 'torch.outer(a.flatten(), b.flatten())',
})

/** The products of every element of `x` with every one of `y`: [size of x, size of y]. */
export function outer(x: TensorInput, y: TensorInput): Tensor {
  const [a, b] = pairOf('outer', x, y)
  return applyComposition('outer', [a, b], ([left, right]) =>
    multiply(reshape(left as Tensor, [a.size, 1]), reshape(right as Tensor, [1, b.size])),
  )
}

composition<{ axesOfX: readonly number[]; axesOfY: readonly number[] }>({
  name: 'tensordot',
  compose: ([x, y], { axesOfX, axesOfY }) =>
    tensordot(x as Tensor, y as Tensor, { axes: [axesOfX, axesOfY] }),
  attributes: { axesOfX: 'integers', axesOfY: 'integers' },
  samples: () => [
    sample('two axes', [uniform([2, 3, 4]), uniform([3, 4, 5], -2, 2, 1)], {
      axesOfX: [1, 2],
      axesOfY: [0, 1],
    }),
    sample('one axis', [uniform([2, 3, 4]), uniform([5, 4], -2, 2, 1)], { axesOfX: [-1], axesOfY: [1] }),
    sample('crossed', [uniform([2, 3, 4]), uniform([4, 5, 3], -2, 2, 1)], {
      axesOfX: [1, 2],
      axesOfY: [2, 0],
    }),
    sample('none', [uniform([2, 3]), uniform([4], -2, 2, 1)], { axesOfX: [], axesOfY: [] }),
    sample('all', [uniform([3, 4]), uniform([3, 4], -2, 2, 1)], { axesOfX: [0, 1], axesOfY: [0, 1] }),
  ],
  errors: [
    {
      label: 'other extents',
      run: ({ tensordot }) => tensordot([1, 2], [1], { axes: 1 }),
      code: 'shape.mismatch',
    },
    { label: 'more axes than there are', run: ({ tensordot }) => tensordot([1], [1]), code: 'axis.range' },
    {
      label: 'one axis twice',
      run: ({ tensordot }) =>
        tensordot([[1]], [[1]], {
          axes: [
            [0, 0],
            [0, 1],
          ],
        }),
      code: 'axis.repeated',
    },
    { label: 'no axes', run: ({ tensordot }) => tensordot([1], [1], { axes: -1 }), code: 'argument.range' },
  ],
  tolerance: { relative: 4e-6 },
  torch: 'torch.tensordot(a, b, dims=(axesOfX, axesOfY))',
})

/**
 * Sums of products over several axes of both: the result has the other axes of `x`, then those of `y`.
 *
 * @param options axes: how many of the last axes of `x` and of the first ones of `y` (default 2), or a pair of axes or of lists of axes
 */
export function tensordot(
  x: TensorInput,
  y: TensorInput,
  options: {
    readonly axes?: number | readonly [number | readonly number[], number | readonly number[]]
  } = {},
): Tensor {
  checkOptions('tensordot', options, ['axes'])
  const { axes = 2 } = options
  const [a, b] = pairOf('tensordot', x, y)
  if (
    typeof axes === 'number' ? !Number.isInteger(axes) || axes < 0 : !Array.isArray(axes) || axes.length !== 2
  ) {
    const expected = 'a number of axes, or a pair of axes or of lists of axes'
    fail('argument.range', { op: 'tensordot', argument: 'axes', expected, got: axes })
  }
  const pairs: readonly (readonly number[])[] =
    typeof axes === 'number'
      ? [Array.from({ length: axes }, (_, i) => i - axes), Array.from({ length: axes }, (_, i) => i)]
      : axes.map((list) => [list].flat())
  const [axesOfA, axesOfB] = [a, b].map(({ rank }, i) => {
    const list = (pairs[i] as readonly number[]).map((axis) => normalizeAxis('tensordot', axis, rank))
    if (new Set(list).size !== list.length) fail('axis.repeated', { op: 'tensordot', axes: list })
    return list
  }) as [number[], number[]]
  return applyComposition(`tensordot ${axesOfA} ${axesOfB}`, [a, b], ([left, right]) =>
    contractAxes('tensordot', left as Tensor, right as Tensor, axesOfA, axesOfB),
  )
}

composition({
  name: 'kron',
  compose: ([x, y]) => kron(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('vectors', [uniform([3]), uniform([5], -2, 2, 1)]),
    sample('matrices', [uniform([2, 3]), uniform([4, 5], -2, 2, 1)]),
    sample('other ranks', [uniform([2, 3, 2]), uniform([4, 2], -2, 2, 1)]),
  ],
  errors: [
    {
      label: 'rank 5',
      run: ({ kron, reshape }) => kron(reshape([1], [1, 1, 1, 1, 1]), [1]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { ulp: 0.5 },
  torch: 'torch.kron(a, b)',
})

/** Kronecker's product: `y` in the place of every element of `x`, times that element. Up to rank 4. */
export function kron(x: TensorInput, y: TensorInput): Tensor {
  const [a, b] = pairOf('kron', x, y)
  const rank = Math.max(a.rank, b.rank)
  if (rank > 4)
    fail('shape.mismatch', { op: 'kron', expected: 'tensors of rank 4 or less', got: [a.shape, b.shape] })
  const padded = ({ shape }: Tensor) => [...Array.from({ length: rank - shape.length }, () => 1), ...shape]
  const [m, n] = [padded(a), padded(b)]
  return applyComposition('kron', [a, b], ([left, right]) => {
    const blocks = reshape(
      left as Tensor,
      m.flatMap((extent) => [extent, 1]),
    )
    const elements = reshape(
      right as Tensor,
      n.flatMap((extent) => [1, extent]),
    )
    return reshape(
      multiply(blocks, elements),
      m.map((extent, axis) => extent * (n[axis] as number)),
    )
  })
}

composition<{ axis: number }>({
  name: 'cross',
  compose: ([x, y], { axis }) => cross(x as Tensor, y as Tensor, { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('vectors', [uniform([3]), uniform([3], -2, 2, 1)], { axis: -1 }),
    sample('rows', [uniform([4, 3]), uniform([4, 3], -2, 2, 1)], { axis: -1 }),
    sample('columns', [uniform([3, 4]), uniform([3, 4], -2, 2, 1)], { axis: 0 }),
  ],
  errors: [
    { label: 'other extents', run: ({ cross }) => cross([1, 2], [3, 4]), code: 'shape.mismatch' },
    { label: 'other shapes', run: ({ cross }) => cross([1, 2, 3], [[1, 2, 3]]), code: 'shape.mismatch' },
  ],
  tolerance: { relative: 4e-7 },
  torch: 'torch.linalg.cross(a, b, dim=axis)',
})

/**
 * The vector products of vectors of three elements.
 *
 * @param options axis along which the vectors lie (default -1)
 */
export function cross(x: TensorInput, y: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('cross', options, ['axis'])
  const [a, b] = pairOf('cross', x, y)
  const axis = normalizeAxis('cross', options.axis ?? -1, a.rank)
  if (!sameShape(a.shape, b.shape) || a.shape[axis] !== 3) {
    const expected = `equal shapes of extent 3 along axis ${axis}`
    fail('shape.mismatch', { op: 'cross', expected, got: [a.shape, b.shape] })
  }
  return applyComposition(`cross ${axis}`, [a, b], ([left, right]) => {
    const [u, v] = [left as Tensor, right as Tensor]
    const next = (w: Tensor, places: number) => roll(w, -places, { axis })
    return subtract(multiply(next(u, 1), next(v, 2)), multiply(next(u, 2), next(v, 1)))
  })
}
