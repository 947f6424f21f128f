import { grad } from '../../ts/graph/autodiff.js'
import * as ops from '../../ts/ops/index.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { booleans, integers, uniform } from '../../ts/ops/samples.js'
import { broadcastShapes, type Shape, sameShape } from '../../ts/shape.js'
import { type Tensor, tensor } from '../../ts/tensor.js'
import { Variable } from '../../ts/variable.js'
import { Random } from '../random.js'
import type { Case } from './cases.js'
import { reference32, tensorOf, traceProgram, withExecutor } from './program.js'

/** A float32 value of a program under construction. */
interface Node {
  readonly tensor: Tensor
  /** Its elements are at most this large, so that compositions stay in range. */
  readonly limit: number
  /** Whether it is the same in any precision, so that it can be compared and truncated. */
  readonly exact: boolean
}

const extents = [1, 2, 3, 5, 8, 17, 33, 64]
const largeExtents = [1, 33, 257, 700]
/** What larger values are scaled down from. */
const largestLimit = 50

/**
 * A random program of all primitives: values of a few shapes that broadcast to each other, some of them shared and some unused, two
 * variables, several steps, and in every other program gradients that the variables descend.
 */
export function randomProgram(seed: number): Case {
  const random = new Random(seed)
  const large = random.chance(0.08)
  const rows = random.pick(large ? largeExtents : extents)
  const columns = random.pick(large ? largeExtents : extents)
  const shapes: Shape[] = [[rows, columns], [columns], [rows, 1], []]
  const arrays: SampleArray[] = [
    ...shapes.map((shape, stream) => uniform(shape, -2, 2, stream)),
    uniform([columns, random.pick(extents)], -1, 1, 9),
    integers([random.pick(extents)], 0, rows, 10),
    integers([rows], 0, columns, 11),
    booleans([rows, columns], 12),
    { shape: [2], dtype: 'int32', values: [seed, 77] },
    { shape: [], dtype: 'int32', values: [seed] },
  ]
  const initial = [uniform([rows, columns], -1, 1, 20), uniform([columns], -1, 1, 21)]
  const variables = withExecutor(reference32, () =>
    initial.map((array, i) => new Variable(tensorOf(array), `variable ${i}`, true)),
  )
  const differentiated = random.chance(0.5)
  const length = 4 + random.below(large ? 8 : 20)
  const program = traceProgram(
    reference32,
    (inputs) => {
      const build = () => new Builder(random, inputs, variables).grow(length)
      if (!differentiated) {
        const results = build()
        variables.forEach((variable) => {
          const match = results.find(({ tensor }) => sameShape(tensor.shape, variable.shape))
          if (match) variable.assign(ops.multiply(ops.tanh(match.tensor), 0.5))
        })
        return results.map(({ tensor }) => tensor)
      }
      let results: readonly Node[] = []
      const gradients = grad((_: readonly Variable[]) => {
        results = build()
        return results.map(({ tensor }) => ops.mean(tensor)).reduce((a, b) => ops.add(a, b))
      })(variables)
      variables.forEach((variable, i) => {
        variable.assign(ops.subtract(variable, ops.multiply(gradients[i] as Tensor, 0.1)))
      })
      return [...results.map(({ tensor }) => tensor), ...gradients]
    },
    arrays,
  )
  const used = program.variables.map(({ variable }) =>
    tensorOf(initial[variables.indexOf(variable)] as SampleArray),
  )
  const workload = { program, inputs: arrays, initial: used, steps: 1 + random.below(3) }
  return { row: 'random programs', kind: 'program', label: `program ${seed}`, workload }
}

class Builder {
  readonly #nodes: Node[]
  readonly #second: Tensor
  readonly #indices: Tensor
  readonly #labels: Tensor
  readonly #mask: Tensor
  readonly #key: Tensor
  readonly #step: Tensor
  #streams = 0

