import type { Storage } from '../../dtype.js'
import { fail } from '../../errors.js'
import { backpropagate } from '../../graph/autodiff.js'
import { activeTrace, type SymbolicTensor, type Trace } from '../../graph/trace.js'
import type { Tensor } from '../../tensor.js'
import { broadcastTo } from '../array.js'
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

/** Runs the body whose number its first input holds, the nearest one where there is none, on the other inputs. */
const switchOp = control({
  name: 'switch',
  attributes: {},
  infer: ([index, ...operands], _, bodies) => {
    requireSpecs('the index', index ? [index] : [], [{ shape: [], dtype: 'int32' }])
    const [first] = bodies
    if (!first) return fail('program.invalid', { detail: 'it must have a body' })
    for (const { inputs, outputs } of bodies) {
      requireSpecs('the inputs of a body', inputs, operands)
      requireSpecs('the outputs of a body', outputs, first.outputs)
    }
    return first.outputs
  },
  run: ({ inputs: [index, ...operands], outputs, bodies, run }) => {
    const number = (index as Storage)[0] as number
    const results = run(Math.min(Math.max(number, 0), bodies - 1), operands)
    results.forEach((result, i) => outputs[i]?.set(result))
  },
  vjp: ({ inputs: [index, ...operands], bodies }, gradients, [, ...wanted]) => {
    const outer = activeTrace() as Trace
    const functions = bodies.map((body) =>
      traceWithin(outer, [], (_, trace) => {
        const values = operands.map((operand) => trace.alias(operand))
        const results = trace.replay(body, values)
        const seeds = results.flatMap((result, i): [SymbolicTensor, Tensor][] =>
          gradients[i] ? [[result, gradients[i]]] : [],
        )
        const wrt = values.filter((_, i) => wanted[i])
        return backpropagate(seeds, wrt).map(
          (gradient, i) => gradient ?? broadcastTo(0, (wrt[i] as Tensor).shape),
        )
      }),
    )
    const results = callSwitch(outer, index as Tensor, functions)
    let next = 0
    return [null, ...wanted.map((want) => (want ? (results[next++] as Tensor) : null))]
  },
})

/** The outputs of that one of some functions without parameters whose number `index` holds. */
export function callSwitch(outer: Trace, index: Tensor, functions: readonly Traced[]): Tensor[] {
  const { read, assigned, captured } = surroundingsOf(functions)
  const variables = [...read, ...assigned]
  const bodies = functions.map((f) => ({
    trace: f.trace,
    inputs: [...variableInputs(f, variables), ...captureInputs(f, captured)],
    outputs: [...f.outputs, ...valuesAfter(f, assigned)],
  }))
  const inputs = [index, ...variables.map((variable) => outer.read(variable)), ...captured]
  const outputs = addCall(outer, switchOp, inputs, {}, bodies)
  const results = outputs.length - assigned.length
  assigned.forEach((variable, i) => outer.assign(variable, outputs[results + i] as Tensor))
  return outputs.slice(0, results)
}
