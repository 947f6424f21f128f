import type { Dtype, Storage } from '../dtype.js'
import type { ErrorCode } from '../errors.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { Ops } from './index.js'

/** What the shape rule of an op maps: an array's shape and dtype. */
export interface Spec {
  readonly shape: Shape
  readonly dtype: Dtype
}

/** The static arguments of an op, as programs carry them. */
export type Attribute = boolean | number | string | readonly number[]
export type Attributes = Readonly<Record<string, Attribute>>

/** The kinds of attributes: `integers` is a list such as a shape or axes, a `name` one of those that the op knows; a `number` that is none only compositions have. */
export type AttributeKind = 'boolean' | 'integer' | 'integers' | 'number' | 'name' | 'dtype'

/** What a reference kernel gets. It fills the whole `output`, whose elements start as anything. */
export interface KernelArguments<A extends Attributes> {
  readonly inputs: readonly Storage[]
  readonly specs: readonly Spec[]
  readonly output: Storage
  readonly outputSpec: Spec
  readonly attributes: A
}

/** What a gradient rule gets. `output` is the op's result, `gradient` the gradient of the loss with respect to it. */
export interface VjpArguments<A extends Attributes> {
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly gradient: Tensor
  readonly attributes: A
}

/**
 * The vector-Jacobian product: for each input the gradient of the loss with respect to it, made of ops so that it runs on
 * both executors and can be differentiated again; null where the derivative is zero everywhere.
 */
export type Vjp<A extends Attributes> = (args: VjpArguments<A>, ops: Ops) => readonly (Tensor | null)[]

/** What a batching rule gets: the inputs, of which some have a further leading axis of `size`. */
export interface BatchArguments<A extends Attributes> {
  readonly op: Primitive
  readonly inputs: readonly Tensor[]
  readonly batched: readonly boolean[]
  readonly size: number
  readonly attributes: A
}

/**
 * The op applied to each entry along that axis, stacked, as one computation; undefined where it is none, so that the entries are computed in turn.
 * At least one input has the axis.
 */
export type Batch<A extends Attributes> = (args: BatchArguments<A>, ops: Ops) => Tensor | undefined

/** The explicit absence of a gradient rule. */
export interface NotDifferentiable {
  readonly reason: string
}

export function notDifferentiable(reason: string): NotDifferentiable {
  return { reason }
}

/** Inputs and attributes that the parity, gradient and golden tests run an op on. */
export interface Sample {
  readonly label: string
  readonly inputs: readonly SampleArray[]
  readonly attributes: Attributes
  /** Values where the op has no derivative or the gradient check would leave the domain. */
  readonly skipGradient?: boolean
  /** PyTorch refuses these inputs, so there is no golden result. */
  readonly unknownToTorch?: boolean
}

export interface SampleArray extends Spec {
  readonly values: readonly number[]
}

/** Inputs that an op must refuse, and the code it refuses them with. */
export interface ErrorSample {
  readonly label: string
  readonly run: (ops: Ops) => unknown
  readonly code: ErrorCode
}

/**
 * How far the executors may be from the truth: in units in the last place (0.5 is correct rounding), or relative to the sum of the terms'
 * magnitudes.
 */
export type Tolerance = { readonly ulp: number } | { readonly relative: number } | 'exact'

interface Common<A extends Attributes> {
  readonly name: string
  readonly samples: () => readonly Sample[]
  readonly errors: readonly ErrorSample[]
  readonly tolerance: Tolerance
  /** The same in PyTorch, or in Keras on it: a Python expression over the inputs a, b, c (all of them as a list: inputs) and the attributes by name; null if it has none. */
  readonly torch: string | null
  readonly attributes: { readonly [K in keyof A]: AttributeKind }
}

/** An op that both executors have a kernel for: everything that is known of it, except the Rust kernel. */
export interface PrimitiveRecord<A extends Attributes> extends Common<A> {
  /** The number of inputs; `variadic` is one or more. */
  readonly arity: number | 'variadic'
  /** The shape and dtype rule; raises where the inputs do not fit. */
  readonly infer: (inputs: readonly Spec[], attributes: A) => Spec
  /** The specification of the op, as a plain loop. Sums accumulate in float64, as JavaScript's numbers do. */
  readonly kernel: (args: KernelArguments<A>) => void
  readonly vjp: Vjp<A> | NotDifferentiable
  /** How vectorizedMap applies it to many inputs at once; without a rule it does so in turn. */
  readonly batch?: Batch<A>
  /**
   * For each output element the sum of the magnitudes of its terms, which `relative` tolerances are relative to.
   * Elementwise ops need none.
   */
  readonly magnitude?: (args: KernelArguments<A>) => void
}

/** An op that is a function of other ops. */
export interface CompositionRecord<A extends Attributes> extends Common<A> {
  readonly compose: (inputs: readonly Tensor[], attributes: A) => Tensor
}

export type Primitive = PrimitiveRecord<Attributes>
export type Composition = CompositionRecord<Attributes>

/** The magnitude of a sum of products: the same sum over the inputs' absolute values. */
export function overMagnitudes<A extends Attributes>(kernel: (args: KernelArguments<A>) => void) {
  return (args: KernelArguments<A>): void => {
    kernel({ ...args, inputs: args.inputs.map((input) => input.map(Math.abs)) })
  }
}

/** Whether an op of that arity takes so many inputs. */
export function acceptsInputs({ arity }: Primitive, count: number): boolean {
  return arity === 'variadic' ? count > 0 : count === arity
}

const primitives = new Map<string, Primitive>()
const compositions = new Map<string, Composition>()

/** Enters a primitive into the table of ops, which both executors and the tests derive from. */
export function primitive<A extends Attributes = Record<string, never>>(
  record: PrimitiveRecord<A>,
): Primitive {
  // Sound because an op is only ever applied with the attributes that its own public function gives it.
  const erased = record as unknown as Primitive
  primitives.set(record.name, erased)
  return erased
}

/** Enters a composition into the table of ops, for the tests and the documentation. */
export function composition<A extends Attributes = Record<string, never>>(
  record: CompositionRecord<A>,
): Composition {
  const erased = record as unknown as Composition
  compositions.set(record.name, erased)
  return erased
}

/** All primitives by name, in the order of definition. */
export function primitiveTable(): ReadonlyMap<string, Primitive> {
  return primitives
}

/** All compositions by name, in the order of definition. */
export function compositionTable(): ReadonlyMap<string, Composition> {
  return compositions
}
