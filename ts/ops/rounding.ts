import { checkInteger } from '../options.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { divide, multiply } from './binary.js'
import { applyBroadcasting } from './broadcast.js'
import { elementwise } from './elementwise.js'
import type { Primitive } from './record.js'
import { integers, sample, uniform, valueSample, values } from './samples.js'

const halves = () => [
  sample('tens', [uniform([100], -10, 10)]),
  valueSample('halves and large', [
    values([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, 8388607.5, -8388609, 1e30, -0.3]),
  ]),
]

/** Integers are whole already. */
function applyRounding(op: Primitive, x: TensorInput): Tensor {
  const value = toTensor(op.name, x)
  return value.dtype === 'int32' ? value : apply(op, [value])
}

const floorOp = elementwise('floor', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.floor(x[i]!)
  },
  vjp: () => [null],
  tolerance: 'exact',
  torch: 'torch.floor(a)',
  samples: halves,
})

/** The greatest integer not above each element. float32; int32 stays as it is. */
export function floor(x: TensorInput): Tensor {
  return applyRounding(floorOp, x)
}

const ceilOp = elementwise('ceil', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.ceil(x[i]!)
  },
  vjp: () => [null],
  tolerance: 'exact',
  torch: 'torch.ceil(a)',
  samples: halves,
})

/** The least integer not below each element. float32; int32 stays as it is. */
export function ceil(x: TensorInput): Tensor {
  return applyRounding(ceilOp, x)
}

const truncOp = elementwise('trunc', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = Math.trunc(x[i]!)
  },
  vjp: () => [null],
  tolerance: 'exact',
  torch: 'torch.trunc(a)',
  samples: halves,
})

/** Each element without its fraction. float32; int32 stays as it is. */
export function trunc(x: TensorInput): Tensor {
  return applyRounding(truncOp, x)
}

const roundOp = elementwise('round', 1, {
  kernel: (z, x) => {
    for (let i = 0; i < z.length; i++) z[i] = roundHalfToEven(x[i]!)
  },
  vjp: () => [null],
  tolerance: 'exact',
  torch: 'torch.round(a)',
  samples: halves,
})

function roundHalfToEven(x: number): number {
  const rounded = Math.round(x)
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

/**
 * Each element rounded to a number of decimals, half to even. float32; int32 stays as it is.
 *
 * @throws argument.range
 *
 * @example
 * lw.ops.round([0.5, 1.5, 2.25])      // [0, 2, 2]
 * lw.ops.round([0.126, 3.14159], 2)   // [0.13, 3.14]
 */
export function round(x: TensorInput, decimals = 0): Tensor {
  checkInteger('round', 'decimals', decimals, 0)
  if (decimals === 0) return applyRounding(roundOp, x)
  const value = toTensor('round', x)
  return value.dtype === 'int32' ? value : divide(round(multiply(value, 10 ** decimals)), 10 ** decimals)
}

const signs = () => [
  sample('shape [5, 7]', [uniform([5, 7], -9, 9, 1), uniform([5, 7], 0.5, 3, 2)]),
  valueSample('exact quotients and near ones', [
    values([6, -6, 6, -6, 1, -1, 7, 1e30, -1e-30, 1e-30]),
    values([3, 3, -3, -3, 0.1, 0.1, -2, 3, 5, -5]),
  ]),
  valueSample('small integers', [integers([100], -9, 10, 1), integers([100], 1, 5, 2)]),
  {
    ...valueSample('integers divided by zero', [
      values([5, -5, 0, -(2 ** 31), -(2 ** 31)], 'int32'),
      values([0, 0, 0, -1, 0], 'int32'),
    ]),
    unknownToTorch: true,
  },
]

const floorDivideOp = elementwise('floorDivide', 2, {
  kernel: (z, x, y) => {
    if (z instanceof Int32Array) {
      for (let i = 0; i < z.length; i++) z[i] = y[i] === 0 ? 0 : Math.floor(x[i]! / y[i]!)
    } else for (let i = 0; i < z.length; i++) z[i] = floorOfQuotient(x[i]!, y[i]!)
  },
  int32: true,
  vjp: () => [null, null],
  domain: [
    [-9, 9],
    [0.5, 3],
  ],
  tolerance: { ulp: 1 },
  torch: "torch.div(a, b, rounding_mode='floor')",
  samples: signs,
})

/** By Python's rules for infinities: an infinity has no floor, and a finite number is a little less than none of one of the other sign. */
function floorOfQuotient(x: number, y: number): number {
  if (Math.abs(x) === Infinity && y !== 0) return NaN
  return Math.abs(y) === Infinity && x * y < 0 ? -1 : Math.floor(x / y)
}

/**
 * The greatest integer not above x / y, broadcast to one shape. float32, or int32, where a division by zero gives 0.
 *
 * @example
 * lw.ops.floorDivide([7, -7], 2)   // [3, -4]
 */
export function floorDivide(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(floorDivideOp, [x, y])
}

const modOp = elementwise('mod', 2, {
  kernel: (z, x, y) => {
    if (z instanceof Int32Array) {
      for (let i = 0; i < z.length; i++) z[i] = y[i] === 0 ? 0 : modulo(x[i]!, y[i]!)
    } else for (let i = 0; i < z.length; i++) z[i] = modulo(x[i]!, y[i]!)
  },
  int32: true,
  vjp: ({ inputs: [x, y], gradient }, { floorDivide, multiply, negative }) => [
    gradient,
    negative(multiply(gradient, floorDivide(x as Tensor, y as Tensor))),
  ],
  domain: [
    [-9, 9],
    [0.5, 3],
  ],
  tolerance: { ulp: 0.5 },
  torch: 'torch.remainder(a, b)',
  samples: signs,
})

function modulo(x: number, y: number): number {
  const remainder = x % y
  if (remainder === 0) return y < 0 ? -0 : 0
  return remainder < 0 !== y < 0 ? remainder + y : remainder
}

/**
 * What remains of x after {@link floorDivide} by y: it has the sign of y, as in Python. Broadcast to one shape. float32, or int32, where a
 * division by zero leaves 0.
 *
 * @example
 * lw.ops.mod([7, -7], 3)   // [1, 2]
 */
export function mod(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(modOp, [x, y])
}
