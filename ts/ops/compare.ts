import { type Dtype, dtypes, type Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { apply, type TensorInput, toTensor } from './apply.js'
import { batchAlike } from './batch.js'
import { applyBroadcasting } from './broadcast.js'
import { elementwise } from './elementwise.js'
import { composition, notDifferentiable, primitive, type Spec } from './record.js'
import { booleans, edgeLengths, integers, sample, uniform, valueSample, values } from './samples.js'

const discrete = notDifferentiable('its values are true and false')

const equalOp = elementwise('equal', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Number(x[i]! === y[i]!)
  },
  int32: true,
  bool: true,
  vjp: discrete,
  result: 'bool',
  tolerance: 'exact',
  torch: 'torch.eq(a, b)',
  samples: () => [sample('ties', [integers([100], 0, 3, 1), integers([100], 0, 3, 2)])],
})

/** Where two tensors are equal, broadcast to one shape: bool. NaN equals nothing. float32, int32 or bool. */
export function equal(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(equalOp, [x, y])
}

const lessOp = elementwise('less', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Number(x[i]! < y[i]!)
  },
  int32: true,
  bool: true,
  vjp: discrete,
  result: 'bool',
  tolerance: 'exact',
  torch: 'torch.lt(a, b)',
})

/** Where x < y, broadcast to one shape: bool. float32, int32 or bool, of which false is the lesser. */
export function less(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(lessOp, [x, y])
}

const lessEqualOp = elementwise('lessEqual', 2, {
  kernel: (z, x, y) => {
    for (let i = 0; i < z.length; i++) z[i] = Number(x[i]! <= y[i]!)
  },
  int32: true,
  bool: true,
  vjp: discrete,
  result: 'bool',
  tolerance: 'exact',
  torch: 'torch.le(a, b)',
  samples: () => [sample('ties', [integers([100], 0, 3, 1), integers([100], 0, 3, 2)])],
})

/** Where x ≤ y, broadcast to one shape: bool. float32, int32 or bool. */
export function lessEqual(x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(lessEqualOp, [x, y])
}

