import * as ops from './ops/index.js'
import { Tensor } from './tensor.js'
import { Variable } from './variable.js'

/** The ops of `lw.ops` that tensors and variables have as methods too: each takes the tensor as its first argument. */
const methods = {
  // Elementwise.
  absolute: ops.absolute,
  add: ops.add,
  cast: ops.cast,
  ceil: ops.ceil,
  clip: ops.clip,
  cos: ops.cos,
  divide: ops.divide,
  equal: ops.equal,
  exp: ops.exp,
  expm1: ops.expm1,
  floor: ops.floor,
  floorDivide: ops.floorDivide,
  greater: ops.greater,
  greaterEqual: ops.greaterEqual,
  isfinite: ops.isfinite,
  isinf: ops.isinf,
  isnan: ops.isnan,
  less: ops.less,
  lessEqual: ops.lessEqual,
  log: ops.log,
  log1p: ops.log1p,
  logicalAnd: ops.logicalAnd,
  logicalNot: ops.logicalNot,
  logicalOr: ops.logicalOr,
  maximum: ops.maximum,
  minimum: ops.minimum,
  mod: ops.mod,
  multiply: ops.multiply,
  negative: ops.negative,
  notEqual: ops.notEqual,
  power: ops.power,
  reciprocal: ops.reciprocal,
  relu: ops.relu,
  round: ops.round,
  rsqrt: ops.rsqrt,
  sigmoid: ops.sigmoid,
  sign: ops.sign,
  sin: ops.sin,
  sqrt: ops.sqrt,
  square: ops.square,
  subtract: ops.subtract,
  tanh: ops.tanh,
  // Reductions.
  all: ops.all,
  any: ops.any,
  argmax: ops.argmax,
  argmin: ops.argmin,
  cumsum: ops.cumsum,
  logSoftmax: ops.logSoftmax,
  logsumexp: ops.logsumexp,
  max: ops.max,
  mean: ops.mean,
  min: ops.min,
  norm: ops.norm,
  prod: ops.prod,
  softmax: ops.softmax,
  std: ops.std,
  sum: ops.sum,
  var: ops.var,
  // Products.
  dot: ops.dot,
  matmul: ops.matmul,
  // Order and shape.
  argsort: ops.argsort,
  broadcastTo: ops.broadcastTo,
  expandDims: ops.expandDims,
  flip: ops.flip,
  moveaxis: ops.moveaxis,
  pad: ops.pad,
  ravel: ops.ravel,
  repeat: ops.repeat,
  reshape: ops.reshape,
  roll: ops.roll,
  slice: ops.slice,
  sort: ops.sort,
  split: ops.split,
  squeeze: ops.squeeze,
  swapaxes: ops.swapaxes,
  take: ops.take,
  takeAlongAxis: ops.takeAlongAxis,
  tile: ops.tile,
  transpose: ops.transpose,
  tril: ops.tril,
  triu: ops.triu,
  unstack: ops.unstack,
}

type Method<Op> = Op extends (x: never, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never

/**
 * The common ops as methods: `a.add(b).sum()` is `ops.sum(ops.add(a, b))`. They are traced, differentiated and run like those.
 *
 * @example
 * const x = lw.tensor([[1, 2], [3, 4]])
 * x.add(1).matmul(x).sum({ axis: 0 })   // float32 [2]
 */
export type TensorMethods = { readonly [Name in keyof typeof methods]: Method<(typeof methods)[Name]> }

declare module './tensor.js' {
  interface Tensor extends TensorMethods {}
}

declare module './variable.js' {
  interface Variable extends TensorMethods {}
}

for (const [name, op] of Object.entries(methods)) {
  const apply = op as (x: Tensor | Variable, ...rest: readonly unknown[]) => unknown
  // Not enumerable, as the methods that a class declares.
  const value = {
    [name](this: Tensor | Variable, ...rest: readonly unknown[]) {
      return apply(this, ...rest)
    },
  }[name]
  for (const { prototype } of [Tensor, Variable]) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }
}
