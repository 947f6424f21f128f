import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo, reshape } from './array.js'
import { ravel } from './axes.js'
import { toTensors } from './broadcast.js'
import { concatenate } from './join.js'
import { composition, type Sample } from './record.js'
import { integers, sample, uniform } from './samples.js'
import { split } from './split.js'

composition<{ axis: number }>({
  name: 'append',
  compose: ([x, y], { axis }) => append(x as Tensor, y as Tensor, axis < 0 ? {} : { axis }),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([2, 3]), uniform([4, 3], -2, 2, 1)], { axis: 0 }),
    sample('all elements', [uniform([2, 3]), uniform([4], -2, 2, 1)], { axis: -1 }),
  ],
  errors: [
    {
      label: 'other extents',
      run: ({ append }) => append([[1]], [[1, 2]], { axis: 0 }),
      code: 'shape.mismatch',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.cat((a, b), axis) if axis >= 0 else torch.cat((a.flatten(), b.flatten()))',
})

/**
 * The second tensor after the first.
 *
 * @param options axis (default: of all elements in a row)
 */
export function append(
  x: TensorInput,
  y: TensorInput,
  options: { readonly axis?: number | null } = {},
): Tensor {
  checkOptions('append', options, ['axis'])
  const { axis = null } = options
  const pair = toTensors('append', [x, y])
  return axis === null
    ? joinAs('append', pair.map(ravel), 0)
    : joinAs('append', pair, normalizeAxis('append', axis, (pair[0] as Tensor).rank))
}

/** {@link concatenate}, with errors that name another op. */
function joinAs(op: string, tensors: readonly Tensor[], axis: number): Tensor {
  const { shape } = tensors[0] as Tensor
  const fits = tensors.every(
    (tensor) =>
      tensor.rank === shape.length && tensor.shape.every((extent, i) => i === axis || extent === shape[i]),
  )
  if (!fits) {
    const got = tensors.map((tensor) => tensor.shape)
    fail('shape.mismatch', { op, expected: `shapes that are equal but for axis ${axis}`, got })
  }
  return concatenate(tensors, { axis })
}

/** Samples of equal shapes, and one of two that differ. */
const stackSamples = (one: Shape, other: Shape) => (): Sample[] => [
  sample('other extents', [uniform(one), uniform(other, -2, 2, 1)]),
  sample('vectors', [uniform([3]), uniform([3], -2, 2, 1)]),
  sample('matrices', [uniform([2, 3]), uniform([2, 3], -2, 2, 1)]),
  sample('of rank 3', [uniform([2, 3, 1]), uniform([2, 3, 1], -2, 2, 1), uniform([2, 3, 1], -2, 2, 2)]),
  sample('scalars', [uniform([]), uniform([], -2, 2, 1)]),
  sample('int32', [integers([2], -9, 9), integers([2], -9, 9, 1)]),
]

