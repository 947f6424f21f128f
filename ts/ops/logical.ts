import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { broadcastTo } from './array.js'
import { toTensors } from './broadcast.js'
import { cast, equal, less, where } from './compare.js'
import { composition } from './record.js'
import { booleans, integers, sample, uniform, valueSample, values } from './samples.js'
import { absolute } from './unary.js'

/** A tensor as a condition: what is not zero is true, as in NumPy. */
function condition(op: string, x: TensorInput): Tensor {
  return cast(toTensor(op, x), 'bool')
}

composition({
  name: 'logicalNot',
  compose: ([x]) => logicalNot(x as Tensor),
  attributes: {},
  samples: () => [
    sample('bool', [booleans([5, 7])]),
    sample('float32', [values([0, -0, 1, NaN, -2])]),
    sample('int32', [integers([33], -1, 2)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.logical_not(a)',
})

/** Where x is false: bool. What is not zero counts as true. */
export function logicalNot(x: TensorInput): Tensor {
  return applyComposition('logicalNot', [toTensor('logicalNot', x)], ([a]) =>
    equal(condition('logicalNot', a as Tensor), false),
  )
}

/** Enters the record of a logical op of two inputs. */
function enter(name: string, op: (x: TensorInput, y: TensorInput) => Tensor, torch: string): void {
  composition({
    name,
    compose: ([x, y]) => op(x as Tensor, y as Tensor),
    attributes: {},
    samples: () => [
      sample('bool', [booleans([5, 7], 1), booleans([5, 7], 2)]),
      sample('float32 and int32', [values([0, 0, 1.5, NaN]), values([0, 2, 0, 3], 'int32')]),
    ],
    errors: [],
    tolerance: 'exact',
    torch,
  })
}

enter('logicalAnd', logicalAnd, 'torch.logical_and(a, b)')

/** Where both are true, broadcast to one shape: bool. What is not zero counts as true. */
export function logicalAnd(x: TensorInput, y: TensorInput): Tensor {
  return combine('logicalAnd', x, y, (a, b) => where(a, b, false))
}

enter('logicalOr', logicalOr, 'torch.logical_or(a, b)')

/** Where either is true, broadcast to one shape: bool. What is not zero counts as true. */
export function logicalOr(x: TensorInput, y: TensorInput): Tensor {
  return combine('logicalOr', x, y, (a, b) => where(a, true, b))
}

enter('logicalXor', logicalXor, 'torch.logical_xor(a, b)')

/** Where exactly one is true, broadcast to one shape: bool. What is not zero counts as true. */
export function logicalXor(x: TensorInput, y: TensorInput): Tensor {
  return combine('logicalXor', x, y, notEqual)
}

function combine(op: string, x: TensorInput, y: TensorInput, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  return applyComposition(op, [toTensor(op, x), toTensor(op, y)], ([a, b]) =>
    f(condition(op, a as Tensor), condition(op, b as Tensor)),
  )
}

composition({
  name: 'notEqual',
  compose: ([x, y]) => notEqual(x as Tensor, y as Tensor),
  attributes: {},
  samples: () => [
    sample('ties', [integers([5, 7], 0, 3, 1), integers([5, 7], 0, 3, 2)]),
    valueSample('special values', [values([NaN, 0, -0, Infinity, 1]), values([NaN, -0, 1, Infinity, 2])]),
    sample('bool', [booleans([9], 1), booleans([9], 2)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.ne(a, b)',
})

/** Where two tensors differ, broadcast to one shape: bool. NaN differs from everything. float32, int32 or bool. */
export function notEqual(x: TensorInput, y: TensorInput): Tensor {
  return applyComposition('notEqual', toTensors('notEqual', [x, y]), ([a, b]) =>
    equal(equal(a as Tensor, b as Tensor), false),
  )
}

composition({
  name: 'isnan',
  compose: ([x]) => isnan(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7])]),
    valueSample('special values', [values([NaN, Infinity, -Infinity, 0, 3.4e38, 1])]),
    sample('int32', [integers([5], -9, 9)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.isnan(a)',
})

/** Where an element is NaN: bool. Integers never are. */
export function isnan(x: TensorInput): Tensor {
  return applyComposition('isnan', [toTensor('isnan', x)], ([a]) => notEqual(a as Tensor, a as Tensor))
}

composition({
  name: 'isinf',
  compose: ([x]) => isinf(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7])]),
    valueSample('special values', [values([NaN, Infinity, -Infinity, 0, 3.4e38, 1])]),
    sample('int32', [integers([5], -9, 9)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.isinf(a)',
})

/** Where an element is infinite, of either sign: bool. Integers never are. */
export function isinf(x: TensorInput): Tensor {
  return applyComposition('isinf', [toTensor('isinf', x)], ([a]) =>
    a?.dtype === 'float32' ? equal(absolute(a), Infinity) : broadcastTo(false, (a as Tensor).shape),
  )
}

composition({
  name: 'isfinite',
  compose: ([x]) => isfinite(x as Tensor),
  attributes: {},
  samples: () => [
    sample('shape [5, 7]', [uniform([5, 7])]),
    valueSample('special values', [values([NaN, Infinity, -Infinity, 0, 3.4e38, 1])]),
    sample('int32', [integers([5], -9, 9)]),
  ],
  errors: [],
  tolerance: 'exact',
  torch: 'torch.isfinite(a)',
})

/** Where an element is neither infinite nor NaN: bool. Integers always are. */
export function isfinite(x: TensorInput): Tensor {
  return applyComposition('isfinite', [toTensor('isfinite', x)], ([a]) =>
    a?.dtype === 'float32' ? less(absolute(a), Infinity) : broadcastTo(true, (a as Tensor).shape),
  )
}
