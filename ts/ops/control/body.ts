import { fail } from '../../errors.js'
import { assignments } from '../../graph/program.js'
import { type Body, recordInto, refusePromise, type SymbolicTensor, Trace } from '../../graph/trace.js'
import { finishRandomness } from '../../random.js'
import { Tensor } from '../../tensor.js'
import { describeTree, leavesOf, mapTree } from '../../tree.js'
import { Variable } from '../../variable.js'
import { toTensor } from '../apply.js'
import type { Attributes, Spec } from '../record.js'
import { type Control, formatSpec, sameSpec } from './record.js'

/** A tensor in the place of each tensor, variable, number and boolean of a tree. */
export type Tensors<T> = T extends Leaf ? Tensor : { -readonly [K in keyof T]: Tensors<T[K]> }

/** What may be returned in the place of a tree: what is converted to the same tensors. */
export type Alike<T> = T extends Leaf ? Leaf : { readonly [K in keyof T]: Alike<T[K]> }

type Leaf = Tensor | Variable | number | boolean

/** A function that was traced within another trace. What it takes from there is known by its trace. */
export interface Traced {
  readonly trace: Trace
  readonly parameters: readonly SymbolicTensor[]
  readonly outputs: readonly SymbolicTensor[]
}

export function traceWithin(
  outer: Trace,
  specs: readonly Spec[],
  f: (parameters: readonly SymbolicTensor[], trace: Trace) => readonly Tensor[],
): Traced {
  const trace = new Trace(outer)
  const parameters = specs.map(({ shape, dtype }) => trace.input(shape, dtype))
  const outputs = recordInto(trace, () => f(parameters, trace).map((output) => trace.lift(output)))
  return { trace, parameters, outputs }
}

/** Traces a user's function, which may return a tree and draw random numbers. */
export function traceFunction(
  outer: Trace,
  op: string,
  specs: readonly Spec[],
  f: (parameters: readonly Tensor[]) => unknown,
): Traced & { readonly result: unknown } {
  let result: unknown
  const traced = traceWithin(outer, specs, (parameters, trace) => {
    result = tensorsIn(op, f(parameters))
    finishRandomness(trace)
    return leavesOf(result) as Tensor[]
  })
  return { ...traced, result }
}

/** A tree with tensors for variables, numbers and booleans; an empty one for nothing. */
export function tensorsIn(op: string, tree: unknown): unknown {
  refusePromise(op, tree)
  if (tree === undefined) return []
  return mapTree(tree, (leaf) => {
    const known =
      leaf instanceof Tensor ||
      leaf instanceof Variable ||
      typeof leaf === 'number' ||
      typeof leaf === 'boolean'
    return known ? toTensor(op, leaf) : fail('trace.output', { op, got: leaf })
  })
}

/** What functions use of the trace around them: variables that they only read, those that they assign, and other values. */
export interface Surroundings {
  readonly read: readonly Variable[]
  readonly assigned: readonly Variable[]
  readonly captured: readonly SymbolicTensor[]
}

export function surroundingsOf(functions: readonly Traced[]): Surroundings {
  const assigned = new Set(functions.flatMap(({ trace }) => assignments(trace).map((a) => a.variable)))
  const read = new Set(functions.flatMap(({ trace }) => [...trace.reads.keys()]))
  const captured = new Set(functions.flatMap(({ trace }) => [...trace.captures.keys()]))
  return {
    read: [...read].filter((variable) => !assigned.has(variable)),
    assigned: [...assigned],
    captured: [...captured],
  }
}

/** The inputs of a function that stand for the values of variables before it. */
export function variableInputs({ trace }: Traced, variables: readonly Variable[]): SymbolicTensor[] {
  return variables.map((variable) => trace.reads.get(variable) ?? trace.read(variable))
}

/** The inputs of a function that stand for values around it. */
export function captureInputs({ trace }: Traced, captured: readonly SymbolicTensor[]): SymbolicTensor[] {
  return captured.map((value) => trace.captures.get(value) ?? trace.input(value.shape, value.dtype))
}

/** The values that variables have after a function. */
export function valuesAfter({ trace }: Traced, variables: readonly Variable[]): SymbolicTensor[] {
  return variables.map((variable) => trace.values.get(variable) ?? trace.read(variable))
}

/** A tree of the same structure, with these tensors for its leaves. */
export function restore(structure: unknown, tensors: readonly Tensor[]): unknown {
  let next = 0
  return mapTree(structure, () => tensors[next++])
}

/** Adds a call whose types follow from its op's rule. */
export function addCall(
  outer: Trace,
  op: Control,
  inputs: readonly Tensor[],
  attributes: Attributes,
  bodies: readonly Body[],
): SymbolicTensor[] {
  return outer.call(op, inputs, attributes, bodies, op.infer(inputs, attributes, bodies))
}

/** Raises unless a tree of tensors has the structure of another, and its leaves have the same shapes and dtypes. */
export function requireAlike(op: string, what: string, expected: unknown, got: unknown): void {
  const structure = (tree: unknown) => describeTree(tree, () => '*').replaceAll(/,(?=[\]}])/g, '')
  if (structure(got) !== structure(expected)) {
    fail('control.structure', { op, what, expected: structure(expected), got: structure(got) })
  }
  const leaves = leavesOf(expected) as Tensor[]
  leavesOf(got).forEach((leaf, i) => {
    const [wanted, given] = [leaves[i] as Tensor, leaf as Tensor]
    if (sameSpec(given, wanted)) return
    const place = leaves.length > 1 ? `tensor ${i} of ${what}` : what
    fail('control.type', { op, what: place, expected: formatSpec(wanted), got: formatSpec(given) })
  })
}