composition({
  name: 'hstack',
  compose: (inputs) => hstack(inputs),
  attributes: {},
  samples: stackSamples([2, 3], [2, 5]),
  errors: [
    { label: 'other extents', run: ({ hstack }) => hstack([[[1]], [[1], [2]]]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.hstack(inputs)',
})

/** Tensors side by side: along axis 1, vectors along their only one. */
export function hstack(xs: readonly TensorInput[]): Tensor {
  const tensors = toTensors('hstack', xs).map((x) => (x.rank === 0 ? reshape(x, [1]) : x))
  return joinAs('hstack', tensors, (tensors[0] as Tensor).rank === 1 ? 0 : 1)
}

composition({
  name: 'vstack',
  compose: (inputs) => vstack(inputs),
  attributes: {},
  samples: stackSamples([2, 3], [4, 3]),
  errors: [{ label: 'other extents', run: ({ vstack }) => vstack([[1], [1, 2]]), code: 'shape.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.vstack(inputs)',
})

/** Tensors one below the other: along axis 0, where vectors are rows. */
export function vstack(xs: readonly TensorInput[]): Tensor {
  const tensors = toTensors('vstack', xs).map((x) => (x.rank < 2 ? reshape(x, [1, x.size]) : x))
  return joinAs('vstack', tensors, 0)
}

composition({
  name: 'dstack',
  compose: (inputs) => dstack(inputs),
  attributes: {},
  samples: stackSamples([2, 3, 1], [2, 3, 2]),
  errors: [{ label: 'other extents', run: ({ dstack }) => dstack([[1], [1, 2]]), code: 'shape.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.dstack(inputs)',
})

/** Tensors one behind the other: along axis 2, where vectors are [1, n, 1] and matrices [m, n, 1]. */
export function dstack(xs: readonly TensorInput[]): Tensor {
  const tensors = toTensors('dstack', xs).map((x) => {
    if (x.rank < 2) return reshape(x, [1, x.size, 1])
    return x.rank === 2 ? reshape(x, [...x.shape, 1]) : x
  })
  return joinAs('dstack', tensors, 2)
}

composition<{ sections: number; axis: number; piece: number }>({
  name: 'arraySplit',
  compose: ([x], { sections, axis, piece }) => arraySplit(x as Tensor, sections, { axis })[piece] as Tensor,
  attributes: { sections: 'integer', axis: 'integer', piece: 'integer' },
  samples: () => [
    sample('a longer one', [uniform([8])], { sections: 3, axis: 0, piece: 1 }),
    sample('a shorter one', [uniform([2, 8])], { sections: 3, axis: 1, piece: 2 }),
    sample('more than elements', [uniform([2])], { sections: 3, axis: 0, piece: 2 }),
  ],
  errors: [{ label: 'no sections', run: ({ arraySplit }) => arraySplit([1], 0), code: 'argument.range' }],
  tolerance: 'exact',
  torch: 'torch.tensor_split(a, sections, axis)[piece].clone()',
})

/**
 * The parts of a tensor along an axis, as {@link split} makes them, where the number of parts need not divide the extent: the first
 * ones are then longer by one.
 *
 * @param options axis (default 0)
 */
export function arraySplit(
  x: TensorInput,
  indicesOrSections: number | readonly number[],
  options: { readonly axis?: number } = {},
): Tensor[] {
  checkOptions('arraySplit', options, ['axis'])
  const value = toTensor('arraySplit', x)
  const axis = normalizeAxis('arraySplit', options.axis ?? 0, value.rank)
  if (typeof indicesOrSections !== 'number') return split(value, indicesOrSections, { axis })
  checkInteger('arraySplit', 'sections', indicesOrSections, 1)
  const extent = value.shape[axis] as number
  const [each, longer] = [Math.floor(extent / indicesOrSections), extent % indicesOrSections]
  const cuts = Array.from(
    { length: indicesOrSections - 1 },
    (_, i) => (i + 1) * each + Math.min(i + 1, longer),
  )
  return split(value, cuts, { axis })
}

composition<{ indexing: boolean; grid: number }>({
  name: 'meshgrid',
  compose: (inputs, { indexing, grid }) =>
    meshgrid(inputs, { indexing: indexing ? 'xy' : 'ij' })[grid] as Tensor,
  attributes: { indexing: 'boolean', grid: 'integer' },
  samples: () => [
    sample('the first of two', [uniform([3]), uniform([4], -2, 2, 1)], { indexing: true, grid: 0 }),
    sample('the second of two', [uniform([3]), uniform([4], -2, 2, 1)], { indexing: true, grid: 1 }),
    sample('by row', [uniform([3]), uniform([4], -2, 2, 1), uniform([2], -2, 2, 2)], {
      indexing: false,
      grid: 1,
    }),
    sample('of three', [uniform([3]), uniform([4], -2, 2, 1), uniform([2], -2, 2, 2)], {
      indexing: true,
      grid: 2,
    }),
    sample('of one', [uniform([3])], { indexing: true, grid: 0 }),
  ],
  errors: [
    {
      label: 'another order',
      run: ({ meshgrid }) => meshgrid([[1]], { indexing: 'yx' as never }),
      code: 'argument.range',
    },
    { label: 'matrices', run: ({ meshgrid }) => meshgrid([[[1]]]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.meshgrid(*inputs, indexing="xy" if indexing else "ij")[grid].clone()',
})

/**
 * Coordinates on the grid that vectors span: for each vector a tensor that varies along its axis alone.
 *
 * @param options indexing: 'xy' (default), where the first vector varies along axis 1 and the second along axis 0, or 'ij'
 */
export function meshgrid(
  xs: readonly TensorInput[],
  options: { readonly indexing?: 'xy' | 'ij' } = {},
): Tensor[] {
  checkOptions('meshgrid', options, ['indexing'])
  const { indexing = 'xy' } = options
  if (indexing !== 'xy' && indexing !== 'ij') {
    fail('argument.range', { op: 'meshgrid', argument: 'indexing', expected: "'xy' or 'ij'", got: indexing })
  }
  const vectors = toTensors('meshgrid', xs)
  if (vectors.some(({ rank }) => rank > 1)) {
    const got = vectors.map(({ shape }) => shape)
    fail('shape.mismatch', { op: 'meshgrid', expected: 'vectors', got })
  }
  const swapped = indexing === 'xy' && vectors.length > 1
  const axisOf = (i: number) => (swapped && i < 2 ? 1 - i : i)
  const shape = vectors.map(() => 1)
  vectors.forEach(({ size }, i) => {
    shape[axisOf(i)] = size
  })
  return vectors.map((vector, i) =>
    applyComposition(`meshgrid ${axisOf(i)} ${shape}`, [vector], ([input]) =>
      broadcastTo(
        reshape(
          input as Tensor,
          shape.map((_, axis) => (axis === axisOf(i) ? vector.size : 1)),
        ),
        shape,
      ),
    ),
  )
}
