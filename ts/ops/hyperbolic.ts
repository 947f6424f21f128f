import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { elementwise } from './elementwise.js'
import { valueSample, values } from './samples.js'

const sinhOp = elementwise('sinh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.sinh(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { cosh, multiply }) => [multiply(gradient, cosh(x as Tensor))],
  domain: [[-3, 3]],
  tolerance: { ulp: 1 },
  torch: 'torch.sinh(a)',
  samples: () => [valueSample('small and large', [values([1e-20, -1e-4, 0.99, 1.01, 89, -89.5, 200])])],
})

/** The hyperbolic sine of each element. */
export function sinh(x: TensorInput): Tensor {
  return apply(sinhOp, [toTensor('sinh', x)])
}

const coshOp = elementwise('cosh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.cosh(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { multiply, sinh }) => [multiply(gradient, sinh(x as Tensor))],
  domain: [[-3, 3]],
  tolerance: { ulp: 1 },
  torch: 'torch.cosh(a)',
  samples: () => [valueSample('small and large', [values([1e-20, -1e-4, 89, -89.5, 200])])],
})

/** The hyperbolic cosine of each element. */
export function cosh(x: TensorInput): Tensor {
  return apply(coshOp, [toTensor('cosh', x)])
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

const arcsinhOp = elementwise('arcsinh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.asinh(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, sqrt, square }) => [
    divide(gradient, sqrt(add(1, square(x as Tensor)))),
  ],
  domain: [[-5, 5]],
  torch: 'torch.asinh(a)',
  samples: () => [valueSample('small and large', [values([1e-20, -1e-4, 0.1, 1e7, -1e8, 1e30])])],
})

/** The inverse of the hyperbolic sine of each element. */
export function arcsinh(x: TensorInput): Tensor {
  return apply(arcsinhOp, [toTensor('arcsinh', x)])
}

const arccoshOp = elementwise('arccosh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.acosh(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, multiply, sqrt, subtract }) => [
    divide(gradient, sqrt(multiply(subtract(x as Tensor, 1), add(x as Tensor, 1)))),
  ],
  domain: [[1.05, 6]],
  torch: 'torch.acosh(a)',
  samples: () => [valueSample('near 1 and large', [values([1, 1.0000001, 1.001, 1e7, 1e30, 0.5])])],
})

/** The inverse of the hyperbolic cosine of each element; NaN below 1. */
export function arccosh(x: TensorInput): Tensor {
  return apply(arccoshOp, [toTensor('arccosh', x)])
}

const arctanhOp = elementwise('arctanh', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.atanh(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, multiply, subtract }) => [
    divide(gradient, multiply(subtract(1, x as Tensor), add(1, x as Tensor))),
  ],
  domain: [[-0.95, 0.95]],
  torch: 'torch.atanh(a)',
  samples: () => [valueSample('small and ends', [values([1e-20, -1e-4, 0.1, 0.99999994, 1, -1, 1.5])])],
})

/** The inverse of the hyperbolic tangent of each element; ±inf at ±1 and NaN beyond. */
export function arctanh(x: TensorInput): Tensor {
  return apply(arctanhOp, [toTensor('arctanh', x)])
}
