import type { Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import { normalizeAxes, normalizeAxis } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape, stopGradient, transpose } from './array.js'
import { batchAlike } from './batch.js'
import { add, divide, multiply, subtract } from './binary.js'
import { cast, greater, where } from './compare.js'
import { cumsum } from './cumulative.js'
import { exp, log } from './exponential.js'
import { composition, primitive, type Spec } from './record.js'
import { max, sum } from './reduce.js'
import { forEachRow } from './rows.js'
import { array, sample, uniform, valueSample, values } from './samples.js'
import { sort } from './sort.js'
import { negative, relu } from './unary.js'

const softmaxOp = primitive({
  name: 'softmax',
  arity: 1,
  batch: batchAlike,
  attributes: {},
  infer: ([x]) => {
    const { shape, dtype } = x as Spec
    if (dtype !== 'float32') fail('dtype.mismatch', { op: 'softmax', expected: 'float32', got: [dtype] })
    if (shape.length === 0)
      fail('shape.mismatch', { op: 'softmax', expected: 'a tensor of rank 1 or more', got: [shape] })
    return { shape, dtype }
  },
  kernel: ({ inputs, output, specs: [spec] }) => {
    const [x] = inputs as [Storage]
    const columns = (spec as Spec).shape.at(-1) as number
    forEachRow(x, columns, (start, maximum, total) => {
      for (let j = start; j < start + columns; j++) output[j] = Math.exp((x[j] as number) - maximum) / total
    })
  },
  vjp: ({ output, gradient }, { multiply, subtract, sum }) => [
    multiply(output, subtract(gradient, sum(multiply(gradient, output), { axis: -1, keepdims: true }))),
  ],
  samples: () => [
    ...[1, 2, 7, 10, 16, 17, 33, 100, 1000].map((columns) =>
      sample(`rows of ${columns}`, [uniform([5, columns], -4, 4)]),
    ),
    sample('many rows', [uniform([5003, 17], -4, 4)]),
    sample('rank 1', [uniform([9])]),
    sample('rank 3', [uniform([2, 3, 5])]),
    sample('large logits', [array([3, 4], 'float32', (i) => 1000 + i)]),
    valueSample('special values', [
      {
        ...values([NaN, 1, 2, -Infinity, 0, 1, Infinity, 1, 2, -Infinity, -Infinity, -Infinity]),
        shape: [4, 3],
      },
    ]),
    sample('nothing', [uniform([0, 3])]),
  ],
  errors: [
    { label: 'a scalar', run: ({ softmax }) => softmax(1), code: 'axis.range' },
    { label: 'int32', run: ({ softmax }) => softmax(tensor(new Int32Array([1, 2]))), code: 'dtype.mismatch' },
  ],
  // One rounding for x - maximum, of up to 20 here, dominates: exp turns it into as many ulps.
  tolerance: { relative: 4e-6 },
  magnitude: ({ inputs, output, specs: [spec] }) => {
    const [x] = inputs as [Storage]
    const columns = (spec as Spec).shape.at(-1) as number
    forEachRow(x, columns, (start, maximum, total) => {
      for (let j = start; j < start + columns; j++) output[j] = Math.exp((x[j] as number) - maximum) / total
    })
  },
  torch: 'torch.softmax(a, dim=-1)',
})

/** Along which axis, or axes together; default: the last, null: all. */
export interface SoftmaxOptions {
  readonly axis?: number | readonly number[] | null
}

/**
 * exp(x) divided by its sum along `axis` (default: the last; several count together), computed so that large values do not overflow. float32.
 */
export function softmax(x: TensorInput, options: SoftmaxOptions = {}): Tensor {
  checkOptions('softmax', options, ['axis'])
  const { axis = -1 } = options
  return alongLastAxis('softmax', toTensor('softmax', x), axis, (rows) => apply(softmaxOp, [rows]))
}

/** Applies what works along the last axis along others, several of which are one for it. */
function alongLastAxis(
  op: string,
  x: Tensor,
  axis: number | readonly number[] | null,
  f: (rows: Tensor) => Tensor,
): Tensor {
  const along =
    Array.isArray(axis) || axis === null
      ? normalizeAxes(op, axis, x.rank)
      : [normalizeAxis(op, axis as number, x.rank)]
  if (along.length === 1 && along[0] === x.rank - 1) return f(x)
  return applyComposition(`${op} along ${along}`, [x], ([input]) => {
    const order = [...x.shape.keys()].filter((i) => !along.includes(i)).concat(along)
    const moved = transpose(input as Tensor, order)
    const kept = moved.shape.slice(0, x.rank - along.length)
    const rows = f(reshape(moved, [...kept, along.reduce((size, i) => size * (x.shape[i] as number), 1)]))
    return transpose(
      reshape(rows, moved.shape),
      order.map((_, i) => order.indexOf(i)),
    )
  })
}

