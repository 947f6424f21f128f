import { Cache } from '../cache.js'
import { fail } from '../errors.js'
import { buildProgram } from '../graph/program.js'
import { recordInto, SymbolicTensor, Trace } from '../graph/trace.js'
import { shapeKey } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { executor } from './choice.js'
import type { Executor, Plan } from './executor.js'

const plans = new WeakMap<Executor, Cache<Plan>>()

/**
 * Runs an op on concrete tensors at once: as a program that is traced and compiled once for each signature.
 *
 * @param name tells apart all that is recorded for inputs of the same shapes and dtypes
 * @param record applies the op to the inputs of a trace; what it raises for these shapes is raised at every call
 */
export function runEagerly(
  name: string,
  inputs: readonly Tensor[],
  record: (inputs: readonly Tensor[]) => Tensor,
): Tensor {
  let key = name
  for (const input of inputs) {
    if (input instanceof SymbolicTensor) fail('trace.leak')
    key += `/${input.dtype}${shapeKey(input.shape)}`
  }
  const current = executor()
  let cache = plans.get(current)
  if (!cache) {
    cache = new Cache(256, (plan) => plan.close())
    plans.set(current, cache)
  }
  const plan = cache.get(key, () => {
    const trace = new Trace()
    const result = recordInto(trace, () =>
      record(inputs.map(({ shape, dtype }) => trace.input(shape, dtype))),
    )
    return current.compile(buildProgram(trace, [result]))
  })
  return plan.runSync(inputs)[0] as Tensor
}
