import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { elementwise } from './elementwise.js'
import { valueSample, values } from './samples.js'

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

const tanhOp = elementwise('tanh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.tanh(x[i]!)
  },
  vjp: ({ output, gradient }, { multiply, square, subtract }) => [
    multiply(gradient, subtract(1, square(output))),
  ],
  domain: [[-3, 3]],
  torch: 'torch.tanh(a)',
  samples: () => [valueSample('small and saturated', [values([1e-6, -1e-4, 9, -9.5, 20, 0.6, -0.63])])],
})

/** The hyperbolic tangent of each element. */
export function tanh(x: TensorInput): Tensor {
  return apply(tanhOp, [toTensor('tanh', x)])
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

const erfinvOp = elementwise('erfinv', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = inverseErrorFunction(x[i]!)
  },
  vjp: ({ output, gradient }, { exp, multiply, square }) => [
    multiply(gradient, multiply(Math.sqrt(Math.PI) / 2, exp(square(output)))),
  ],
  domain: [[-0.95, 0.95]],
  torch: 'torch.erfinv(a)',
  samples: () => [valueSample('tails', [values([0.999, -0.99999, 0.9999999, 1e-7, -1e-3, 1.5])])],
})

/** The inverse of the error function; ±inf at ±1 and NaN beyond. */
export function erfinv(x: TensorInput): Tensor {
  return apply(erfinvOp, [toTensor('erfinv', x)])
}

/**
 * Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), as the start; two steps of Halley's method on
 * erf(y) = x (in the tails on erfc) then give float64 accuracy.
 */
function inverseErrorFunction(x: number): number {
  const magnitude = Math.abs(x)
  if (!(magnitude < 1)) return magnitude === 1 ? x * Infinity : NaN
  if (magnitude === 0) return x
  const w = -Math.log((1 - x) * (1 + x))
  const central = [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
    0.246640727, 1.50140941,
  ]
  const tail = [
    -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
    1.00167406, 2.83297682,
  ]
  const [coefficients, t] = w < 5 ? [central, w - 2.5] : [tail, Math.sqrt(w) - 3]
  let y = magnitude * coefficients.reduce((sum, coefficient) => sum * t + coefficient, 0)
  for (let i = 0; i < 2; i++) {
    const residual = magnitude < 0.5 ? erfSeries(y) - magnitude : 1 - magnitude - erfcFraction(y)
    const step = residual / ((2 / Math.sqrt(Math.PI)) * Math.exp(-y * y))
    y -= step / (1 + y * step)
  }
  return Math.sign(x) * y
}

/** erf by its Maclaurin series in the form of Abramowitz and Stegun 7.1.6, whose terms are all positive. */
function erfSeries(y: number): number {
  let term = y
  let sum = y
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * y * y) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y) * sum
}

/** erfc for y ≥ 0: by the series below 2, above by the continued fraction of Abramowitz and Stegun 7.1.14. */
function erfcFraction(y: number): number {
  if (y < 2) return 1 - erfSeries(y)
  let fraction = y
  for (let n = 60; n >= 1; n--) fraction = y + n / 2 / fraction
  return Math.exp(-y * y) / (Math.sqrt(Math.PI) * fraction)
}