composition({
  name: 'greater',
  compose: ([x, y]) => greater(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [sample('shapes [5, 7]', [uniform([5, 7], -1, 1, 1), uniform([5, 7], -1, 1, 2)])],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.gt(a, b)',
})

/** Where x > y, broadcast to one shape: bool. float32, int32 or bool. */
export function greater(x: TensorInput, y: TensorInput): Tensor {
  return less(y, x)
}

composition({
  name: 'greaterEqual',
  compose: ([x, y]) => greaterEqual(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [sample('shapes [5, 7]', [integers([5, 7], 0, 3, 1), integers([5, 7], 0, 3, 2)])],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.ge(a, b)',
})

/** Where x ≥ y, broadcast to one shape: bool. float32, int32 or bool. */
export function greaterEqual(x: TensorInput, y: TensorInput): Tensor {
  return lessEqual(y, x)
}

const whereOp = primitive({
  name: 'where',
  arity: 3,
  batch: batchAlike,
  attributes: {},
  infer: (inputs) => {
    const [condition, x, y] = inputs as [Spec, Spec, Spec]
    if (condition.dtype !== 'bool' || x.dtype !== y.dtype || x.dtype === 'uint8') {
      const expected = 'a bool condition and two tensors of one dtype, float32, int32 or bool'
      fail('dtype.mismatch', { op: 'where', expected, got: inputs.map(({ dtype }) => dtype) })
    }
    if (!sameShape(condition.shape, x.shape) || !sameShape(x.shape, y.shape)) {
      fail('shape.mismatch', { op: 'where', expected: 'equal shapes', got: inputs.map(({ shape }) => shape) })
    }
    return { shape: x.shape, dtype: x.dtype }
  },
  kernel: ({ inputs, output }) => {
    const [condition, x, y] = inputs as [Storage, Storage, Storage]
    for (let i = 0; i < output.length; i++) output[i] = condition[i] ? x[i]! : y[i]!
  },
  vjp: ({ inputs: [condition], gradient }, { where }) => [
    null,
    where(condition as Tensor, gradient, 0),
    where(condition as Tensor, 0, gradient),
  ],
  samples: () => [
    ...edgeLengths.map((length) =>
      sample(`length ${length}`, [
        booleans([length]),
        uniform([length], -2, 2, 1),
        uniform([length], -2, 2, 2),
      ]),
    ),
    sample('large', [booleans([70_001]), uniform([70_001], -2, 2, 1), uniform([70_001], -2, 2, 2)]),
    sample('int32', [booleans([101]), integers([101], -9, 9, 1), integers([101], -9, 9, 2)]),
    sample('bool', [booleans([101]), booleans([101], 1), booleans([101], 2)]),
    valueSample('special values', [
      values([1, 0, 1, 0], 'bool'),
      values([NaN, NaN, Infinity, 0]),
      values([0, -0, 1, NaN]),
    ]),
  ],
  errors: [
    { label: 'a float condition', run: ({ where }) => where([1, 0], [1, 2], [3, 4]), code: 'dtype.mismatch' },
    {
      label: 'shapes',
      run: ({ where }) => where([true, false], [1, 2, 3], [4, 5, 6]),
      code: 'shape.broadcast',
    },
  ],
  tolerance: 'exact',
  torch: 'torch.where(a, b, c)',
})

/** x where the bool condition holds, else y; all three broadcast to one shape. */
export function where(condition: TensorInput, x: TensorInput, y: TensorInput): Tensor {
  return applyBroadcasting(whereOp, [condition, x, y], 1)
}

const castOp = primitive<{ dtype: Dtype }>({
  name: 'cast',
  arity: 1,
  batch: batchAlike,
  attributes: { dtype: 'dtype' },
  infer: ([x], { dtype }) => {
    if (!dtypes.includes(dtype)) fail('dtype.invalid', { op: 'cast', got: dtype })
    return { shape: (x as Spec).shape, dtype }
  },
  kernel: ({ inputs, output, specs: [from], attributes: { dtype } }) => {
    const x = inputs[0] as Storage
    if (dtype === 'bool') for (let i = 0; i < x.length; i++) output[i] = Number(x[i] !== 0)
    else if (dtype === 'float32' || from?.dtype !== 'float32') output.set(x)
    else {
      const [least, most] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 255]
      for (let i = 0; i < x.length; i++) output[i] = Math.min(Math.max(Math.trunc(x[i]!) || 0, least), most)
    }
  },
  vjp: ({ inputs: [x], gradient }, { cast }) => [x?.dtype === 'float32' ? cast(gradient, 'float32') : null],
  samples: () => [
    ...dtypes.flatMap((dtype) => [
      valueSample(`float32 to ${dtype}`, [uniform([1001], -300, 300)], { dtype }),
      valueSample(`int32 to ${dtype}`, [integers([1001], -(2 ** 31), 2 ** 31)], { dtype }),
      valueSample(`bool to ${dtype}`, [booleans([33])], { dtype }),
      valueSample(`uint8 to ${dtype}`, [{ ...integers([33], 0, 256), dtype: 'uint8' }], { dtype }),
      valueSample(
        `special values to ${dtype}`,
        [values([NaN, Infinity, -Infinity, -0, 3e9, -3e9, 255.9, -0.9])],
        { dtype },
      ),
    ]),
    valueSample('large, to int32', [uniform([100_001], -300, 300)], { dtype: 'int32' }),
    sample('float32 to float32', [uniform([17])], { dtype: 'float32' }),
  ],
  errors: [
    { label: 'an unknown dtype', run: ({ cast }) => cast([1], 'float16' as Dtype), code: 'dtype.invalid' },
  ],
  tolerance: 'exact',
  torch: null,
})

/**
 * The elements in another dtype. float32 to integers truncates towards zero and saturates (NaN gives 0); int32 to uint8 keeps the
 * low eight bits; to bool, what is not zero is true.
 */
export function cast(x: TensorInput, dtype: Dtype): Tensor {
  const value = toTensor('cast', x)
  return value.dtype === dtype ? value : apply(castOp, [value], { dtype })
}
