import { fail } from '../errors.js'
import { checkBoolean, checkOptions } from '../options.js'
import { normalizeAxis, type Shape, sameShape } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { moveaxis } from './axes.js'
import { add, clip, divide, maximum, multiply, subtract } from './binary.js'
import { cast } from './compare.js'
import { epsilon } from './epsilon.js'
import { log } from './exponential.js'
import { oneHot } from './one-hot.js'
import { composition } from './record.js'
import { sum } from './reduce.js'
import { array, integers, sample, uniform } from './samples.js'
import { logSoftmax } from './softmax.js'
import { softplus } from './softplus.js'
import { sparseSoftmaxCrossentropy } from './sparse-softmax-crossentropy.js'
import { absolute, negative } from './unary.js'

/** Whether the output holds logits, not probabilities (default false), and the axis of the classes (default: the last). */
export interface CrossentropyOptions {
  readonly fromLogits?: boolean
  readonly axis?: number
}

function checkCrossentropy(op: string, options: CrossentropyOptions, known: readonly string[]): void {
  checkOptions(op, options, known)
  checkBoolean(op, 'fromLogits', options.fromLogits)
}

/** Raises unless target and output have one shape, of rank 1 or more. */
function checkTargets(op: string, target: Tensor, output: Tensor): void {
  if (sameShape(target.shape, output.shape) && output.rank > 0) return
  fail('shape.mismatch', {
    op,
    expected: 'a target of the shape of the output',
    got: [target.shape, output.shape],
  })
}

/** Probabilities divided by their sum along an axis, kept off 0 and 1. */
function normalized(output: Tensor, axis: number): Tensor {
  return clip(divide(output, sum(output, { axis, keepdims: true })), epsilon, 1 - epsilon)
}

const kinds = [{ fromLogits: true }, { fromLogits: false }]