composition<{ axis: readonly number[] }>({
  name: 'softmax over axes',
  compose: ([x], options) => softmax(x as Tensor, options),
  attributes: { axis: 'integers' },
  samples: () => [
    sample('the first', [uniform([5, 7], -4, 4)], { axis: [0] }),
    sample('the outer', [uniform([2, 3, 5], -4, 4)], { axis: [0, 2] }),
    sample('all', [uniform([2, 3, 5], -4, 4)], { axis: [0, 1, 2] }),
  ],
  errors: [],
  tolerance: { relative: 4e-6 },
  torch: 'torch.exp(a - torch.logsumexp(a, tuple(axis), keepdim=True))',
})

composition<{ axis: number }>({
  name: 'logSoftmax',
  compose: ([x], options) => logSoftmax(x as Tensor, options),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('rows', [uniform([5, 7], -4, 4)], { axis: -1 }),
    sample('the first', [uniform([5, 7], -4, 4)], { axis: 0 }),
    sample('large logits', [array([3, 4], 'float32', (i) => 1000 + i)], { axis: -1 }),
    valueSample('infinities', [{ ...values([0, -Infinity, 1, 2]), shape: [2, 2] }], { axis: -1 }),
  ],
  errors: [{ label: 'a scalar', run: ({ logSoftmax }) => logSoftmax(1), code: 'axis.range' }],
  tolerance: { relative: 1e-6 },
  torch: 'torch.log_softmax(a, axis)',
})

/** The logarithm of {@link softmax}, without overflow. float32. */
export function logSoftmax(x: TensorInput, options: SoftmaxOptions = {}): Tensor {
  checkOptions('logSoftmax', options, ['axis'])
  const { axis = -1 } = options
  const value = toTensor('logSoftmax', x)
  if (value.dtype !== 'float32')
    fail('dtype.mismatch', { op: 'logSoftmax', expected: 'float32', got: [value.dtype] })
  const along =
    Array.isArray(axis) || axis === null
      ? normalizeAxes('logSoftmax', axis, value.rank)
      : [normalizeAxis('logSoftmax', axis as number, value.rank)]
  return applyComposition(`logSoftmax${along}`, [value], ([input]) => {
    const all = { axis: along, keepdims: true }
    const shifted = subtract(input as Tensor, stopGradient(max(input as Tensor, all)))
    return subtract(shifted, log(sum(exp(shifted), all)))
  })
}

composition({
  name: 'sparsemax',
  compose: ([x]) => sparsemax(x as Tensor),
  attributes: {},
  samples: () => [
    sample('rows', [uniform([5, 7], -2, 2)]),
    sample('a list', [uniform([9], -1, 1)]),
    valueSample('ties and large', [{ ...values([1, 1, 1, 0, 100, -100, 2, 2, -3]), shape: [3, 3] }]),
  ],
  errors: [{ label: 'a scalar', run: ({ sparsemax }) => sparsemax(1), code: 'axis.range' }],
  tolerance: { relative: 1e-6 },
  torch:
    '(lambda s, r: torch.clamp(a - (torch.where(1 + r * s > s.cumsum(-1), s, 0.0).sum(-1, True) - 1) / ' +
    '(1 + r * s > s.cumsum(-1)).sum(-1, True), min=0))' +
    '(torch.sort(a, dim=-1, descending=True)[0], torch.arange(1, a.shape[-1] + 1))',
})

/** The projection of x onto the probabilities along `axis` (default: the last), which makes small ones 0 (Martins and Astudillo, 2016). */
export function sparsemax(x: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('sparsemax', options, ['axis'])
  const { axis = -1 } = options
  const value = toTensor('sparsemax', x)
  if (value.dtype !== 'float32')
    fail('dtype.mismatch', { op: 'sparsemax', expected: 'float32', got: [value.dtype] })
  const along = normalizeAxis('sparsemax', axis, value.rank)
  return applyComposition(`sparsemax${along}`, [value], ([input]) =>
    alongLastAxis('sparsemax', input as Tensor, along, sparsemaxOfRows),
  )
}

function sparsemaxOfRows(x: Tensor): Tensor {
  const all = { axis: -1, keepdims: true }
  const ranks = tensor(Float32Array.from({ length: x.shape.at(-1) as number }, (_, i) => i + 1))
  // Which elements stay is no matter of the gradient.
  const descending = negative(sort(negative(stopGradient(x)), { axis: -1 }))
  const stays = greater(add(multiply(ranks, descending), 1), cumsum(descending, { axis: -1 }))
  const least = divide(subtract(sum(where(stays, descending, 0), all), 1), sum(cast(stays, 'float32'), all))
  const support = greater(x, least)
  const shift = divide(subtract(sum(where(support, x, 0), all), 1), sum(cast(support, 'float32'), all))
  return relu(subtract(x, shift))
}
