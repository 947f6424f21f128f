import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput } from './apply.js'
import { applyBroadcasting, toTensors } from './broadcast.js'
import { cast, equal, where } from './compare.js'
import { elementwise } from './elementwise.js'
import { composition } from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

const addOp = elementwise('add', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = x[i]! + y[i]!
  },
  int32: true,
  vjp: ({ gradient }) => [gradient, gradient],
  tolerance: { ulp: 0.5 },
  torch: 'a + b',
})

/** The sum of two tensors, broadcast to one shape. float32 or int32, which wraps. */
export function add(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(addOp, [x, y])
}

const subtractOp = elementwise('subtract', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = x[i]! - y[i]!
  },
  int32: true,
  vjp: ({ gradient }, { negative }) => [gradient, negative(gradient)],
  tolerance: { ulp: 0.5 },
  torch: 'a - b',
})

/** The difference of two tensors, broadcast to one shape. float32 or int32, which wraps. */
export function subtract(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(subtractOp, [x, y])
}

const multiplyOp = elementwise('multiply', 2, {
  kernel: (z, x, y) => {
    if (z instanceof Int32Array) for (let i = 0; i < z.length; i++) z[i] = Math.imul(x[i]!, y[i]!)
    else for (let i = 0; i < z.length; i++) z[i] = x[i]! * y[i]!
  },
  int32: true,
  vjp: ({ inputs: [x, y], gradient }, { multiply }) => [
    multiply(gradient, y as Tensor),
    multiply(gradient, x as Tensor),
  ],
  tolerance: { ulp: 0.5 },
  torch: 'a * b',
})

/** The product of two tensors, element by element, broadcast to one shape. float32 or int32, which wraps. */
export function multiply(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(multiplyOp, [x, y])
}

const divideOp = elementwise('divide', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = x[i]! / y[i]!
  },
  vjp: ({ inputs: [, y], output, gradient }, { divide, multiply, negative }) => {
    const toX = divide(gradient, y as Tensor)
    return [toX, negative(multiply(toX, output))]
  },
  domain: [
    [-2, 2],
    [0.5, 3],
  ],
  tolerance: { ulp: 0.5 },
  torch: 'a / b',
})

/**
 * The quotient of two tensors, broadcast to one shape: float32. int32 tensors are converted first ({@link floorDivide} keeps integers).
 */
export function divide(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(divideOp, [toDividend(x), toDividend(y)])
}

function toDividend(x: TensorInput): TensorInput {
  return typeof x === 'object' && 'dtype' in x && x.dtype === 'int32' ? cast(x, 'float32') : x
}

composition({
  name: 'divideNoNan',
  compose: ([x, y]) => divideNoNan(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7]), uniform([5, 7], 0.5, 3, 2)]),
    valueSample('zeros', [values([1, 0, -2, NaN]), values([0, 0, -0, 0])]),
  ],
  errors: [],
  tolerance: { ulp: 0.5 },
  torch: 'torch.where(b == 0, torch.zeros_like(a), a / torch.where(b == 0, torch.ones_like(b), b))',
})

/** The quotient of two tensors, broadcast to one shape; 0 where y is 0, whatever x is. */
export function divideNoNan(x: TensorInput, y: TensorInput): Tensor {
  return applyComposition('divideNoNan', toTensors('divideNoNan', [x, y]), ([a, b]) => {
    const zero = equal(b as Tensor, 0)
    return where(zero, 0, divide(a as Tensor, where(zero, 1, b as Tensor)))
  })
}

const maximumOp = elementwise('maximum', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.max(x[i]!, y[i]!)
  },
  int32: true,
  vjp: ({ inputs: [x, y], gradient }, { equal, greater, multiply, where }) => {
    const tied = where(equal(x as Tensor, y as Tensor), multiply(gradient, 0.5), 0)
    return [
      where(greater(x as Tensor, y as Tensor), gradient, tied),
      where(greater(y as Tensor, x as Tensor), gradient, tied),
    ]
  },
  tolerance: 'exact',
  torch: 'torch.maximum(a, b)',
})

/** The larger of two tensors, element by element; NaN where either is NaN. Equal elements share the gradient. */
export function maximum(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(maximumOp, [x, y])
}

const minimumOp = elementwise('minimum', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.min(x[i]!, y[i]!)
  },
  int32: true,
  vjp: ({ inputs: [x, y], gradient }, { equal, less, multiply, where }) => {
    const tied = where(equal(x as Tensor, y as Tensor), multiply(gradient, 0.5), 0)
    return [
      where(less(x as Tensor, y as Tensor), gradient, tied),
      where(less(y as Tensor, x as Tensor), gradient, tied),
    ]
  },
  tolerance: 'exact',
  torch: 'torch.minimum(a, b)',
})

/** The smaller of two tensors, element by element; NaN where either is NaN. Equal elements share the gradient. */
export function minimum(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(minimumOp, [x, y])
}

const powerOp = elementwise('power', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = power64(x[i]!, y[i]!)
  },
  vjp: ({ inputs: [x, y], output, gradient }, { equal, log, multiply, power, subtract, where }) => {
    const [base, exponent] = [x as Tensor, y as Tensor]
    const toBase = multiply(exponent, power(base, subtract(exponent, 1)))
    // The derivative of 0^y in y is taken as 0, where the logarithm would give NaN.
    const toExponent = where(equal(base, 0), 0, multiply(output, log(where(equal(base, 0), 1, base))))
    return [multiply(gradient, toBase), multiply(gradient, toExponent)]
  },
  domain: [
    [0.2, 3],
    [-3, 3],
  ],
  torch: 'torch.pow(a, b)',
  samples: () => [
    valueSample('integer exponents', [
      values([-2, -2, -0.5, 0, 0, 10, 0.999]),
      values([3, 2, -3, 2, 0, 30, 1e4]),
    ]),
    valueSample('decay', [values([0.9, 0.999, 0.999]), values([1000, 1, 60_000])]),
  ],
})

/** JavaScript's ** gives NaN for (±1) ** (±inf) and 1 ** NaN; IEEE 754's pow, which everybody else has, gives 1. */
function power64(x: number, y: number): number {
  return x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y)) ? 1 : x ** y
}

/** x to the power of y, element by element, as IEEE 754's pow; NaN for negative x and fractional y. */
export function power(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(powerOp, [x, y])
}

composition({
  name: 'clip',
  compose: ([x]) => clip(x as Tensor, -1, 1),
  attributes: {},
  samples: () => [
    sample('into [-1, 1]', [uniform([5, 7])]),
    sample('int32', [integers([5, 7], -9, 9)]),
    valueSample('special values', [values([NaN, Infinity, -Infinity, -0, 1, -1])]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.clamp(a, -1, 1)',
})

/** Each element limited to the interval from `minimumValue` to `maximumValue`. float32 or int32. */
export function clip(x: TensorInput, minimumValue: TensorInput, maximumValue: TensorInput): Tensor {
  return minimum(maximum(x, minimumValue), maximumValue)
}
