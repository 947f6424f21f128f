import type { Storage } from '../../dtype.js'
import { fail } from '../../errors.js'
import { backpropagate } from '../../graph/autodiff.js'
import { reachableFrom } from '../../graph/program.js'
import { activeTrace, type Body, type Call, type SymbolicTensor, type Trace } from '../../graph/trace.js'
import { checkShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { broadcastTo } from '../array.js'
import { add } from '../binary.js'
import type { Attributes, Spec } from '../record.js'
import {
  addCall,
  captureInputs,
  surroundingsOf,
  type Traced,
  traceWithin,
  valuesAfter,
  variableInputs,
} from './body.js'
import { control, requireSpecs } from './record.js'

/** What scan knows of its inputs: constants, then carries, then what it takes slices of. */
interface ScanAttributes extends Attributes {
  readonly constants: number
  readonly carries: number
  readonly length: number
  readonly reverse: boolean
}

/**
 * Runs its body once for each slice along the first axis of the last inputs. Of the body's outputs the first are the carries for the next
 * slice, and the others are stacked.
 */
const scanOp = control({
  name: 'scan',
  attributes: { constants: 'integer', carries: 'integer', length: 'integer', reverse: 'boolean' },
  infer: (inputs, attributes, bodies) => {
    const { constants, carries, length } = attributes as ScanAttributes
    const [body] = bodies
    if (!body || constants + carries > inputs.length || carries > body.outputs.length) {
      return fail('program.invalid', { detail: 'it has fewer inputs or outputs than constants and carries' })
    }
    const slices = inputs.slice(constants + carries).map(({ shape, dtype }): Spec => {
      if (shape[0] !== length) fail('program.invalid', { detail: `an input has not ${length} slices` })
      return { shape: shape.slice(1), dtype }
    })
    requireSpecs('the inputs of the body', body.inputs, [...inputs.slice(0, constants + carries), ...slices])
    const kept = inputs.slice(constants, constants + carries)
    requireSpecs('the carries of the body', body.outputs.slice(0, carries), kept)
    const stacked = body.outputs.slice(carries).map(({ shape, dtype }): Spec => {
      checkShape('scan', [length, ...shape])
      return { shape: [length, ...shape], dtype }
    })
    return [...kept, ...stacked]
  },
  run: ({ inputs, outputs, attributes, run }) => {
    const { constants, carries: count, length, reverse } = attributes as ScanAttributes
    const fixed = inputs.slice(0, constants)
    let carries = inputs.slice(constants, constants + count)
    for (let step = 0; step < length; step++) {
      const i = reverse ? length - 1 - step : step
      const slices = inputs.slice(constants + count).map((x) => {
        const size = x.length / length
        return x.subarray(i * size, (i + 1) * size)
      })
      const results = run(0, [...fixed, ...carries, ...slices])
      carries = results.slice(0, count).map((carry) => carry.slice())
      results.slice(count).forEach((y, k) => (outputs[count + k] as Storage).set(y, i * y.length))
    }
    carries.forEach((carry, k) => (outputs[k] as Storage).set(carry))
  },
  vjp: backward,
})

/**
 * A scan the other way over the carries that the scan started its iterations from, which it keeps for that. Each iteration computes the body
 * anew and goes back through it; gradients of carries are carried on, those of constants add up.
 */
function backward(
  call: Call,
  gradients: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
): readonly (Tensor | null)[] {
  const outer = activeTrace() as Trace
  const { constants, carries, length, reverse } = call.attributes as ScanAttributes
  const [body] = call.bodies as [Body]
  const part = <T>(list: readonly T[]) => ({
    constants: list.slice(0, constants),
    carries: list.slice(constants, constants + carries),
    slices: list.slice(constants + carries),
  })
  const { constants: fixed, carries: initial, slices: xs } = part(call.inputs)
  const floats = [...initial.keys()].filter((k) => initial[k]?.dtype === 'float32')
  const wantedConstants = [...fixed.keys()].filter((i) => part(wanted).constants[i])
  const wantedSlices = [...xs.keys()].filter((i) => part(wanted).slices[i])
  const stacked = gradients.flatMap((gradient, i) => (gradient && i >= carries ? [{ gradient, i }] : []))
  const sums = [...floats.map((k) => initial[k] as Spec), ...wantedConstants.map((i) => fixed[i] as Spec)]
  const perSlice = part(body.inputs)
  const saved = perSlice.carries
  const parameters = [
    ...sums,
    ...saved,
    ...perSlice.slices,
    ...stacked.map(({ i }) => body.outputs[i] as Spec),
  ]
  const traced = traceWithin(outer, parameters, (given, trace) => {
    const rest = [...given]
    const take = (count: number) => rest.splice(0, count)
    const carried = take(floats.length)
    const totals = take(wantedConstants.length)
    const values = [...fixed.map((value) => trace.alias(value)), ...take(saved.length), ...take(xs.length)]
    const results = trace.replay(body, values)
    const seeds = [
      ...floats.map((k, n) => [results[k], carried[n]]),
      ...stacked.map(({ i }, n) => [results[i], rest[n]]),
    ] as [SymbolicTensor, Tensor][]
    const wrt = [
      ...floats.map((k) => constants + k),
      ...wantedConstants,
      ...wantedSlices.map((i) => constants + carries + i),
    ].map((i) => values[i] as SymbolicTensor)
    const found = backpropagate(seeds, wrt)
    return wrt.map((value, n) => {
      const total = totals[n - floats.length]
      const gradient = found[n]
      if (total) return gradient ? add(total, gradient) : total
      return gradient ?? broadcastTo(0, value.shape)
    })
  })

  // Only what the body reads of the forward pass is kept and handed in.
  const used = new Set(reachableFrom(traced.outputs))
  const always = sums.length
  const needed = (n: number) => n < always || used.has(traced.parameters[n] as SymbolicTensor)
  const stacks = parameters.map((_, n) => {
    if (n < always || !needed(n)) return undefined
    const k = n - always
    if (k < saved.length) return keep(outer, call, saved[k] as SymbolicTensor, length)
    return k < saved.length + xs.length
      ? xs[k - saved.length]
      : stacked[k - saved.length - xs.length]?.gradient
  })
  const pruned = { ...traced, parameters: traced.parameters.filter((_, n) => needed(n)) }
  const zeros = (shape: Spec) => broadcastTo(0, shape.shape)
  const start = sums.map((spec, n) => gradients[floats[n] ?? -1] ?? zeros(spec))
  const { carries: ends, ys } = callScan(
    outer,
    pruned,
    start,
    stacks.filter((stack) => stack !== undefined),
    { length, reverse: !reverse },
  )
  const result: (Tensor | null)[] = call.inputs.map(() => null)
  floats.forEach((k, n) => {
    result[constants + k] = ends[n] as Tensor
  })
  wantedConstants.forEach((i, n) => {
    result[i] = ends[floats.length + n] as Tensor
  })
  wantedSlices.forEach((i, n) => {
    result[constants + carries + i] = ys[n] as Tensor
  })
  return result
}

/** A value of the body of a scan from each of its iterations: one more output. */
function keep(outer: Trace, call: Call, value: SymbolicTensor, length: number): Tensor {
  const [body] = call.bodies as [Body]
  const { carries } = call.attributes as ScanAttributes
  const present = body.outputs.indexOf(value, carries)
  if (present >= 0) return call.outputs[present] as Tensor
  call.bodies = [{ ...body, outputs: [...body.outputs, value] }]
  return outer.addOutput(call, [length, ...value.shape], value.dtype)
}

/** The last carries, and all that the body made beside them. Its parameters are the carries, then a slice of each of `xs`. */
export function callScan(
  outer: Trace,
  body: Traced,
  initial: readonly Tensor[],
  xs: readonly Tensor[],
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
): { readonly carries: Tensor[]; readonly ys: Tensor[] } {
  const { read, assigned, captured } = surroundingsOf([body])
  const count = initial.length
  const constants = [...read.map((variable) => outer.read(variable)), ...captured]
  const complete = {
    trace: body.trace,
    inputs: [
      ...variableInputs(body, read),
      ...captureInputs(body, captured),
      ...body.parameters.slice(0, count),
      ...variableInputs(body, assigned),
      ...body.parameters.slice(count),
    ],
    outputs: [...body.outputs.slice(0, count), ...valuesAfter(body, assigned), ...body.outputs.slice(count)],
  }
  const inputs = [...constants, ...initial, ...assigned.map((variable) => outer.read(variable)), ...xs]
  const carries = count + assigned.length
  const attributes = { constants: constants.length, carries, length, reverse }
  const outputs = addCall(outer, scanOp, inputs, attributes, [complete])
  assigned.forEach((variable, i) => outer.assign(variable, outputs[count + i] as Tensor))
  return { carries: outputs.slice(0, count), ys: outputs.slice(carries) }
}
