import { Cache } from '../cache.js'
import type { Program } from '../graph/program.js'
import type { Attributes, Primitive, Spec } from '../ops/record.js'
import type { Tensor } from '../tensor.js'
import { executor } from './choice.js'
import type { Executor, Plan } from './executor.js'

const plans = new WeakMap<Executor, Cache<Plan>>()

/** Runs one op on concrete tensors: as a program of one instruction, compiled once for each signature. */
export function runEagerly(
  op: Primitive,
  inputs: readonly Tensor[],
  attributes: Attributes,
  output: Spec,
): Tensor {
  const current = executor()
  let cache = plans.get(current)
  if (!cache) {
    cache = new Cache(256, (plan) => plan.close())
    plans.set(current, cache)
  }
  let key = `${op.name}${JSON.stringify(attributes)}`
  for (const { dtype, shape } of inputs) key += `${dtype}${shape}/`
  const plan = cache.get(key, () => current.compile(singleInstruction(op, inputs, attributes, output)))
  return plan.runSync(inputs)[0] as Tensor
}

function singleInstruction(
  op: Primitive,
  inputs: readonly Tensor[],
  attributes: Attributes,
  output: Spec,
): Program {
  const numbers = inputs.map((_, i) => i)
  return {
    values: [...inputs.map(({ shape, dtype }) => ({ shape, dtype })), output],
    inputs: numbers,
    variables: [],
    constants: [],
    instructions: [{ op, inputs: numbers, output: inputs.length, attributes }],
    outputs: [inputs.length],
    updates: [],
  }
}
