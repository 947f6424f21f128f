import { describe, expect, test } from 'vitest'
import { grad, jit, ops, setBackend, type Tensor, tensor, valueAndGrad, variable } from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'
import { checkGradient } from '../gradients/finite-differences.js'
import { outputShape, weightedSum } from '../parity/program.js'

const cube = (x: Tensor) => ops.multiply(x, ops.multiply(x, x))

describeOnEachBackend('differentiation', () => {
  test('gives value and gradient', () => {
    const [value, gradient] = valueAndGrad((x: Tensor) => ops.sum(ops.square(x)))(tensor([1, 2, 3]))
    expect(value.item()).toBe(14)
    expect(gradient.arraySync()).toEqual([2, 4, 6])
  })

  test('of a tree gives a tree', () => {
    const f = ({ a, b }: { a: Tensor; b: [Tensor, Tensor] }) =>
      ops.sum(ops.multiply(a, ops.add(b[0], ops.multiply(2, b[1]))))
    const gradients = grad(f)({ a: tensor([2]), b: [tensor([3]), tensor([5])] })
    expect(gradients.a.arraySync()).toEqual([13])
    expect(gradients.b.map((t) => t.arraySync())).toEqual([[2], [4]])
  })

  test('is with respect to the first argument alone', () => {
    const f = (x: Tensor, y: Tensor, factor: number) => ops.multiply(factor, ops.multiply(x, y))
    expect(grad(f)(tensor(2), tensor(3), 10).item()).toBe(30)
  })

  test('of variables counts every read of them, also behind functions', () => {
    const w = variable(3)
    const layer = (x: Tensor) => ops.multiply(w, x)
    const [value, gradient] = valueAndGrad((_: typeof w, x: Tensor) => ops.multiply(layer(x), layer(x)))(
      w,
      tensor(2),
    )
    expect([value.item(), gradient.item()]).toEqual([36, 24])
  })

  test('can be repeated', () => {
    const first = grad(cube)
    const second = grad((x: Tensor) => first(x))
    const third = grad((x: Tensor) => second(x))
    expect([first, second, third].map((f) => f(tensor(2)).item())).toEqual([12, 12, 6])
  })

  test('within a jitted function becomes part of it', () => {
    const w = variable([1, 2])
    const step = jit((x: Tensor) => {
      const [loss, gradient] = valueAndGrad((v: typeof w) => ops.sum(ops.multiply(ops.square(v), x)))(w)
      w.assign(ops.subtract(w, ops.multiply(gradient, 0.25)))
      return loss
    })
    expect(step(tensor([1, 1])).item()).toBe(5)
    expect(w.read().arraySync()).toEqual([0.5, 1])
  })

  test('adds what flows through several paths, and is zero where nothing flows', () => {
    const x = tensor([2])
    expect(grad((t: Tensor) => ops.sum(ops.add(cube(t), ops.add(t, t))))(x).arraySync()).toEqual([14])
    const [a, b] = grad(([p, _]: [Tensor, Tensor]) => ops.sum(p))([tensor([1, 2]), tensor([3])])
    expect([a.arraySync(), b.arraySync()]).toEqual([[1, 1], [0]])
    expect(grad((_: Tensor) => tensor(1))(x).arraySync()).toEqual([0])
    expect(grad((t: Tensor) => t)(tensor(5)).item()).toBe(1)
  })

  test('stops at stopGradient, and at integers and booleans', () => {
    const f = (x: Tensor) => ops.sum(ops.multiply(x, ops.stopGradient(x)))
    expect(grad(f)(tensor([3])).arraySync()).toEqual([3])
    const g = (x: Tensor) => ops.sum(ops.multiply(x, ops.cast(ops.greater(x, 0), 'float32')))
    expect(grad(g)(tensor([-1, 2])).arraySync()).toEqual([0, 1])
  })

  test('takes float32 scalars of float32 arguments', async () => {
    await expectError('grad.output', () => grad((x: Tensor) => x)(tensor([1, 2])))
    await expectError('grad.output', () => grad((x: Tensor) => ops.argmax(x))(tensor([1, 2])))
    await expectError('grad.input', () =>
      grad((x: Tensor) => ops.sum(ops.cast(x, 'float32')))(tensor(new Int32Array(2))),
    )
    await expectError('trace.output', () => grad(() => 1 as unknown as Tensor)(tensor(1)))
  })

  test('goes through graphs deeper than the call stack', () => {
    const f = (x: Tensor) => {
      let y = x
      for (let i = 0; i < 12_000; i++) y = ops.negative(y)
      return y
    }
    expect(grad(f)(tensor(1)).item()).toBe(1)
  })
})

describe('the gradients of ops in all their forms are what central differences find', () => {
  const x = (shape: number[], stream = 1) => uniform(shape, 0.2, 2, stream)
  const forms: [string, (inputs: readonly Tensor[]) => Tensor, ReturnType<typeof x>[]][] = [
    ...(['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'power'] as const).flatMap(
      (name): typeof forms => [
        [`${name} of a row`, ([a, b]) => ops[name](a!, b!), [x([3, 4]), x([4], 2)]],
        [`${name} of a column`, ([a, b]) => ops[name](a!, b!), [x([3, 1]), x([3, 4], 2)]],
        [`${name} of a scalar`, ([a, b]) => ops[name](a!, b!), [x([]), x([2, 3], 2)]],
        [`${name} of both`, ([a, b]) => ops[name](a!, b!), [x([2, 1, 3]), x([4, 1], 2)]],
      ],
    ),
    ['where, broadcast', ([a, b]) => ops.where(ops.less(a!, 1), a!, b!), [x([3, 1]), x([4], 2)]],
    ['clip', ([a]) => ops.clip(a!, 0.5, 1.5), [x([7])]],
    ['matmul of vectors', ([a, b]) => ops.matmul(a!, b!), [x([4]), x([4], 2)]],
    ['matmul with a vector', ([a, b]) => ops.matmul(a!, b!), [x([2, 3, 4]), x([4], 2)]],
    ['matmul of a batch and a matrix', ([a, b]) => ops.matmul(a!, b!), [x([2, 3, 4]), x([4, 2], 2)]],
    ['matmul of a batch and a batch of one', ([a, b]) => ops.matmul(a!, b!), [x([2, 3, 4]), x([1, 4, 2], 2)]],
    ['matmul of broadcast batches', ([a, b]) => ops.matmul(a!, b!), [x([2, 1, 3, 2]), x([4, 2, 3], 2)]],
    ['softmax over the first axis', ([a]) => ops.softmax(a!, { axis: 0 }), [x([3, 4])]],
    ['sum with keepdims', ([a]) => ops.sum(a!, { axis: [0, -1], keepdims: true }), [x([2, 3, 4])]],
    ['mean', ([a]) => ops.mean(a!, { axis: -1 }), [x([3, 4])]],
    ['max of all', ([a]) => ops.max(a!), [x([3, 4])]],
    [
      'take along an axis',
      ([a]) => ops.take(a!, tensor(new Int32Array([2, 0, 2])), { axis: 1 }),
      [x([2, 3, 2])],
    ],
    ['expandDims and transpose', ([a]) => ops.transpose(ops.expandDims(a!, 1)), [x([2, 3])]],
    ['reshape with an inferred extent', ([a]) => ops.reshape(a!, [-1, 2]), [x([2, 3])]],
  ]

  test.each(forms)('%s', (_, f, inputs) => {
    setBackend('reference')
    expect(checkGradient(weightedSum(f), [...inputs, x(outputShape(f, inputs), 3)])).toEqual([])
  })
})