composition<{ fromLogits: boolean; axis: number }>({
  name: 'categoricalCrossentropy',
  compose: ([target, output], options) =>
    categoricalCrossentropy(target as Tensor, output as Tensor, options),
  attributes: { fromLogits: 'boolean', axis: 'integer' },
  samples: () =>
    kinds.flatMap((kind) => [
      sample(`rows, ${kind.fromLogits}`, [uniform([5, 3], 0, 1, 1), uniform([5, 3], 0.1, 0.9, 2)], {
        ...kind,
        axis: -1,
      }),
      sample(`the middle, ${kind.fromLogits}`, [uniform([2, 4, 3], 0, 1, 1), uniform([2, 4, 3], 0.1, 3, 2)], {
        ...kind,
        axis: 1,
      }),
    ]),
  errors: [
    {
      label: 'another shape',
      run: ({ categoricalCrossentropy }) => categoricalCrossentropy([1, 0], [[0.5, 0.5]]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    '-(a * (torch.log_softmax(b, axis) if fromLogits else torch.log((b / b.sum(axis, True)).clip(1e-7, 1 - 1e-7)))).sum(axis)',
})

/**
 * -Σ target · log(probability) along the axis of the classes, for targets that are probabilities of the output's shape, such as one-hot rows.
 *
 * @example
 * lw.ops.categoricalCrossentropy([[0, 1]], [[0.2, 0.8]])   // [0.223]
 */
export function categoricalCrossentropy(
  target: TensorInput,
  output: TensorInput,
  options: CrossentropyOptions = {},
): Tensor {
  const op = 'categoricalCrossentropy'
  checkCrossentropy(op, options, ['fromLogits', 'axis'])
  const { fromLogits = false } = options
  const given = [cast(toTensor(op, target), 'float32'), toTensor(op, output)] as const
  checkTargets(op, ...given)
  const axis = normalizeAxis(op, options.axis ?? -1, given[1].rank)
  return applyComposition(`${op} ${fromLogits} ${axis}`, given, ([t, y]) => {
    const logarithms = fromLogits ? logSoftmax(y as Tensor, { axis }) : log(normalized(y as Tensor, axis))
    return negative(sum(multiply(t as Tensor, logarithms), { axis }))
  })
}

composition<{ fromLogits: boolean; axis: number }>({
  name: 'sparseCategoricalCrossentropy',
  compose: ([target, output], options) =>
    sparseCategoricalCrossentropy(target as Tensor, output as Tensor, options),
  attributes: { fromLogits: 'boolean', axis: 'integer' },
  samples: () =>
    kinds.flatMap((kind) => [
      sample(`rows, ${kind.fromLogits}`, [integers([5], 0, 3), uniform([5, 3], 0.1, 0.9)], {
        ...kind,
        axis: -1,
      }),
      sample(`an axis of 1, ${kind.fromLogits}`, [integers([5, 1], 0, 3), uniform([5, 3], 0.1, 0.9)], {
        ...kind,
        axis: -1,
      }),
      sample(`the middle, ${kind.fromLogits}`, [integers([2, 3], 0, 4), uniform([2, 4, 3], 0.1, 3)], {
        ...kind,
        axis: 1,
      }),
    ]),
  errors: [
    {
      label: 'another number of labels',
      run: ({ sparseCategoricalCrossentropy }) =>
        sparseCategoricalCrossentropy(tensor(new Int32Array([0, 1])), [[0.5, 0.5]]),
      code: 'shape.mismatch',
    },
    {
      label: 'float labels',
      run: ({ sparseCategoricalCrossentropy }) => sparseCategoricalCrossentropy([0.5], [[0.5, 0.5]]),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    '-torch.gather(torch.log_softmax(b, axis) if fromLogits else torch.log((b / b.sum(axis, True)).clip(1e-7, 1 - 1e-7)), axis, ' +
    '(a if a.dim() == b.dim() else a.unsqueeze(axis)).long()).squeeze(axis)',
})

/**
 * -log(probability of the class) for int32 targets that are class numbers: of the output's shape without the axis of the classes, or with
 * extent 1 there.
 *
 * @example
 * lw.ops.sparseCategoricalCrossentropy(lw.tensor(new Int32Array([1])), [[0.2, 0.8]])   // [0.223]
 */
export function sparseCategoricalCrossentropy(
  target: TensorInput,
  output: TensorInput,
  options: CrossentropyOptions = {},
): Tensor {
  const op = 'sparseCategoricalCrossentropy'
  checkCrossentropy(op, options, ['fromLogits', 'axis'])
  const { fromLogits = false } = options
  const given = [toTensor(op, target), toTensor(op, output)] as const
  const [{ shape, dtype }, { shape: scores, rank }] = given
  const axis = normalizeAxis(op, options.axis ?? -1, rank)
  const without: Shape = scores.filter((_, i) => i !== axis)
  const unit: Shape = scores.map((extent, i) => (i === axis ? 1 : extent))
  if (!sameShape(shape, without) && !sameShape(shape, unit)) {
    const expected = 'class numbers of the shape of the output without its classes'
    fail('shape.mismatch', { op, expected, got: [shape, scores] })
  }
  if (dtype !== 'int32') fail('dtype.mismatch', { op, expected: 'int32 class numbers', got: [dtype] })
  const classes = scores[axis] as number
  return applyComposition(`${op} ${fromLogits} ${axis}`, given, ([t, y]) => {
    const last = moveaxis(y as Tensor, axis, -1)
    const rows = reshape(last, [last.size / Math.max(1, classes), classes])
    const labels = reshape(t as Tensor, [rows.shape[0] as number])
    if (fromLogits) return reshape(sparseSoftmaxCrossentropy(rows, labels), without)
    const ofLabel = sum(multiply(log(normalized(rows, -1)), oneHot(labels, classes)), { axis: -1 })
    return reshape(negative(ofLabel), without)
  })
}

composition<{ fromLogits: boolean }>({
  name: 'binaryCrossentropy',
  compose: ([target, output], options) => binaryCrossentropy(target as Tensor, output as Tensor, options),
  attributes: { fromLogits: 'boolean' },
  samples: () => [
    sample('probabilities', [uniform([5, 7], 0, 1, 1), uniform([5, 7], 0.05, 0.95, 2)], {
      fromLogits: false,
    }),
    sample('logits', [uniform([5, 7], 0, 1, 1), uniform([5, 7], -5, 5, 2)], { fromLogits: true }),
    sample(
      'large logits',
      [array([4], 'float32', (i) => i % 2), array([4], 'float32', (i) => 100 * (i - 1.5))],
      { fromLogits: true },
    ),
  ],
  errors: [
    {
      label: 'another shape',
      run: ({ binaryCrossentropy }) => binaryCrossentropy([1, 0], [[0.5, 0.5]]),
      code: 'shape.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch:
    'torch.clamp(b, min=0) - b * a + torch.nn.functional.softplus(-b.abs(), threshold=800) if fromLogits ' +
    'else -(a * torch.log(b.clip(1e-7, 1 - 1e-7)) + (1 - a) * torch.log(1 - b.clip(1e-7, 1 - 1e-7)))',
})

/**
 * -(target · log p + (1 - target) · log(1 - p)) for each element of the output p, which has the target's shape.
 *
 * @param options fromLogits: whether the output holds logits, of which p is the sigmoid (default false)
 */
export function binaryCrossentropy(
  target: TensorInput,
  output: TensorInput,
  options: { readonly fromLogits?: boolean } = {},
): Tensor {
  const op = 'binaryCrossentropy'
  checkCrossentropy(op, options, ['fromLogits'])
  const { fromLogits = false } = options
  const given = [cast(toTensor(op, target), 'float32'), toTensor(op, output)] as const
  if (!sameShape(given[0].shape, given[1].shape)) {
    const expected = 'a target of the shape of the output'
    fail('shape.mismatch', { op, expected, got: given.map(({ shape }) => shape) })
  }
  return applyComposition(`${op} ${fromLogits}`, given, ([a, b]) => {
    const [t, y] = [a as Tensor, b as Tensor]
    if (fromLogits) {
      return add(subtract(maximum(y, 0), multiply(y, t)), softplus(negative(absolute(y))))
    }
    const p = clip(y, epsilon, 1 - epsilon)
    return negative(add(multiply(t, log(p)), multiply(subtract(1, t), log(subtract(1, p)))))
  })
}
