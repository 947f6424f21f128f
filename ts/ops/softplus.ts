import { checkInterval, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { TensorInput } from './apply.js'
import { add, divide, maximum, multiply } from './binary.js'
import { less, lessEqual, where } from './compare.js'
import { exp, log1p } from './exponential.js'
import { applyPointwise, pointwise } from './pointwise.js'
import { absolute, negative, sqrt, square } from './unary.js'

pointwise('softplus', {
  compose: ([x]) => softplus(x as Tensor),
  torch: 'torch.logaddexp(a, torch.zeros_like(a))',
})

/** log(1 + exp(x)), a smooth relu, without overflow. */
export function softplus(x: TensorInput): Tensor {
  return applyPointwise('softplus', x, (value) =>
    add(maximum(value, 0), log1p(exp(negative(absolute(value))))),
  )
}

pointwise('softsign', { compose: ([x]) => softsign(x as Tensor), torch: 'torch.nn.functional.softsign(a)' })

/** x / (1 + |x|). */
export function softsign(x: TensorInput): Tensor {
  return applyPointwise('softsign', x, (value) => divide(value, add(absolute(value), 1)))
}

pointwise('sparsePlus', {
  compose: ([x]) => sparsePlus(x as Tensor),
  torch: 'torch.where(a <= -1, 0.0, torch.where(a < 1, (a + 1) ** 2 / 4, a))',
})

/** A softplus that is 0 up to -1 and x from 1 on; (x + 1)² / 4 between. */
export function sparsePlus(x: TensorInput): Tensor {
  const f = (value: Tensor) =>
    where(lessEqual(value, -1), 0, where(less(value, 1), multiply(square(add(value, 1)), 0.25), value))
  return applyPointwise('sparsePlus', x, f)
}

pointwise<{ b: number }>('squareplus', {
  compose: ([x], options) => squareplus(x as Tensor, options),
  attributes: { b: 'number' },
  with: [{ b: 4 }, { b: 0.5 }],
  torch: '(a + torch.sqrt(a ** 2 + b)) / 2',
})

/** (x + √(x² + b)) / 2, a smooth relu without exponentials; b is 4 by default. */
export function squareplus(x: TensorInput, options: { readonly b?: number } = {}): Tensor {
  checkOptions('squareplus', options, ['b'])
  const { b = 4 } = options
  checkInterval('squareplus', 'b', b, { minimum: 0 })
  const f = (value: Tensor) => multiply(add(value, sqrt(add(square(value), b))), 0.5)
  return applyPointwise('squareplus', x, f, `squareplus${b}`)
}
