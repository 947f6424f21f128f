import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { broadcastTo, reshape, transpose } from './array.js'
import { multiply } from './binary.js'
import { product } from './matrix-product.js'
import { sum } from './reduce.js'

/** A tensor whose axes have names: two tensors share the axes of one name. */
export interface Labelled {
  readonly tensor: Tensor
  readonly labels: readonly string[]
}

type Labels = readonly string[]

const equal = (a: Labels, b: Labels) => a.length === b.length && a.every((label, i) => label === b[i])

/** The extents of some axes. */
function extentsOf({ tensor, labels }: Labelled, wanted: Labels): number[] {
  return wanted.map((label) => tensor.shape[labels.indexOf(label)] as number)
}

/** The same tensor with its axes in another order. */
export function arrange({ tensor, labels }: Labelled, order: Labels): Tensor {
  return equal(labels, order)
    ? tensor
    : transpose(
        tensor,
        order.map((label) => labels.indexOf(label)),
      )
}

/** Sums over the axes that are not among `kept`. */
export function sumOut({ tensor, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((label, i) => (kept.has(label) ? [] : [i]))
  if (axis.length === 0) return { tensor, labels }
  return { tensor: sum(tensor, { axis }), labels: labels.filter((label) => kept.has(label)) }
}

/**
 * The product of two tensors, summed over the axes that both have and that are not among `kept`: one matrix product, whose flags
 * save transposes where they can. Every other axis is kept. The axes of the result are in any order, if possible in `wanted`.
 */
export function contract(a: Labelled, b: Labelled, kept: ReadonlySet<string>, wanted: Labels): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label))
  const summed = shared.filter((label) => !kept.has(label))
  if (summed.length === 0) return multiplyBroadcasting(a, b, wanted)
  const batch = shared.filter((label) => kept.has(label))
  const rest = (one: Labelled) => one.labels.filter((label) => !shared.includes(label))
  const inOrderOf = (one: Labelled, labels: Labels) => one.labels.filter((label) => labels.includes(label))
  const [rows, columns] = [rest(a), rest(b)]
  if (equal([...batch, ...columns, ...rows], wanted) && rows.length > 0 && columns.length > 0) {
    return contract(b, a, kept, [])
  }
  const plans = [a, b].flatMap((byTerm) =>
    [a, b].map((byBatch) => {
      const [terms, matrices] = [inOrderOf(byTerm, summed), inOrderOf(byBatch, batch)]
      const left = arrangement(a, matrices, rows, terms)
      const right = arrangement(b, matrices, terms, columns)
      return { terms, matrices, left, right, copied: left.copied + right.copied }
    }),
  )
  const { terms, matrices, left, right } = plans.reduce((best, plan) =>
    plan.copied < best.copied ? plan : best,
  )
  const count = sizeOf(extentsOf(a, matrices))
  const [m, k, n] = [extentsOf(a, rows), extentsOf(a, terms), extentsOf(b, columns)].map(sizeOf) as [
    number,
    number,
    number,
  ]
  const leading = matrices.length === 0 ? [] : [count]
  const result = product(
    reshape(left.tensor, [...leading, ...(left.transposed ? [k, m] : [m, k])]),
    reshape(right.tensor, [...leading, ...(right.transposed ? [n, k] : [k, n])]),
    left.transposed,
    right.transposed,
  )
  return {
    tensor: reshape(result, [...extentsOf(a, matrices), ...extentsOf(a, rows), ...extentsOf(b, columns)]),
    labels: [...matrices, ...rows, ...columns],
  }
}

/** A tensor as matrices of the axes `rows` and `columns`, or transposed where it lies so; and the elements that had to be copied. */
function arrangement(one: Labelled, matrices: Labels, rows: Labels, columns: Labels) {
  const transposed = equal(one.labels, [...matrices, ...columns, ...rows]) && rows.length > 0
  const order = transposed ? [...matrices, ...columns, ...rows] : [...matrices, ...rows, ...columns]
  const copied = equal(one.labels, order) ? 0 : one.tensor.size
  return { tensor: arrange(one, order), transposed, copied }
}

/** The product without a sum: elementwise, with each tensor repeated along the axes of the other. */
function multiplyBroadcasting(a: Labelled, b: Labelled, wanted: Labels): Labelled {
  const all = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))]
  const isWanted = wanted.length === all.length && all.every((label) => wanted.includes(label))
  const labels = isWanted ? wanted : all
  const [x, y] = [a, b].map((one) => {
    const order = labels.filter((label) => one.labels.includes(label))
    const shape = labels.map((label) =>
      one.labels.includes(label) ? (extentsOf(one, [label])[0] as number) : 1,
    )
    return reshape(arrange(one, order), shape)
  }) as [Tensor, Tensor]
  return { tensor: multiply(x, y), labels }
}

/** A result in the order of its axes that is wanted; those that it lacks are repeated to their extents. */
export function finish(result: Labelled, wanted: Labels, extent: (label: string) => number): Tensor {
  const present = wanted.filter((label) => result.labels.includes(label))
  const arranged = arrange(result, present)
  const shape = wanted.map((label) => (result.labels.includes(label) ? extent(label) : 1))
  return broadcastTo(reshape(arranged, shape), wanted.map(extent))
}
