import type { Trace } from '../../graph/trace.js'
import type { Tensor } from '../../tensor.js'
import { notDifferentiable } from '../record.js'
import { addCall, captureInputs, surroundingsOf, type Traced, valuesAfter, variableInputs } from './body.js'
import { control, requireSpecs } from './record.js'

/** The most iterations that a loop can have. */
export const mostIterations = 2 ** 32 - 1

/**
 * Runs its second body on the inputs while the first makes true of them, at most so many times. The first inputs are constants; the others are
 * what the body makes anew.
 */
const whileOp = control({
  name: 'while',
  attributes: { constants: 'integer', maximumIterations: 'integer' },
  infer: (inputs, { constants }, bodies) => {
    const [condition, body] = bodies
    const carries = inputs.slice(constants as number)
    requireSpecs('the inputs of the condition', condition?.inputs ?? [], inputs)
    requireSpecs('the outputs of the condition', condition?.outputs ?? [], [{ shape: [], dtype: 'bool' }])
    requireSpecs('the inputs of the body', body?.inputs ?? [], inputs)
    requireSpecs('the outputs of the body', body?.outputs ?? [], carries)
    return carries
  },
  run: ({ inputs, outputs, attributes: { constants, maximumIterations }, run }) => {
    const fixed = inputs.slice(0, constants as number)
    let carries = inputs.slice(constants as number)
    for (let i = 0; i < (maximumIterations as number); i++) {
      if (run(0, [...fixed, ...carries])[0]?.[0] === 0) break
      carries = run(1, [...fixed, ...carries]).map((carry) => carry.slice())
    }
    carries.forEach((carry, i) => outputs[i]?.set(carry))
  },
  vjp: notDifferentiable(
    'how often it runs is not known before, so what its gradient needs cannot be kept. lw.ops.scan and lw.ops.foriLoop with numbers for bounds have gradients',
  ),
})

/** What the parameters of a body become by a loop. Both functions have the same parameters. */
export function callWhile(
  outer: Trace,
  condition: Traced,
  body: Traced,
  initial: readonly Tensor[],
  maximumIterations: number,
): Tensor[] {
  const { read, assigned, captured } = surroundingsOf([condition, body])
  const bodies = [condition, body].map((f) => ({
    trace: f.trace,
    inputs: [
      ...variableInputs(f, read),
      ...captureInputs(f, captured),
      ...f.parameters,
      ...variableInputs(f, assigned),
    ],
    outputs: f === body ? [...f.outputs, ...valuesAfter(f, assigned)] : f.outputs,
  }))
  const constants = [...read.map((variable) => outer.read(variable)), ...captured]
  const inputs = [...constants, ...initial, ...assigned.map((variable) => outer.read(variable))]
  const attributes = { constants: constants.length, maximumIterations }
  const outputs = addCall(outer, whileOp, inputs, attributes, bodies)
  assigned.forEach((variable, i) => outer.assign(variable, outputs[initial.length + i] as Tensor))
  return outputs.slice(0, initial.length)
}
