import { it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose } from '../expect.js'
import { readFixture } from './fixtures.js'

type T = lw.Tensor

interface Fixture {
  readonly name: string
  readonly shapes: readonly (readonly number[])[]
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
  readonly gradients: readonly (readonly number[])[]
}

const { add, cond, divide, exp, foriLoop, greater, matmul, multiply, scan } = lw.ops
const { sigmoid, square, subtract, sum, tanh, transpose } = lw.ops

const programs: Record<string, (...inputs: T[]) => readonly T[]> = {
  recurrent: (xs, first, kernel, bias) =>
    scan(
      (state: T, x: T) => {
        const next = tanh(add(add(matmul(x, kernel!), matmul(state, transpose(kernel!))), bias!))
        return [next, next] as const
      },
      first!,
      xs!,
    ),
  gated: (xs, first, decay) =>
    scan(
      (cell: T, x: T) => {
        const gate = sigmoid(multiply(x, decay!))
        const next = add(multiply(gate, cell), multiply(subtract(1, gate), x))
        const grow = greater(sum(next), 0)
        return [
          next,
          cond(
            grow,
            () => exp(next),
            () => multiply(next, decay!),
          ),
        ] as const
      },
      first!,
      xs!,
      { reverse: true },
    ),
  newton: (xs, start, target) => [
    add(
      foriLoop(0, 6, (_, x) => multiply(add(x, divide(square(target!), x)), 0.5), start!),
      sum(xs!),
    ),
  ],
}

describeOnEachBackend('loops and branches', () => {
  it.each(readFixture<Fixture>('control.json').map((fixture) => [fixture.name, fixture] as const))(
    'give what PyTorch gives, with gradients: %s',
    (name, { shapes, inputs, outputs, gradients }) => {
      const program = programs[name] as (...inputs: readonly T[]) => readonly T[]
      const given = inputs.map((values, i) => lw.tensor(Float32Array.from(values), [...shapes[i]!]))
      const loss = (x: readonly T[]) =>
        program(...x)
          .map((output) => sum(square(output)))
          .reduce((a, b) => add(a, b))
      lw.jit((x: readonly T[]) => program(...x))(given).forEach((output, i) => {
        expectClose(output, outputs[i]!, 2e-6)
      })
      lw.grad(loss)(given).forEach((gradient, i) => {
        expectClose(gradient as T, gradients[i]!, 2e-5)
      })
    },
  )
})
