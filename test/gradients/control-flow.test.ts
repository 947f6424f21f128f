import { describe, expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { uniform } from '../../ts/ops/samples.js'
import { checkGradient } from './finite-differences.js'

type T = lw.Tensor
const { ops, tensor, grad } = lw

describe('gradients of control flow are what central differences find', () => {
  const x = (shape: number[], stream: number) => uniform(shape, 0.2, 1, stream)
  const forms: [string, (inputs: readonly T[]) => T, ReturnType<typeof x>[]][] = [
    [
      'a scan',
      ([xs, w]) => {
        const [last, all] = ops.scan(
          (c: T, v: T) => {
            const next = ops.tanh(ops.add(ops.multiply(c, w!), v))
            return [next, ops.multiply(next, v)] as const
          },
          ops.multiply(w!, 2),
          xs!,
        )
        return ops.add(ops.sum(ops.exp(last)), ops.sum(all))
      },
      [x([4, 3], 1), x([3], 2)],
    ],
    [
      'a reversed scan without results',
      ([xs]) =>
        ops.sum(
          ops.scan((c: T, v: T) => [ops.multiply(ops.add(c, 1), v), null], tensor([0.5, 0.5]), xs!, {
            reverse: true,
          })[0],
        ),
      [x([3, 2], 1)],
    ],
    [
      'a map whose body has a scan',
      ([m, w]) =>
        ops.sum(
          ops.map(
            (row: T) =>
              ops.scan((c: T, v: T) => [ops.multiply(ops.tanh(c), ops.add(v, w!)), null], 1, row)[0],
            m!,
          ),
        ),
      [x([3, 2], 1), x([], 2)],
    ],
    [
      'a cond',
      ([a, b]) =>
        ops.sum(
          ops.cond(
            ops.less(ops.sum(a!), ops.sum(b!)),
            () => ops.multiply(a!, a!),
            () => ops.multiply(ops.exp(b!), a!),
          ),
        ),
      [x([3], 1), x([3], 2)],
    ],
    [
      'a cond that is chosen otherwise',
      ([a, b]) =>
        ops.sum(
          ops.cond(
            ops.greater(ops.sum(a!), 0),
            () => ops.multiply(ops.exp(b!), a!),
            () => a!,
          ),
        ),
      [x([3], 1), x([3], 2)],
    ],
    [
      'a cond in a scan',
      ([xs, w]) =>
        ops.scan(
          (c: T, v: T) => [
            ops.cond(
              ops.greater(c, 1),
              () => ops.multiply(c, v),
              () => ops.add(c, ops.multiply(v, w!)),
            ),
            null,
          ],
          0.5,
          xs!,
        )[0],
      [x([6], 1), x([], 2)],
    ],
    [
      'the gradient of a scan',
      ([xs, w]) =>
        ops.sum(
          ops.square(
            grad((v: T) =>
              ops.sum(ops.scan((c: T, y: T) => [ops.tanh(ops.multiply(ops.add(c, y), v)), null], 0, xs!)[0]),
            )(w!),
          ),
        ),
      [x([3], 1), x([2], 2)].slice(0, 1).concat([x([], 2)]),
    ],
    [
      'the gradient of a cond',
      ([a]) =>
        ops.sum(
          grad((v: T) =>
            ops.sum(
              ops.cond(
                ops.greater(ops.sum(v), 0),
                () => ops.multiply(v, ops.square(v)),
                () => v,
              ),
            ),
          )(a!),
        ),
      [x([3], 1)],
    ],
    [
      'a custom gradient in a scan',
      ([xs]) =>
        ops.scan(
          (c: T, v: T) => {
            const f = lw.customGradient((a: T) => {
              const e = ops.exp(a)
              return [e, (upstream) => ops.multiply(upstream, e)]
            })
            return [ops.add(ops.multiply(c, 0.5), f(v)), null]
          },
          0,
          xs!,
        )[0],
      [x([4], 1)],
    ],
    [
      'the gradient of a custom gradient in a scan',
      ([xs]) =>
        ops.sum(
          ops.square(
            grad(
              (at: T) =>
                ops.scan(
                  (c: T, v: T) => {
                    const f = lw.customGradient((a: T) => {
                      const e = ops.exp(a)
                      return [e, (upstream) => ops.multiply(upstream, e)]
                    })
                    return [ops.multiply(ops.add(c, 1), f(v)), null]
                  },
                  0,
                  at,
                )[0],
            )(xs!),
          ),
        ),
      [x([3], 1)],
    ],
  ]

  test.each(forms)('%s', (_, f, inputs) => {
    lw.setBackend('reference')
    const loss = ([...given]: readonly T[]) => ops.multiply(f(given), given.at(-1) as T)
    expect(checkGradient(loss, [...inputs, x([], 9)])).toEqual([])
  })
})
