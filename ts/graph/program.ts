import { bytesPerElement } from '../dtype.js'
import type { Attributes, Primitive, Spec } from '../ops/record.js'
import { type Tensor, tensorBytes } from '../tensor.js'
import type { Variable } from '../variable.js'
import type { SymbolicTensor, Trace } from './trace.js'

/** One primitive applied to values, which are numbered. */
export interface Instruction {
  readonly op: Primitive
  readonly inputs: readonly number[]
  readonly output: number
  readonly attributes: Attributes
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
  const resolve = (tensor: SymbolicTensor): SymbolicTensor => {
    let value = tensor
    while (value.origin.kind === 'alias') value = value.origin.of
    return value
  }
  const outputs = results.map((result) => resolve(trace.lift(result)))
  const assigned = [...trace.reads.entries()]
    .map(([variable, before]) => ({ variable, before, after: resolve(trace.values.get(variable) ?? before) }))
    .filter(({ before, after }) => after !== before)

  const reachable = new Set<SymbolicTensor>()
  const pending = [...trace.inputs, ...outputs, ...assigned.flatMap(({ before, after }) => [before, after])]
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (reachable.has(tensor)) continue
    reachable.add(tensor)
    if (tensor.origin.kind === 'operation') pending.push(...tensor.origin.inputs.map(resolve))
  }
  const ordered = [...reachable].sort((a, b) => a.id - b.id)
  const numbers = new Map(ordered.map((tensor, number) => [tensor, number]))
  const numberOf = (tensor: SymbolicTensor) => numbers.get(resolve(tensor)) as number

  const variables: { variable: Variable; value: number }[] = []
  const constants: { value: number; tensor: Tensor }[] = []
  const instructions: Instruction[] = []
  for (const tensor of ordered) {
    const { origin } = tensor
    if (origin.kind === 'variable') variables.push({ variable: origin.variable, value: numberOf(tensor) })
    else if (origin.kind === 'constant') constants.push({ value: numberOf(tensor), tensor: origin.value })
    else if (origin.kind === 'operation') {
      const { op, inputs, attributes } = origin
      instructions.push({ op, inputs: inputs.map(numberOf), output: numberOf(tensor), attributes })
    }
  }
  const positions = new Map(variables.map(({ variable }, position) => [variable, position]))
  return {
    values: ordered.map(({ shape, dtype }) => ({ shape, dtype })),
    inputs: trace.inputs.map(numberOf),
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
  let bytes = 0
  const constants = program.constants.map(({ value, tensor }) => {
    const offset = bytes
    const size = tensor.size * bytesPerElement(tensor.dtype)
    bytes += Math.ceil(size / 4) * 4
    return { value, offset }
  })
  const blob = new Uint8Array(bytes)
  program.constants.forEach(({ tensor }, i) => {
    blob.set(tensorBytes(tensor), (constants[i] as { offset: number }).offset)
  })
  const json = JSON.stringify({
    version: 1,
    values: program.values.map(({ dtype, shape }) => ({ dtype, shape })),
    inputs: program.inputs,
    variables: program.variables.map(({ value }) => value),
    constants,
    instructions: program.instructions.map(({ op, inputs, output, attributes }) => ({
      op: op.name,
      inputs,
      output,
      attributes,
    })),
    outputs: program.outputs,
    updates: program.updates,
  })
  return { json, constants: blob }
}
