import { grad } from '../../ts/graph/autodiff.js'
import * as ops from '../../ts/ops/index.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { integers, uniform } from '../../ts/ops/samples.js'
import type { Tensor } from '../../ts/tensor.js'
import { Variable } from '../../ts/variable.js'
import type { Case } from './cases.js'
import { reference32, type TensorFunction, tensorOf, traceProgram, withExecutor } from './program.js'

/** Extents around the tiles and vectors of every instruction set. */
const rowCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 29, 64]
const columnCounts = [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 65, 96, 100]

/** What fusions make one instruction of, at every edge: dense layers, chains of elementwise ops, updates of many variables. */
export function fusionPrograms(rows: readonly number[] = rowCounts): Case[] {
  return [
    ...rows.map(denseLayers),
    ...rows.map(epilogues),
    ...rows.map(elementwiseChains),
    ...rows.map(crossentropies),
    ...rows.map(reductionsOfChains),
    ...rows.map(rearrangements),
    ...rows.map(pooledConvolutions),
    repeatedExpressions(),
    variableUpdates(),
  ]
}

function fusionCase(label: string, f: TensorFunction, inputs: readonly SampleArray[]): Case {
  const program = traceProgram(reference32, f, inputs)
  const initial = program.variables.map(({ variable }) => variable.read())
  return {
    row: 'fusions',
    kind: 'program',
    label,
    workload: { program, inputs, initial, steps: initial.length > 0 ? 3 : 1 },
  }
}

/** Products with and without a bias, before every activation, for all numbers of columns. */
export function denseLayers(rows: number): Case {
  const inner = 5
  const inputs = [
    uniform([rows, inner], -1, 1, 1),
    ...columnCounts.flatMap((columns) => [
      uniform([inner, columns], -1, 1, columns),
      uniform([columns], -1, 1, 2),
    ]),
  ]
  const activations = [ops.relu, ops.tanh, ops.sigmoid, ops.exp, ops.negative, (x: Tensor) => x]
  const f: TensorFunction = ([x, ...weights]) =>
    columnCounts.flatMap((_, i) => {
      const [kernel, bias] = weights.slice(2 * i) as [Tensor, Tensor]
      // A product of its own for each, since a product with several readers is not fused.
      return activations.flatMap((activation) => [
        activation(ops.add(ops.matmul(x as Tensor, kernel), bias)),
        activation(ops.matmul(x as Tensor, kernel)),
      ])
    })
  return fusionCase(`dense layers of ${rows} rows`, f, inputs)
}

/** Products before chains that read whole operands, rows, columns and scalars, with several results, the product among them. */
export function epilogues(rows: number): Case {
  const inner = 5
  const inputs = [
    uniform([rows, inner], -1, 1, 1),
    uniform([rows, 1], 0.5, 2, 2),
    uniform([], 0.5, 2, 3),
    ...columnCounts.flatMap((columns) => [
      uniform([inner, columns], -1, 1, columns),
      uniform([columns], -1, 1, 4),
      uniform([rows, columns], -1, 1, 5),
    ]),
  ]
  const f: TensorFunction = ([x, column, scalar, ...weights]) =>
    columnCounts.flatMap((_, i) => {
      const [kernel, row, whole] = weights.slice(3 * i) as [Tensor, Tensor, Tensor]
      // A product of its own for each, which differ by a factor.
      const product = (factor: number) => ops.matmul(ops.multiply(x as Tensor, factor), kernel)
      const gradient = ops.where(ops.less(0, whole), product(1), 0)
      const residual = ops.add(ops.multiply(product(2), scalar as Tensor), whole)
      const scaled = ops.divide(ops.subtract(product(-1), row), column as Tensor)
      const shared = product(-2)
      return [
        gradient,
        residual,
        scaled,
        ops.multiply(shared, ops.sigmoid(shared)),
        shared,
        ops.less(product(3), row),
      ]
    })
  return fusionCase(`epilogues of ${rows} rows`, f, inputs)
}

