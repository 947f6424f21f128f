import type { Tensor } from '../tensor.js'
import { apply, applyComposition, type TensorInput, toTensor } from './apply.js'
import { divide } from './binary.js'
import { applyBroadcasting } from './broadcast.js'
import { elementwise } from './elementwise.js'
import { composition } from './record.js'
import { sample, uniform, valueSample, values } from './samples.js'

const angles = () => [
  sample('some turns', [uniform([100], -30, 30)]),
  valueSample('near multiples of π/2, and large', [
    values([
      Math.PI,
      Math.PI / 2,
      -Math.PI,
      1e-20,
      1e5,
      -1e10,
      1e16,
      1e22,
      -1e30,
      16367173 * 2 ** 72,
      11,
      22,
    ]),
  ]),
]

const sinOp = elementwise('sin', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.sin(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { cos, multiply }) => [multiply(gradient, cos(x as Tensor))],
  tolerance: { ulp: 1 },
  torch: 'torch.sin(a)',
  samples: angles,
})

/** The sine of each element, in radians; accurate for every finite number. */
export function sin(x: TensorInput): Tensor {
  return apply(sinOp, [toTensor('sin', x)])
}

const cosOp = elementwise('cos', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.cos(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { multiply, negative, sin }) => [
    negative(multiply(gradient, sin(x as Tensor))),
  ],
  tolerance: { ulp: 1 },
  torch: 'torch.cos(a)',
  samples: angles,
})

/** The cosine of each element, in radians; accurate for every finite number. */
export function cos(x: TensorInput): Tensor {
  return apply(cosOp, [toTensor('cos', x)])
}

composition({
  name: 'tan',
  compose: ([x]) => tan(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7], -1.5, 1.5)]),
    valueSample('far', [values([3, 100, -1e10, 1e-20, 0, 1e30])]),
  ],
  errors: [],
  tolerance: { ulp: 4 },
  torch: 'torch.tan(a)',
})

/** The tangent of each element, in radians. */
export function tan(x: TensorInput): Tensor {
  return applyComposition('tan', [toTensor('tan', x)], ([angle]) =>
    divide(sin(angle as Tensor), cos(angle as Tensor)),
  )
}

const arcsinOp = elementwise('arcsin', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.asin(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, multiply, sqrt, subtract }) => [
    divide(gradient, sqrt(multiply(subtract(1, x as Tensor), add(1, x as Tensor)))),
  ],
  domain: [[-0.95, 0.95]],
  tolerance: { ulp: 1 },
  torch: 'torch.asin(a)',
  samples: () => [valueSample('ends', [values([1, -1, 0.99999994, 1e-20, 1.0000001])])],
})

/** The arc sine of each element, in radians; NaN beyond ±1. */
export function arcsin(x: TensorInput): Tensor {
  return apply(arcsinOp, [toTensor('arcsin', x)])
}

const arccosOp = elementwise('arccos', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.acos(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, multiply, negative, sqrt, subtract }) => [
    negative(divide(gradient, sqrt(multiply(subtract(1, x as Tensor), add(1, x as Tensor))))),
  ],
  domain: [[-0.95, 0.95]],
  tolerance: { ulp: 1 },
  torch: 'torch.acos(a)',
  samples: () => [valueSample('ends', [values([1, -1, 0.99999994, 1e-20, 1.0000001])])],
})

/** The arc cosine of each element, in radians; NaN beyond ±1. */
export function arccos(x: TensorInput): Tensor {
  return apply(arccosOp, [toTensor('arccos', x)])
}

const arctanOp = elementwise('arctan', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.atan(x[i]!)
  },
  vjp: ({ inputs: [x], gradient }, { add, divide, square }) => [
    divide(gradient, add(1, square(x as Tensor))),
  ],
  domain: [[-5, 5]],
  tolerance: { ulp: 1 },
  torch: 'torch.atan(a)',
  samples: () => [valueSample('small and large', [values([1e-20, -1e-4, 0.41421357, 1e5, -1e20])])],
})

/** The arc tangent of each element, in radians. */
export function arctan(x: TensorInput): Tensor {
  return apply(arctanOp, [toTensor('arctan', x)])
}

const arctan2Op = elementwise('arctan2', 2, {
  kernel: (z, y, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.atan2(y[i]!, x[i]!)
  },
  vjp: ({ inputs: [y, x], gradient }, { add, divideNoNan, multiply, negative, square }) => {
    const share = divideNoNan(gradient, add(square(x as Tensor), square(y as Tensor)))
    return [multiply(share, x as Tensor), negative(multiply(share, y as Tensor))]
  },
  tolerance: { ulp: 1 },
  torch: 'torch.atan2(a, b)',
})

/**
 * The angle of the point (x, y) in radians, from -π to π; broadcast to one shape.
 *
 * @param y the ordinates, which come first, as everywhere
 */
export function arctan2(y: TensorInput, x: TensorInput): Tensor {
  return applyBroadcasting(arctan2Op, [y, x])
}

const hypotOp = elementwise('hypot', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.hypot(x[i]!, y[i]!)
  },
  vjp: ({ inputs: [x, y], output, gradient }, { divideNoNan, multiply }) => {
    const share = divideNoNan(gradient, output)
    return [multiply(share, x as Tensor), multiply(share, y as Tensor)]
  },
  tolerance: { ulp: 1 },
  torch: 'torch.hypot(a, b)',
})

/** √(x² + y²) element by element, without overflow of the squares; broadcast to one shape. Its gradient at (0, 0) is 0. */
export function hypot(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(hypotOp, [x, y])
}
