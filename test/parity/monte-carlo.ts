import type { Storage } from '../../ts/dtype.js'
import type { Primitive } from '../../ts/ops/record.js'
import { ulp } from './compare.js'
import { execute, type Workload } from './execution.js'
import { afterKernel, replaceOps, withFloat32Range } from './float32-range.js'
import { reference64 } from './program.js'
import { allowedErrors } from './tolerance.js'

/**
 * Runs for short and long programs; powers of two, because signs come from a Hadamard matrix of this order. Long programs bring errors of
 * different elements together, which are the less likely to have the same signs the more runs there are.
 */
const [fewRuns, manyRuns] = [8, 64]
/** Errors add up to at most the root of their number times their root mean square. */
const safety = 4

/**
 * What each element of a program's results may be off by when every op is off by its own tolerance: found by Monte Carlo arithmetic (Parker,
 * 1997), which runs the program in float64 with errors of that size and various signs. This follows the condition of the computation, as a
 * fixed tolerance could not. The signs of errors that meet in one element are orthogonal over the runs where they are no more than these, so
 * their squares add up and none cancels another.
 */
export function propagatedErrors(workload: Workload, truth: readonly Storage[]): Float64Array[] {
  const runs = workload.program.instructions.length <= fewRuns ? fewRuns : manyRuns
  const squares = truth.map((result) => new Float64Array(result.length))
  for (let run = 0; run < runs; run++) {
    let calls = 0
    const perturb = (op: Primitive): Primitive => {
      if (op.tolerance === 'exact') return op
      return afterKernel(op, (args) => {
        const call = calls++
        if (args.outputSpec.dtype !== 'float32') return
        allowedErrors(op, args)?.forEach((error, i) => {
          args.output[i] = (args.output[i] as number) + errorSign(runs, run, call, i) * error
        })
      })
    }
    const program = replaceOps(workload.program, (op) => withFloat32Range(perturb(op)))
    execute(reference64, { ...workload, program }).forEach((result, k) => {
      const [sum, exact] = [squares[k] as Float64Array, truth[k] as Storage]
      for (let i = 0; i < sum.length; i++) {
        const [x, y] = [result[i] as number, exact[i] as number]
        if (!Object.is(x, y)) sum[i] = (sum[i] as number) + (x - y) ** 2
      }
    })
  }
  return truth.map((result, k) =>
    Float64Array.from(result, (x, i) => {
      const error = safety * Math.sqrt(((squares[k] as Float64Array)[i] as number) / runs) + ulp(x)
      return Number.isNaN(error) ? Infinity : error
    }),
  )
}

/** Sylvester's Hadamard matrix, its columns dealt out to kernel calls and elements, each with a sign of its own. */
function errorSign(order: number, run: number, call: number, element: number): 1 | -1 {
  const mixed = Math.imul(element + 1, 0x9e3779b1) ^ Math.imul(call + 1, 0x85ebca6b)
  const column = (call + (Math.imul(element + 1, 0xc2b2ae35) >>> 16)) % order
  const bits = (run & column) ^ ((mixed >>> 13) & 1 ? order : 0)
  const halves = bits ^ (bits >> 4)
  return (halves ^ (halves >> 1) ^ (halves >> 2) ^ (halves >> 3)) & 1 ? -1 : 1
}
