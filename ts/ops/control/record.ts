import type { Storage } from '../../dtype.js'
import { fail } from '../../errors.js'
import type { Call } from '../../graph/trace.js'
import { sameShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import type { AttributeKind, Attributes, NotDifferentiable, Spec } from '../record.js'

/** The types of what a body takes and makes. */
export interface BodySignature {
  readonly inputs: readonly Spec[]
  readonly outputs: readonly Spec[]
}

/** What the reference executor gives a control-flow op to run with. It fills all outputs. */
export interface ControlArguments {
  readonly inputs: readonly Storage[]
  readonly outputs: readonly Storage[]
  readonly attributes: Attributes
  /** The number of bodies. */
  readonly bodies: number
  /** Runs a body, whose results are good until it runs again. */
  readonly run: (body: number, inputs: readonly Storage[]) => readonly Storage[]
}

/**
 * The gradients of the loss with respect to the inputs of a call that are wanted, from those with respect to its outputs, of which some are
 * zero and not given.
 */
export type ControlVjp = (
  call: Call,
  gradients: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
) => readonly (Tensor | null)[]

/** An op that runs functions of its own, its bodies, and may have several outputs. */
export interface Control {
  readonly name: string
  readonly attributes: Readonly<Record<string, AttributeKind>>
  /** The types of the outputs; raises where inputs and bodies do not fit. */
  readonly infer: (
    inputs: readonly Spec[],
    attributes: Attributes,
    bodies: readonly BodySignature[],
  ) => readonly Spec[]
  /** The specification. */
  readonly run: (args: ControlArguments) => void
  readonly vjp: ControlVjp | NotDifferentiable
}

const controls = new Map<string, Control>()

/** Enters an op into the table of control-flow ops. */
export function control(record: Control): Control {
  controls.set(record.name, record)
  return record
}

/** All control-flow ops by name. */
export function controlTable(): ReadonlyMap<string, Control> {
  return controls
}

export function sameSpec(a: Spec | undefined, b: Spec | undefined): boolean {
  return a !== undefined && b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape)
}

/** Raises unless the types are those expected. */
export function requireSpecs(what: string, got: readonly Spec[], expected: readonly Spec[]): void {
  if (got.length === expected.length && got.every((spec, i) => sameSpec(spec, expected[i]))) return
  const list = (specs: readonly Spec[]) => specs.map(formatSpec).join(', ')
  fail('program.invalid', { detail: `${what} must be ${list(expected)}, got ${list(got)}` })
}

export function formatSpec({ dtype, shape }: Spec): string {
  return `${dtype} [${shape.join(', ')}]`
}
