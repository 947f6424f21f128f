import type { SampleArray } from '../../ts/ops/record.js'
import { hashed } from '../../ts/ops/samples.js'
import { storageOf, Tensor } from '../../ts/tensor.js'
import { gradientsOf, reference64, tensorOf, traceProgram } from '../parity/program.js'

/** The step of central differences in float64, as in PyTorch's gradcheck. */
const step = 1e-6
/** Tighter than gradcheck's 1e-5 and 1e-3. */
const absolute = 1e-7
const relative = 1e-5
/** How much of the value itself its rounding may put into a difference of two, divided by the step. */
const rounding = 1e-9
/** Beyond this many elements derivatives are taken along random directions instead of one by one. */
const mostElements = 160
const directions = 4

/** A derivative that differences of the values do not confirm. */
export interface Mismatch {
  readonly input: number
  readonly along: string
  readonly gradient: number
  readonly differences: number
}

/**
 * Compares the gradient of a scalar function with central differences in float64, in each float32 input but the last, which holds
 * weights. Returns what differs.
 */
export function checkGradient(
  loss: (inputs: readonly Tensor[]) => Tensor,
  samples: readonly SampleArray[],
): Mismatch[] {
  const value = reference64.compile(traceProgram(reference64, (inputs) => [loss(inputs)], samples))
  const gradients = reference64.compile(traceProgram(reference64, gradientsOf(loss), samples))
  const tensors = samples.map((sample) => tensorOf(sample, true))
  const evaluate = (changed: number, elements: Float64Array): number => {
    const inputs = tensors.map((tensor, i) =>
      i === changed ? new Tensor(tensor.shape, tensor.dtype, elements) : tensor,
    )
    return value.runSync(inputs)[0]?.item() as number
  }
  const results = gradients.runSync(tensors)
  const floor = absolute + rounding * Math.abs(value.runSync(tensors)[0]?.item() as number)
  const mismatches: Mismatch[] = []
  let next = 0
  tensors.slice(0, -1).forEach((tensor, input) => {
    if (tensor.dtype !== 'float32') return
    const elements = storageOf(tensor)
    const gradient = storageOf(results[next++] as Tensor)
    const compare = (along: string, direction: ArrayLike<number>): void => {
      const shifted = (sign: number) =>
        evaluate(
          input,
          Float64Array.from(elements, (x, i) => x + sign * step * (direction[i] as number)),
        )
      const differences = (shifted(1) - shifted(-1)) / (2 * step)
      const expected = Array.from(gradient).reduce((total, g, i) => total + g * (direction[i] as number), 0)
      if (!(Math.abs(expected - differences) <= floor + relative * Math.abs(differences))) {
        mismatches.push({ input, along, gradient: expected, differences })
      }
    }
    if (elements.length <= mostElements) {
      for (let k = 0; k < elements.length; k++) {
        compare(
          `element ${k}`,
          Float64Array.from(elements, (_, i) => Number(i === k)),
        )
      }
    } else {
      for (let k = 0; k < directions; k++) {
        compare(
          `direction ${k}`,
          Float64Array.from(elements, (_, i) => 2 * hashed(i, 1000 + k) - 1),
        )
      }
    }
  })
  return mismatches
}