/** Chains whose operands are whole, a row, a column or a scalar, with several results. */
function elementwiseChains(rows: number): Case {
  const inputs = columnCounts.flatMap((columns) => [
    uniform([rows, columns], -1, 1, columns),
    uniform([columns], -1, 1, 3),
    uniform([rows, 1], 0.5, 2, 4),
    uniform([], 0.5, 2, 5),
    integers([rows, columns], -3, 3, 6),
  ])
  const f: TensorFunction = (all) =>
    columnCounts.flatMap((_, i) => {
      const [x, row, column, scalar, counts] = all.slice(5 * i) as [Tensor, Tensor, Tensor, Tensor, Tensor]
      const shifted = ops.multiply(ops.add(x, row), ops.subtract(column, scalar))
      const chosen = ops.where(ops.less(x, row), ops.divide(shifted, column), ops.power(column, x))
      const counted = ops.multiply(ops.cast(ops.maximum(counts, ops.cast(x, 'int32')), 'float32'), scalar)
      return [chosen, ops.add(ops.sigmoid(chosen), counted), ops.lessEqual(row, x), ops.negative(counts)]
    })
  return fusionCase(`chains of ${rows} rows`, f, inputs)
}

/** Cross-entropies with their gradients, of the mean and of a weighted sum. */
function crossentropies(rows: number): Case {
  const inputs = [
    uniform([rows], -1, 1, 1),
    ...columnCounts.flatMap((columns) => [
      uniform([rows, columns], -4, 4, columns),
      integers([rows], 0, columns, columns),
    ]),
  ]
  const f: TensorFunction = ([weights, ...batches]) =>
    columnCounts.flatMap((_, i) => {
      const [logits, labels] = batches.slice(2 * i) as [Tensor, Tensor]
      const losses = (x: Tensor) => ops.sparseSoftmaxCrossentropy(x, labels)
      return [
        losses(logits),
        grad((x: Tensor) => ops.mean(losses(x)))(logits),
        grad((x: Tensor) => ops.sum(ops.multiply(losses(ops.negative(x)), weights as Tensor)))(logits),
      ]
    })
  return fusionCase(`crossentropies of ${rows} rows`, f, inputs)
}

/** Sums and maxima of chains, along rows, along columns and of everything, and the norm of several tensors. */
function reductionsOfChains(rows: number): Case {
  const inputs = [
    uniform([], -1, 1, 1),
    ...columnCounts.map((columns) => uniform([rows, columns], -1, 1, columns)),
  ]
  const f: TensorFunction = ([shift, ...tensors]) => {
    const chain = (x: Tensor) => ops.square(ops.subtract(ops.tanh(x), shift as Tensor))
    const norms = tensors.map((x) => ops.sum(ops.square(x)))
    return [
      ops.sqrt(norms.reduce((a, b) => ops.add(a, b))),
      ...tensors.flatMap((x) => [[0], [1], [0, 1]].map((axis) => ops.sum(chain(x), { axis }))),
      ...tensors.flatMap((x) => [0, 1].map((axis) => ops.max(ops.negative(x), { axis }))),
    ]
  }
  return fusionCase(`reductions of chains of ${rows} rows`, f, inputs)
}

/** The same expressions several times, expressions that differ in an attribute alone, and expressions of constants. */
function repeatedExpressions(): Case {
  const inputs = [uniform([6, 6], -1, 1, 1), integers([2], -9, 9, 2), integers([], 0, 9, 3)]
  const f: TensorFunction = ([x, key, step]) => {
    const [a, b, c] = [0, 0, 1].map((axis) => ops.sum(ops.exp(x as Tensor), { axis })) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const draws = [4, 4, 5].map((stream) => ops.randomUniform(key as Tensor, step as Tensor, [6], stream))
    const table = ops.tanh(
      ops.matmul(
        [
          [1, 2],
          [3, 4],
        ],
        [[0.5], [-0.25]],
      ),
    )
    const scale = ops.divide(1, ops.sqrt(ops.sum(ops.multiply(table, table))))
    return [a, b, c, ...draws, ops.multiply(x as Tensor, scale), ops.matmul(ops.reshape(c, [3, 2]), table)]
  }
  return fusionCase('repeated expressions', f, inputs)
}

