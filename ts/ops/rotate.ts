import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { swapaxes } from './axes.js'
import { composition } from './record.js'
import { booleans, integers, sample, uniform } from './samples.js'
import { flip } from './slice.js'

composition<{ k: number; first: number; second: number }>({
  name: 'rot90',
  compose: ([x], { k, first, second }) => rot90(x as Tensor, { k, axes: [first, second] }),
  attributes: { k: 'integer', first: 'integer', second: 'integer' },
  samples: () => [
    ...[-1, 0, 1, 2, 3, 6].map((k) => sample(`${k} times`, [uniform([3, 4])], { k, first: 0, second: 1 })),
    sample('other axes', [uniform([2, 3, 4])], { k: 1, first: -1, second: 1 }),
    sample('bool', [booleans([2, 3])], { k: 1, first: 0, second: 1 }),
  ],
  errors: [
    { label: 'a vector', run: ({ rot90 }) => rot90([1, 2]), code: 'axis.range' },
    { label: 'one axis twice', run: ({ rot90 }) => rot90([[1]], { axes: [0, -2] }), code: 'axis.repeated' },
    { label: 'half a turn', run: ({ rot90 }) => rot90([[1]], { k: 0.5 }), code: 'argument.range' },
  ],
  tolerance: 'exact',
  torch: 'torch.rot90(a, k, (first, second))',
})

/**
 * A quarter turn in the plane of two axes, from the first towards the second.
 *
 * @param options k: how many quarter turns (default 1; negative ones turn back), axes (default [0, 1])
 */
export function rot90(
  x: TensorInput,
  options: { readonly k?: number; readonly axes?: readonly [number, number] } = {},
): Tensor {
  checkOptions('rot90', options, ['k', 'axes'])
  const { k = 1, axes = [0, 1] } = options
  checkInteger('rot90', 'k', k, Number.MIN_SAFE_INTEGER)
  const value = toTensor('rot90', x)
  const [first, second] = axes.map((axis) => normalizeAxis('rot90', axis, value.rank)) as [number, number]
  if (first === second) fail('axis.repeated', { op: 'rot90', axes: [first, second] })
  const turns = ((k % 4) + 4) % 4
  return applyComposition(`rot90 ${turns} ${first} ${second}`, [value], ([input]) => {
    const tensor = input as Tensor
    if (turns === 0) return tensor
    if (turns === 2) return flip(tensor, { axis: [first, second] })
    return flip(swapaxes(tensor, first, second), { axis: turns === 1 ? first : second })
  })
}

composition({
  name: 'flipud',
  compose: ([x]) => flipud(x as Tensor),
  attributes: {},
  samples: () => [sample('rows', [uniform([3, 4])]), sample('a vector', [integers([5], -9, 9)])],
  errors: [{ label: 'a scalar', run: ({ flipud }) => flipud(1), code: 'shape.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.flip(a, (0,))',
})

/** The rows, along axis 0, in reverse order. */
export function flipud(x: TensorInput): Tensor {
  return flipAlong('flipud', x, 0)
}

composition({
  name: 'fliplr',
  compose: ([x]) => fliplr(x as Tensor),
  attributes: {},
  samples: () => [sample('columns', [uniform([3, 4])]), sample('the middle', [uniform([2, 3, 2])])],
  errors: [{ label: 'a vector', run: ({ fliplr }) => fliplr([1, 2]), code: 'shape.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.flip(a, (1,))',
})

/** The columns, along axis 1, in reverse order. */
export function fliplr(x: TensorInput): Tensor {
  return flipAlong('fliplr', x, 1)
}

function flipAlong(op: string, x: TensorInput, axis: number): Tensor {
  const value = toTensor(op, x)
  if (value.rank <= axis) {
    fail('shape.mismatch', { op, expected: `a tensor of rank ${axis + 1} or more`, got: [value.shape] })
  }
  return flip(value, { axis })
}
