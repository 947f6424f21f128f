import { fail } from '../errors.js'
import { toTensor } from '../ops/apply.js'
import { sameShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { activeTrace, refusePromise } from './trace.js'

/**
 * What a function with a gradient of its own returns: its value, and the function that maps the gradient of the loss with respect to that
 * value to the gradients with respect to the inputs, in their order. null means zero; a lone tensor serves a function of one input.
 */
export type WithGradient = readonly [
  value: Tensor,
  gradient: (upstream: Tensor) => Tensor | readonly (Tensor | null)[],
]

/**
 * A function whose gradient is given in place of what its ops would give: where those are inaccurate, or to change the gradient on purpose.
 *
 * Gradients flow to the inputs alone, not to other tensors and variables that `f` reads. The gradient function is made of ops, so that it can be
 * differentiated in turn.
 *
 * @param f takes tensors and returns `[value, gradient]`; see {@link WithGradient}
 * @throws argument.type where `f` or its gradient function returns something else; shape.mismatch, dtype.mismatch for a gradient that does not
 * fit its input
 *
 * @example
 * const log1pexp = lw.customGradient((x: lw.Tensor) => {
 *   const e = lw.ops.exp(x)
 *   const slope = lw.ops.subtract(1, lw.ops.divide(1, lw.ops.add(1, e)))
 *   return [lw.ops.log(lw.ops.add(1, e)), (upstream) => lw.ops.multiply(upstream, slope)]
 * })
 * lw.grad(log1pexp)(lw.tensor(100)).item()   // 1, where the gradient of the ops is NaN
 */
export function customGradient<Inputs extends Tensor[]>(
  f: (...inputs: Inputs) => WithGradient,
): (...inputs: Inputs) => Tensor {
  if (typeof f !== 'function') {
    fail('argument.type', { op: 'customGradient', argument: 'its argument', expected: 'a function', got: f })
  }
  return (...given) => {
    const trace = activeTrace()
    const inputs = given.map((input) => {
      const value = toTensor('customGradient', input)
      return trace ? trace.lift(value) : value
    }) as Tensor[] as Inputs
    const returned: unknown = f(...inputs)
    refusePromise('customGradient', returned)
    const [value, gradient] = (Array.isArray(returned) ? returned : []) as WithGradient | []
    if (!(value instanceof Tensor) || typeof gradient !== 'function') {
      const argument = 'what its function returns'
      const expected = 'an array [value, gradient] of a tensor and a function'
      return fail('argument.type', { op: 'customGradient', argument, expected, got: returned })
    }
    if (!trace) return value
    const rule = (upstream: Tensor) => checkGradients(inputs, gradient(upstream))
    return trace.withGradient(value, inputs, rule)
  }
}

/** What a gradient function returned, as one gradient or null for each input. */
function checkGradients(inputs: readonly Tensor[], returned: unknown): readonly (Tensor | null)[] {
  const gradients: readonly unknown[] = Array.isArray(returned) ? returned : [returned]
  const fits = (gradient: unknown) => gradient === null || gradient instanceof Tensor
  if (gradients.length !== inputs.length || !gradients.every(fits)) {
    const argument = 'what its gradient function returns'
    const expected = `a tensor or null for each of ${inputs.length} inputs`
    fail('argument.type', { op: 'customGradient', argument, expected, got: returned })
  }
  gradients.forEach((gradient, i) => {
    const [{ shape }, op] = [inputs[i] as Tensor, `the gradient function of customGradient, input ${i}`]
    if (!(gradient instanceof Tensor)) return
    if (!sameShape(gradient.shape, shape)) {
      fail('shape.mismatch', {
        op,
        expected: `the input's shape [${shape.join(', ')}]`,
        got: [gradient.shape],
      })
    }
    if (gradient.dtype !== 'float32') {
      fail('dtype.mismatch', { op, expected: 'float32', got: [gradient.dtype] })
    }
  })
  return gradients as readonly (Tensor | null)[]
}
