import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { elementwise } from './elementwise.js'
import { valueSample, values } from './samples.js'

const erfOp = elementwise('erf', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = errorFunction(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { exp, multiply, negative, square }) => [
    multiply(gradient, multiply(2 / Math.sqrt(Math.PI), exp(negative(square(x as Tensor))))),
  ],
  domain: [[-3, 3]],
  tolerance: { ulp: 2 },
  torch: 'torch.erf(a)',
  samples: () => [valueSample('small and saturated', [values([1e-20, -1e-4, 0.92, 0.93, 3.9, -4, 30])])],
})

/** The error function of each element. */
export function erf(x: TensorInput): Tensor {
  return apply(erfOp, [toTensor('erf', x)])
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

function errorFunction(x: number): number {
  const magnitude = Math.abs(x)
  const value = magnitude < 2 ? erfSeries(magnitude) : 1 - erfcFraction(magnitude)
  return magnitude > 30 ? Math.sign(x) : Math.sign(x) * value
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
