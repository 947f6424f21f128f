import type { Tensor } from '../tensor.js'
import { apply } from './apply.js'
import type { Attribute, Attributes, Batch, BatchArguments } from './record.js'

/** For ops that treat leading axes alike: elementwise ones, and those along the last axis. */
export const batchAlike: Batch<Attributes> = (args, ops) => applyBatched(args, args.attributes, ops)

/** For ops along `axis` or `axes`, which come one later. */
export const batchAlongAxes: Batch<Attributes> = (args, ops) => {
  const { axis, axes } = args.attributes
  const attributes = {
    ...args.attributes,
    ...(typeof axis === 'number' && { axis: axis + 1 }),
    ...(Array.isArray(axes) && { axes: axes.map((other: number) => other + 1) }),
  }
  return applyBatched(args, attributes, ops)
}

/** For ops whose attributes have an entry for each axis: `leading` gives that of the new one. */
export function batchWithEntries(
  leading: (size: number) => Readonly<Record<string, number>>,
): Batch<Attributes> {
  return (args, ops) => {
    const front = leading(args.size)
    const entries = Object.entries(args.attributes).map(([name, value]): [string, Attribute] => [
      name,
      name in front ? [front[name] as number, ...(value as readonly number[])] : value,
    ])
    return applyBatched(args, Object.fromEntries(entries), ops)
  }
}

/** The op on inputs that all have the leading axis; those that are the same for all are repeated along it. */
export function applyBatched(
  { op, inputs, batched, size }: BatchArguments<Attributes>,
  attributes: Attributes,
  { broadcastTo }: Parameters<Batch<Attributes>>[1],
): Tensor {
  const alike = inputs.map((input, i) => (batched[i] ? input : broadcastTo(input, [size, ...input.shape])))
  return apply(op, alike, attributes)
}
