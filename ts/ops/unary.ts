import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { divide, multiply } from './binary.js'
import { elementwise } from './elementwise.js'
import { composition } from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

const negativeOp = elementwise('negative', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = -x[i]!
  },
  int32: true,
  vjp: ({ gradient }, { negative }) => [negative(gradient)],
  tolerance: 'exact',
  torch: '-a',
})

/** The negative of each element. float32 or int32. */
export function negative(x: TensorInput): Tensor {
  return apply(negativeOp, [toTensor('negative', x)])
}

const absoluteOp = elementwise('absolute', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.abs(x[i]!)
  },
  int32: true,
  vjp: ({ inputs: [x], gradient }, { multiply, sign }) => [multiply(gradient, sign(x as Tensor))],
  tolerance: 'exact',
  torch: 'torch.abs(a)',
})

/** The absolute value of each element. float32 or int32. */
export function absolute(x: TensorInput): Tensor {
  return apply(absoluteOp, [toTensor('absolute', x)])
}

const signOp = elementwise('sign', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.sign(x[i]!)
  },
  int32: true,
  vjp: () => [null],
  tolerance: 'exact',
  torch: 'torch.sign(a) if a.dtype == torch.int32 else torch.where(a.isnan(), a, torch.sign(a))',
})

/** -1, 0 or 1 by the sign of each element. float32 or int32. */
export function sign(x: TensorInput): Tensor {
  return apply(signOp, [toTensor('sign', x)])
}

const sqrtOp = elementwise('sqrt', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.sqrt(x[i]!)
  },
  vjp: ({ output, gradient }, { divide, multiply }) => [divide(multiply(gradient, 0.5), output)],
  domain: [[0.1, 10]],
  tolerance: { ulp: 0.5 },
  torch: 'torch.sqrt(a)',
})

/** The square root of each element; NaN below zero. */
export function sqrt(x: TensorInput): Tensor {
  return apply(sqrtOp, [toTensor('sqrt', x)])
}

composition({
  name: 'rsqrt',
  compose: ([x]) => rsqrt(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7], 0.1, 10)]),
    valueSample('special values', [values([0, Infinity, -1, NaN, 1e-30])]),
  ],
  errors: [],
  tolerance: { ulp: 1.5 },
  torch: 'torch.rsqrt(a)',
})

/** 1 / √x of each element; NaN below zero. */
export function rsqrt(x: TensorInput): Tensor {
  return applyComposition('rsqrt', [toTensor('rsqrt', x)], ([value]) => divide(1, sqrt(value as Tensor)))
}

composition({
  name: 'reciprocal',
  compose: ([x]) => reciprocal(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7], 0.5, 3)]),
    valueSample('special values', [values([0, Infinity, NaN, -2])]),
  ],
  errors: [],
  tolerance: { ulp: 0.5 },
  torch: 'torch.reciprocal(a)',
})

/** 1 / x of each element. */
export function reciprocal(x: TensorInput): Tensor {
  return divide(1, x)
}

composition({
  name: 'square',
  compose: ([x]) => square(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7])]),
    sample('int32', [integers([33], -(2 ** 15), 2 ** 15)]),
  ],
  errors: [],
  tolerance: { ulp: 0.5 },
  torch: 'torch.square(a)',
})

/** The square of each element. float32 or int32. */
export function square(x: TensorInput): Tensor {
  const value = toTensor('square', x)
  return multiply(value, value)
}

const sigmoidOp = elementwise('sigmoid', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = logistic(x[i]!)
  },
  vjp: ({ output, gradient }, { multiply, subtract }) => [
    multiply(gradient, multiply(output, subtract(1, output))),
  ],
  domain: [[-6, 6]],
  torch: 'torch.sigmoid(a)',
  samples: () => [valueSample('saturated', [values([30, -30, -80, 80, -87, -100, 100])])],
})

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
}

/** The logistic function 1 / (1 + exp(-x)) of each element. */
export function sigmoid(x: TensorInput): Tensor {
  return apply(sigmoidOp, [toTensor('sigmoid', x)])
}

const reluOp = elementwise('relu', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = x[i]! <= 0 ? 0 : x[i]!
  },
  vjp: ({ output, gradient }, { greater, where }) => [where(greater(output, 0), gradient, 0)],
  tolerance: 'exact',
  torch: 'torch.relu(a)',
})

/** The rectified linear unit: each element where it is positive, else 0. Its derivative at 0 is 0. */
export function relu(x: TensorInput): Tensor {
  return apply(reluOp, [toTensor('relu', x)])
}