/** Concatenations of results that others read too, of one value several times, and of what is computed twice; slices in between. */
function rearrangements(rows: number): Case {
  const inputs = columnCounts.flatMap((columns) => [
    uniform([rows, columns], -1, 1, columns),
    uniform([rows, columns + 2], -1, 1, 3),
  ])
  const f: TensorFunction = (all) =>
    columnCounts.flatMap((columns, i) => {
      const [x, y] = all.slice(2 * i) as [Tensor, Tensor]
      const joined = () => ops.concatenate([ops.tanh(x), ops.multiply(y, 2), ops.tanh(x)], { axis: 1 })
      const part = ops.slice(joined(), [0, columns], [rows, columns + 2])
      const stacked = ops.stack([x, ops.flip(x), ops.tanh(x)])
      const updated = ops.sliceUpdate(ops.add(y, 1), [0, 1], ops.multiply(x, 0.5))
      return [
        ops.exp(joined()),
        ops.add(part, y),
        ops.sum(stacked, { axis: 0 }),
        ops.negative(updated),
        ops.pad(x, 1),
      ]
    })
  return fusionCase(`rearrangements of ${rows} rows`, f, inputs)
}

/** Convolutions whose outputs are pooled, and their gradients by images of so many lines, kernel and bias. */
function pooledConvolutions(rows: number): Case {
  const inputs = [
    uniform([2, rows + 2, 9, 3], -1, 1, rows),
    ...[1, 5, 8, 33].flatMap((filters) => [
      uniform([3, 3, 3, filters], -1, 1, filters),
      uniform([filters], -1, 1, 7),
    ]),
  ]
  const f: TensorFunction = ([x, ...weights]) =>
    [0, 1, 2, 3].flatMap((i) => {
      const operands = [x, ...weights.slice(2 * i, 2 * i + 2)] as Tensor[]
      const pooled = ([x, kernel, bias]: Tensor[]) => {
        const outputs = ops.add(ops.conv(x as Tensor, kernel as Tensor, { padding: 'same' }), bias as Tensor)
        return ops.maxPool(ops.relu(outputs), 2)
      }
      const gradients = grad((of: Tensor[]) => ops.sum(ops.square(pooled(of))))(operands)
      return [pooled(operands), ...gradients]
    })
  return fusionCase(`pooled convolutions of ${rows} lines`, f, inputs)
}

/** Adam's rule on variables of many lengths at once, some of them equal, and two that change places. */
function variableUpdates(): Case {
  const lengths = [...columnCounts, ...columnCounts, 1000, 5000]
  return withExecutor(reference32, () => {
    const make = (low: number, high: number) => (length: number, i: number) =>
      new Variable(tensorOf(uniform([length], low, high, i)), `variable ${i}`, true)
    const weights = lengths.map(make(-1, 1))
    const means = lengths.map(make(-0.1, 0.1))
    const squares = lengths.map(make(0.001, 0.1))
    const rate = new Variable(tensorOf(uniform([], 0.01, 0.02)), 'rate', false)
    return fusionCase(
      'updates of many variables',
      (gradients) => {
        weights.forEach((weight, i) => {
          const [mean, square, gradient] = [
            means[i] as Variable,
            squares[i] as Variable,
            gradients[i] as Tensor,
          ]
          mean.assign(ops.add(mean, ops.multiply(ops.subtract(gradient, mean), 0.1)))
          square.assign(ops.add(square, ops.multiply(ops.subtract(ops.square(gradient), square), 0.001)))
          const change = ops.divide(ops.multiply(mean, rate), ops.add(ops.sqrt(square), 1e-7))
          weight.assign(ops.subtract(weight, change))
        })
        const [first, second] = [weights[0]?.read(), weights[columnCounts.length]?.read()] as [Tensor, Tensor]
        weights[0]?.assign(second)
        weights[columnCounts.length]?.assign(first)
        return [ops.sum(weights[1] as Variable)]
      },
      lengths.map((length, i) => uniform([length], -1, 1, 50 + i)),
    )
  })
}
