import { describe, expect, test } from 'vitest'
import { customGradient, grad, jit, ops, type Tensor, tensor, variable } from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'
import { checkGradient } from '../gradients/finite-differences.js'
import { weightedSum } from '../parity/program.js'

const log1pexp = customGradient((x: Tensor) => {
  const e = ops.exp(x)
  const slope = ops.subtract(1, ops.divide(1, ops.add(1, e)))
  return [ops.log(ops.add(1, e)), (upstream) => ops.multiply(upstream, slope)]
})

describeOnEachBackend('customGradient', () => {
  test('takes the place of the gradient of the ops, and leaves the value', () => {
    expectClose(log1pexp(tensor(1)), [Math.log1p(Math.E)])
    expect(grad(log1pexp)(tensor(100)).item()).toBe(1)
    expect(grad((x: Tensor) => ops.log(ops.add(1, ops.exp(x))))(tensor(100)).item()).toBeNaN()
  })

  test('gives one gradient for each of several inputs, and null is zero', () => {
    const f = customGradient((a: Tensor, b: Tensor, c: Tensor) => [
      ops.add(ops.multiply(a, b), c),
      (upstream) => [ops.multiply(upstream, 10), null, upstream],
    ])
    const gradients = grad((x: Tensor[]) => f(x[0]!, x[1]!, x[2]!))([tensor(2), tensor(3), tensor(4)])
    expect(gradients.map((g) => g.item())).toEqual([10, 0, 1])
  })

  test('flows to the inputs alone', () => {
    const w = variable(3)
    const f = customGradient((x: Tensor) => [ops.multiply(x, w), (upstream) => ops.multiply(upstream, 7)])
    const gradients = grad(([x, _]: [Tensor, typeof w]) => f(x))([tensor(2), w])
    expect(gradients.map((g) => g.item())).toEqual([7, 0])
  })

  test('is part of a jitted function, and of gradients of gradients', () => {
    const reversed = customGradient((x: Tensor) => [x, (upstream) => ops.negative(upstream)])
    const slope = grad((x: Tensor) => ops.multiply(ops.square(reversed(x)), x))
    expect(jit(slope)(tensor(3)).item()).toBe(-2 * 9 + 9)
    const e = Math.exp(0.5)
    const second = grad((x: Tensor) => grad((y: Tensor) => log1pexp(y))(x))
    expectClose(second(tensor(0.5)), [e / (1 + e) ** 2])
  })

  test('says what its function and its gradient function must return', async () => {
    const wrong = (returned: unknown) => customGradient((() => returned) as never) as () => Tensor
    await expectError('argument.type', () => customGradient(3 as never))
    await expectError('argument.type', () => wrong(tensor(1))())
    await expectError('argument.type', () => wrong([tensor(1)])())
    await expectError('trace.async', () => wrong(Promise.resolve(1))())
    const slope = (returned: unknown) => grad(customGradient((x: Tensor) => [x, () => returned as Tensor]))
    await expectError('argument.type', () => slope([tensor(1), tensor(2)])(tensor(1)))
    await expectError('argument.type', () => slope(3)(tensor(1)))
    await expectError('shape.mismatch', () => slope(tensor([1, 2]))(tensor(1)))
    await expectError('dtype.mismatch', () => slope(tensor(true))(tensor(1)))
  })
})

describe('a custom gradient that is that of its ops', () => {
  test('agrees with central differences', () => {
    const product = customGradient((a: Tensor, b: Tensor) => [
      ops.multiply(ops.tanh(a), b),
      (upstream) => {
        const t = ops.tanh(a)
        return [
          ops.multiply(upstream, ops.multiply(b, ops.subtract(1, ops.square(t)))),
          ops.multiply(upstream, t),
        ]
      },
    ])
    const inputs = [1, 2, 3].map((stream) => uniform([4], -1, 1, stream))
    expect(
      checkGradient(
        weightedSum(([a, b]) => product(a!, b!)),
        inputs,
      ),
    ).toEqual([])
  })
})
