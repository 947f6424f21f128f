import { fail } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { type Attributes, type CompositionRecord, composition, type Sample } from './record.js'
import { sample, uniform, valueSample, values } from './samples.js'

/** What an activation's record adds to what all of them have in common. */
interface Pointwise<A extends Attributes> extends Partial<CompositionRecord<A>> {
  readonly compose: CompositionRecord<A>['compose']
  readonly torch: string
  /** The attributes that it is tried with; default: none. */
  readonly with?: readonly A[]
}

/** The record of a composition that maps each element of a float32 tensor. */
export function pointwise<A extends Attributes = Record<string, never>>(
  name: string,
  op: Pointwise<A>,
): void {
  const settings: readonly Attributes[] = op.with ?? [{}]
  const samples = (): readonly Sample[] =>
    settings.flatMap((attributes) => [
      sample('shape [5, 7]', [uniform([5, 7], -7, 7)], attributes),
      valueSample('special values', [values([0, -0, 1, -1, 30, -30, 100, -100, NaN])], attributes),
    ])
  const { with: _, ...record } = op
  composition<A>({
    name,
    attributes: {} as CompositionRecord<A>['attributes'],
    samples,
    errors: [],
    // Relative to the largest element: where terms cancel, the result is small and its error is not.
    tolerance: { relative: 5e-7 },
    ...record,
  })
}

/**
 * Applies a composition to a float32 tensor, eagerly as one program.
 *
 * @param key tells it apart from all others, its options included
 */
export function applyPointwise(op: string, x: TensorInput, f: (x: Tensor) => Tensor, key = op): Tensor {
  const value = toTensor(op, x)
  if (value.dtype !== 'float32') fail('dtype.mismatch', { op, expected: 'float32', got: [value.dtype] })
  return applyComposition(key, [value], ([input]) => f(input as Tensor))
}

/** Raises unless an option of an activation is a finite number. */
export function checkNumber(op: string, argument: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    fail('argument.range', { op, argument, expected: 'a finite number', got: value })
  }
}