  constructor(
    private readonly random: Random,
    inputs: readonly Tensor[],
    variables: readonly Variable[],
  ) {
    this.#nodes = [
      ...inputs.slice(0, 4).map((tensor) => ({ tensor, limit: 2, exact: true })),
      ...variables.map((variable) => ({ tensor: variable.read(), limit: 2, exact: false })),
    ]
    ;[this.#second, this.#indices, this.#labels, this.#mask, this.#key, this.#step] = inputs.slice(4) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
  }

  /** Adds values, and returns the last of them and some others. */
  grow(length: number): readonly Node[] {
    for (let i = 0; i < length; i++) {
      const { tensor, limit, exact } = this.#next()
      const scale = Math.ceil(limit)
      this.#nodes.push(
        limit <= largestLimit
          ? { tensor, limit, exact }
          : { tensor: ops.multiply(tensor, 1 / scale), limit: 1, exact: false },
      )
    }
    return [this.#nodes.at(-1) as Node, this.random.pick(this.#nodes), this.#nodes.at(-3) as Node]
  }

  #next(): Node {
    const { random } = this
    const kind = random.below(20)
    if (kind < 6) return this.#unary(this.#pick())
    if (kind < 13) return this.#binary(this.#pick())
    if (kind < 16) return this.#reduction(this.#pick())
    return this.#other(this.#pick())
  }

  /** Later values twice as often, so that chains grow long. */
  #pick(accept: (node: Node) => boolean = () => true): Node {
    const fitting = this.#nodes.filter(accept)
    return this.random.pick(this.random.chance(0.5) ? fitting.slice(-4) : fitting)
  }

  #unary({ tensor: x, limit, exact }: Node): Node {
    const positive = ops.add(ops.absolute(x), 0.5)
    return this.random.pick<() => Node>([
      () => ({ tensor: ops.negative(x), limit, exact }),
      () => ({ tensor: ops.absolute(x), limit, exact }),
      () => ({ tensor: ops.relu(x), limit, exact }),
      () => ({ tensor: exact ? ops.sign(x) : ops.tanh(x), limit: 1, exact }),
      () => ({ tensor: ops.exp(ops.tanh(x)), limit: 3, exact: false }),
      () => ({ tensor: ops.log(positive), limit: Math.max(1, Math.log(limit + 1)), exact: false }),
      () => ({ tensor: ops.sqrt(positive), limit: Math.sqrt(limit + 1), exact: false }),
      () => ({ tensor: ops.tanh(x), limit: 1, exact: false }),
      () => ({ tensor: ops.sigmoid(x), limit: 1, exact: false }),
      () => ({ tensor: ops.erfinv(ops.multiply(ops.tanh(x), 0.9)), limit: 1.2, exact: false }),
      () => ({ tensor: ops.sin(x), limit: 1, exact: false }),
      () => ({ tensor: ops.cos(x), limit: 1, exact: false }),
      () => ({ tensor: ops.arctan(x), limit: 1.6, exact: false }),
      () => ({ tensor: ops.erf(x), limit: 1, exact: false }),
      () => ({ tensor: ops.softplus(x), limit: limit + 1, exact: false }),
      () => ({ tensor: ops.expm1(ops.tanh(x)), limit: 2, exact: false }),
      () => ({ tensor: ops.arcsinh(x), limit: limit + 1, exact: false }),
      () => ({ tensor: exact ? ops.floor(x) : ops.cosh(ops.tanh(x)), limit: limit + 2, exact }),
      () => ({ tensor: ops.multiply(ops.stopGradient(x), 0.5), limit: limit / 2, exact: false }),
      () => ({ tensor: ops.cast(ops.less(exact ? x : 0, 0.25), 'float32'), limit: 1, exact: true }),
      () => ({ tensor: exact ? ops.cast(ops.cast(x, 'int32'), 'float32') : x, limit, exact }),
    ])()
  }

  #binary(a: Node): Node {
    const b = this.#pick(({ tensor }) => broadcasts(tensor.shape, a.tensor.shape))
    const [x, y] = [a.tensor, b.tensor]
    const both = { limit: Math.max(a.limit, b.limit), exact: a.exact && b.exact }
    return this.random.pick<() => Node>([
      () => ({ tensor: ops.add(x, y), limit: a.limit + b.limit, exact: false }),
      () => ({ tensor: ops.subtract(x, y), limit: a.limit + b.limit, exact: false }),
      () => ({ tensor: ops.multiply(x, y), limit: a.limit * b.limit, exact: false }),
      () => ({ tensor: ops.divide(x, ops.add(ops.absolute(y), 0.5)), limit: a.limit * 2, exact: false }),
      () => ({
        tensor: ops.hypot(x, ops.add(ops.absolute(y), 0.5)),
        limit: a.limit + b.limit + 1,
        exact: false,
      }),
      () => ({ tensor: ops.arctan2(x, ops.add(ops.absolute(y), 0.5)), limit: 1.6, exact: false }),
      () => ({ tensor: ops.logaddexp(x, y), limit: both.limit + 1, exact: false }),
      () => ({ tensor: both.exact ? ops.cast(ops.notEqual(x, y), 'float32') : y, ...both }),
      () => ({ tensor: ops.maximum(x, y), ...both }),
      () => ({ tensor: ops.minimum(x, y), ...both }),
      () => ({
        tensor: ops.power(ops.add(ops.absolute(x), 0.5), ops.tanh(y)),
        limit: Math.max(2, a.limit + 0.5),
        exact: false,
      }),
      () => ({ tensor: both.exact ? ops.where(ops.lessEqual(x, y), x, y) : ops.where(true, x, y), ...both }),
      () => ({ tensor: both.exact ? ops.cast(ops.equal(x, y), 'float32') : x, ...both }),
    ])()
  }

  #reduction({ tensor: x, limit, exact }: Node): Node {
    const { random } = this
    const axis = x.shape.map((_, i) => i).filter(() => random.chance(0.5))
    const keepdims = random.chance(0.5)
    const count = axis.reduce((n, i) => n * (x.shape[i] as number), 1)
    return random.pick<() => Node>([
      () => ({ tensor: ops.sum(x, { axis, keepdims }), limit: limit * count, exact: false }),
      () => ({ tensor: ops.mean(x, { axis, keepdims }), limit, exact: false }),
      () => ({ tensor: ops.max(x, { axis, keepdims }), limit, exact }),
      () => ({ tensor: ops.min(x, { axis, keepdims }), limit, exact }),
      () => ({ tensor: ops.cumsum(x, { axis: axis[0] ?? null }), limit: limit * x.size, exact: false }),
      () => ({ tensor: exact ? ops.cummax(x, { axis: axis[0] ?? null }) : ops.tanh(x), limit, exact }),
      () => ({
        tensor: x.rank > 0 ? ops.softmax(x, { axis: random.below(x.rank) }) : x,
        limit: 1 + limit,
        exact: false,
      }),
      () =>
        exact && x.rank > 0
          ? { tensor: ops.cast(ops.argmax(x, { axis: 0 }), 'float32'), limit: 700, exact: true }
          : { tensor: ops.negative(x), limit, exact },
    ])()
  }

  #other({ tensor: x, limit, exact }: Node): Node {
    const { random } = this
    const {
      tensor: matrix,
      limit: size,
      exact: known,
    } = this.#pick(({ tensor }) => sameShape(tensor.shape, this.#mask.shape))
    const [rows, columns] = matrix.shape as [number, number]
    return random.pick<() => Node>([
      () => ({ tensor: ops.transpose(x), limit, exact }),
      () => ({ tensor: ops.reshape(x, random.chance(0.5) ? [x.size] : [x.size, 1]), limit, exact }),
      () => ({ tensor: ops.matmul(matrix, this.#second), limit: size * columns, exact: false }),
      () => ({ tensor: ops.matmul(ops.transpose(matrix), matrix), limit: size * size * rows, exact: false }),
      () => ({
        tensor: ops.matmul(matrix, ops.transpose(matrix)),
        limit: size * size * columns,
        exact: false,
      }),
      () => ({
        tensor: ops.relu(ops.add(ops.matmul(matrix, this.#second), 0.5)),
        limit: size * columns + 1,
        exact: false,
      }),
      () => ({
        tensor: ops.sparseSoftmaxCrossentropy(matrix, this.#labels),
        limit: 2 * size + 7,
        exact: false,
      }),
      () => ({ tensor: ops.take(matrix, this.#indices), limit: size, exact: known }),
      () => ({
        tensor: ops.takeAlongAxis(matrix, ops.argsort(this.#mask), { axis: 1 }),
        limit: size,
        exact: known,
      }),
      () => ({ tensor: ops.take(matrix, this.#labels, { axis: 1 }), limit: size, exact: known }),
      () => ({ tensor: known ? ops.sort(matrix, { axis: 0 }) : ops.tanh(matrix), limit: size, exact: known }),
      () => ({
        tensor: ops.scatterUpdate(
          ops.transpose(matrix),
          ops.expandDims(this.#labels, 1),
          ops.take(matrix, this.#labels, { axis: 1 }),
        ),
        limit: size,
        exact: known,
      }),
      () => ({
        tensor: ops.segmentSum(matrix, this.#labels, columns),
        limit: size * rows,
        exact: false,
      }),
      () => ({ tensor: ops.where(this.#mask, matrix, 0), limit: size, exact: known }),
      () => ({
        tensor: ops.randomUniform(this.#key, this.#step, x.shape, this.#streams++),
        limit: 1,
        exact: true,
      }),
      () => ({
        tensor: ops.cast(ops.randomPermutation(this.#key, this.#step, columns, this.#streams++), 'float32'),
        limit: columns,
        exact: true,
      }),
      () => ({ tensor: ops.add(x, tensor(Math.fround(random.number()))), limit: limit + 1, exact: false }),
      () => ({ tensor: ops.flip(x), limit, exact }),
      () => ({ tensor: ops.einsum('ij,ik->kj', matrix, matrix), limit: size * size * rows, exact: false }),
      () => ({ tensor: ops.concatenate([matrix, ops.negative(matrix), matrix]), limit: size, exact: known }),
      () => ({
        tensor: ops.slice(
          x,
          x.shape.map((n) => n >> 1),
          x.shape.map((n) => n - (n >> 1)),
        ),
        limit,
        exact,
      }),
      () => ({
        tensor: ops.pad(x, 1, { constantValues: 0.5, interior: x.shape.map(() => 1) }),
        limit,
        exact,
      }),
      () => ({
        tensor: ops.sliceUpdate(
          matrix,
          [rows >> 1, 0],
          ops.slice(matrix, [0, 0], [rows - (rows >> 1), columns]),
        ),
        limit: size,
        exact: known,
      }),
      () => {
        const carried = ops.scan(
          (state: Tensor, row: Tensor) => {
            const next = ops.tanh(ops.add(ops.multiply(state, 0.5), row))
            return [next, ops.max(next)]
          },
          ops.broadcastTo(0.25, [columns]),
          matrix,
          { reverse: random.chance(0.5) },
        )
        return { tensor: random.pick(carried), limit: 1, exact: false }
      },
      () => ({
        tensor: ops.cond(
          ops.less(this.#step, random.below(60)),
          () => ops.multiply(x, 0.5),
          () => ops.negative(x),
        ),
        limit,
        exact: false,
      }),
    ])()
  }
}

function broadcasts(a: Shape, b: Shape): boolean {
  try {
    return broadcastShapes('', a, b).length <= 4
  } catch {
    return false
  }
}
