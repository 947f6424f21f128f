import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { add, maximum, subtract } from './binary.js'
import { toTensors } from './broadcast.js'
import { equal, where } from './compare.js'
import { elementwise } from './elementwise.js'
import { composition } from './record.js'
import { sample, uniform, valueSample, values } from './samples.js'
import { absolute, negative } from './unary.js'

const expOp = elementwise('exp', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.exp(x[i]!)
  },
  vjp: ({ output, gradient }, { multiply }) => [multiply(gradient, output)],
  domain: [[-10, 10]],
  torch: 'torch.exp(a)',
  samples: () => [
    valueSample('overflow and underflow', [values([88.7, 88.8, 89, -87.3, -87.4, -104, -200, 1e-8])]),
  ],
})

/** e to the power of each element. */
export function exp(x: TensorInput): Tensor {
  return apply(expOp, [toTensor('exp', x)])
}

const expm1Op = elementwise('expm1', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.expm1(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { exp, multiply }) => [multiply(gradient, exp(x as Tensor))],
  domain: [[-5, 5]],
  torch: 'torch.expm1(a)',
  samples: () => [
    valueSample('small, large and saturated', [values([1e-8, -1e-4, 88.7, 89, -17, -18.5, -200])]),
  ],
})

/** exp(x) - 1 of each element, accurate near 0 too. */
export function expm1(x: TensorInput): Tensor {
  return apply(expm1Op, [toTensor('expm1', x)])
}

const logOp = elementwise('log', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.log(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { divide }) => [divide(gradient, x as Tensor)],
  domain: [[0.1, 10]],
  torch: 'torch.log(a)',
  samples: () => [
    valueSample('near 1 and far', [values([0.999999, 1.000001, 1e-30, 1e30, 1.17549435e-38, -2])]),
  ],
})

/** The natural logarithm of each element; NaN below zero. */
export function log(x: TensorInput): Tensor {
  return apply(logOp, [toTensor('log', x)])
}

const log1pOp = elementwise('log1p', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.log1p(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide }) => [divide(gradient, add(x as Tensor, 1))],
  domain: [[-0.9, 9]],
  torch: 'torch.log1p(a)',
  samples: () => [valueSample('small and large', [values([1e-8, -1e-4, -0.99999994, 1e30, 3e7, -1, -2])])],
})

/** log(1 + x) of each element, accurate near 0 too; NaN below -1. */
export function log1p(x: TensorInput): Tensor {
  return apply(log1pOp, [toTensor('log1p', x)])
}

const log2Op = elementwise('log2', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.log2(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { divide, multiply }) => [
    divide(gradient, multiply(x as Tensor, Math.LN2)),
  ],
  domain: [[0.1, 10]],
  torch: 'torch.log2(a)',
  samples: () => [valueSample('powers of 2', [values([2, 0.25, 1024, 2 ** 100, 2 ** -126, 3, -2])])],
})

/** The logarithm of each element to base 2; NaN below zero. */
export function log2(x: TensorInput): Tensor {
  return apply(log2Op, [toTensor('log2', x)])
}

const log10Op = elementwise('log10', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.log10(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { divide, multiply }) => [
    divide(gradient, multiply(x as Tensor, Math.LN10)),
  ],
  domain: [[0.1, 10]],
  torch: 'torch.log10(a)',
  samples: () => [valueSample('powers of 10', [values([10, 0.001, 1e6, 1e30, 1e-30, 5, -2])])],
})

/** The logarithm of each element to base 10; NaN below zero. */
export function log10(x: TensorInput): Tensor {
  return apply(log10Op, [toTensor('log10', x)])
}

composition({
  name: 'logaddexp',
  compose: ([x, y]) => logaddexp(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7], -4, 4, 1), uniform([5, 7], -4, 4, 2)]),
    sample('equal and far apart', [values([1, -2, 100, -100, 0.5]), values([1, -2, -100, 100, 90])]),
    valueSample('infinities', [
      values([Infinity, -Infinity, Infinity, 1, NaN]),
      values([Infinity, -Infinity, -Infinity, -Infinity, 1]),
    ]),
  ],
  errors: [],
  // Relative to the largest element: the logarithm of a sum near 1 is near 0.
  tolerance: { relative: 1e-6 },
  torch: 'torch.logaddexp(a, b)',
})

/** log(exp(x) + exp(y)) element by element, without overflow; broadcast to one shape. */
export function logaddexp(x: TensorInput, y: TensorInput): Tensor {
  return applyComposition('logaddexp', toTensors('logaddexp', [x, y]), ([a, b]) => {
    const [first, second] = [a as Tensor, b as Tensor]
    // Infinities of one sign have no difference.
    const distance = absolute(where(equal(first, second), 0, subtract(first, second)))
    return add(maximum(first, second), log1p(exp(negative(distance))))
  })
}
