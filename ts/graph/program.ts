import { bytesOf, bytesPerElement } from '../dtype.js'
import type { Control } from '../ops/control/record.js'
import type { Attributes, Primitive, Spec } from '../ops/record.js'
import { storageOf, type Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type Body, type Call, type SymbolicTensor, sourcesOf, type Trace } from './trace.js'

/** The version of the JSON form. */
const version = 2

/** One primitive, or one control-flow op, applied to values, which are numbered. */
export type Instruction = PrimitiveInstruction | ControlInstruction

interface Application {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly attributes: Attributes
}

export interface PrimitiveInstruction extends Application {
  readonly op: Primitive
  readonly bodies?: never
}

/** Its bodies are programs without variables of their own: what they read comes in as inputs. */
export interface ControlInstruction extends Application {
  readonly op: Control
  readonly bodies: readonly Program[]
}

/** A whole step as a flat list of instructions in single static assignment: what both executors run. */
export interface Program {
  /** Shape and dtype of every value. */
  readonly values: readonly Spec[]
  /** Values given anew at each call. */
  readonly inputs: readonly number[]
  /** Values that variables have at the start of the step. */
  readonly variables: readonly { readonly variable: Variable; readonly value: number }[]
  readonly constants: readonly { readonly value: number; readonly tensor: Tensor }[]
  readonly instructions: readonly Instruction[]
  /** Values returned from each step. */
  readonly outputs: readonly number[]
  /** Values that variables (by their position in `variables`) take at the end of the step. */
  readonly updates: readonly { readonly variable: number; readonly value: number }[]
}

/** The program of a trace: what its outputs and its assignments to variables need, in the order of the trace. */
export function buildProgram(trace: Trace, results: readonly Tensor[]): Program {
  const outputs = results.map((result) => trace.lift(result))
  return assemble(trace.inputs, outputs, assignments(trace), new Map())
}

/** The variables that a trace gives other values, and their values before and after. */
export function assignments(trace: Trace): Assignment[] {
  return [...trace.reads.entries()]
    .map(([variable, before]) => ({ variable, before, after: resolve(trace.values.get(variable) ?? before) }))
    .filter(({ before, after }) => after !== before)
}

export interface Assignment {
  readonly variable: Variable
  readonly before: SymbolicTensor
  readonly after: SymbolicTensor
}

/** The tensor behind its other names. */
function resolve(tensor: SymbolicTensor): SymbolicTensor {
  let value = tensor
  while (value.origin.kind === 'alias') value = value.origin.of
  return value
}

/** Everything that some tensors are made from, themselves included, in the order of the trace and without other names. */
export function reachableFrom(tensors: readonly SymbolicTensor[]): SymbolicTensor[] {
  const reachable = new Set<SymbolicTensor>()
  const pending = tensors.map(resolve)
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (reachable.has(tensor)) continue
    reachable.add(tensor)
    pending.push(...sourcesOf(tensor).map(resolve))
    if (tensor.origin.kind === 'call') pending.push(...tensor.origin.call.outputs)
  }
  return [...reachable].sort((a, b) => a.id - b.id)
}

/** @param built the programs of bodies so far, which calls may share */
function assemble(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  assigned: readonly Assignment[],
  built: Map<Body, Program>,
): Program {
  const ordered = reachableFrom([
    ...inputs,
    ...outputs,
    ...assigned.flatMap(({ before, after }) => [before, after]),
  ])
  const numbers = new Map(ordered.map((tensor, number) => [tensor, number]))
  const numberOf = (tensor: SymbolicTensor) => numbers.get(resolve(tensor)) as number

  const variables: { variable: Variable; value: number }[] = []
  const constants: { value: number; tensor: Tensor }[] = []
  const instructions: Instruction[] = []
  const calls = new Set<Call>()
  for (const tensor of ordered) {
    const { origin } = tensor
    if (origin.kind === 'variable') variables.push({ variable: origin.variable, value: numberOf(tensor) })
    else if (origin.kind === 'constant') constants.push({ value: numberOf(tensor), tensor: origin.value })
    else if (origin.kind === 'operation') {
      const { op, inputs, attributes } = origin
      instructions.push({ op, inputs: inputs.map(numberOf), outputs: [numberOf(tensor)], attributes })
    } else if (origin.kind === 'call' && !calls.has(origin.call)) {
      const { op, inputs, outputs, attributes } = origin.call
      const bodies = origin.call.bodies.map((body) => {
        const program = built.get(body) ?? assemble(body.inputs, body.outputs, [], built)
        built.set(body, program)
        return program
      })
      calls.add(origin.call)
      instructions.push({
        op,
        inputs: inputs.map(numberOf),
        outputs: outputs.map(numberOf),
        attributes,
        bodies,
      })
    }
  }
  const positions = new Map(variables.map(({ variable }, position) => [variable, position]))
  return {
    values: ordered.map(({ shape, dtype }) => ({ shape, dtype })),
    inputs: inputs.map(numberOf),
    variables,
    constants,
    instructions,
    outputs: outputs.map(numberOf),
    updates: assigned.map(({ variable, after }) => ({
      variable: positions.get(variable) as number,
      value: numberOf(after),
    })),
  }
}

/** A program as the native executor reads it: JSON, and the constants' elements beside it. */
export function encodeProgram(program: Program): { readonly json: string; readonly constants: Uint8Array } {
  const parts: { readonly tensor: Tensor; readonly offset: number }[] = []
  let bytes = 0
  const place = (tensor: Tensor): number => {
    const offset = bytes
    bytes += Math.ceil((tensor.size * bytesPerElement(tensor.dtype)) / 4) * 4
    parts.push({ tensor, offset })
    return offset
  }
  const json = JSON.stringify(describe(program, place))
  const blob = new Uint8Array(bytes)
  for (const { tensor, offset } of parts) blob.set(bytesOf(storageOf(tensor)), offset)
  return { json, constants: blob }
}

/** A program, and those inside it, as plain objects; `place` finds a constant's offset. */
function describe(program: Program, place: (tensor: Tensor) => number): object {
  return {
    version,
    values: program.values.map(({ dtype, shape }) => ({ dtype, shape })),
    inputs: program.inputs,
    variables: program.variables.map(({ value }) => value),
    constants: program.constants.map(({ value, tensor }) => ({ value, offset: place(tensor) })),
    instructions: program.instructions.map(({ op, inputs, outputs, attributes, bodies }) => ({
      op: op.name,
      inputs,
      outputs,
      attributes,
      ...(bodies && { bodies: bodies.map((body) => describe(body, place)) }),
    })),
    outputs: program.outputs,
    updates: program.updates,
  }
}
