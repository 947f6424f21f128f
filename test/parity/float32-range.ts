import type { Storage } from '../../ts/dtype.js'
import type { Program } from '../../ts/graph/program.js'
import type { Primitive } from '../../ts/ops/record.js'

/** A program whose ops are replaced, so that the reference executor computes something else. */
export function replaceOps(program: Program, replace: (op: Primitive) => Primitive): Program {
  const instructions = program.instructions.map((instruction) =>
    instruction.bodies
      ? { ...instruction, bodies: instruction.bodies.map((body) => replaceOps(body, replace)) }
      : { ...instruction, op: replace(instruction.op) },
  )
  return { ...program, instructions }
}

/** The op with something done to its float32 results. */
export function afterKernel(
  op: Primitive,
  change: (args: Parameters<Primitive['kernel']>[0]) => void,
): Primitive {
  return {
    ...op,
    kernel: (args) => {
      op.kernel(args)
      change(args)
    },
  }
}

/**
 * The op in float64 with the range of float32: what overflows is infinite and what is denormal is zero, so that float64's larger exponents do
 * not hide what float32 cannot hold.
 */
export function withFloat32Range(op: Primitive): Primitive {
  return afterKernel(op, ({ output, outputSpec }) => {
    if (outputSpec.dtype === 'float32') limitRange(output)
  })
}

function limitRange(elements: Storage): void {
  for (let i = 0; i < elements.length; i++) {
    const x = elements[i] as number
    const magnitude = Math.abs(x)
    if (magnitude < 2 ** -126) elements[i] = x * 0
    else if (magnitude >= 2 ** 128 - 2 ** 103) elements[i] = x * Infinity
  }
}
