import { type ConstraintIdentifier, getConstraint } from '../constraints/registry.js'
import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { recordInto } from '../graph/trace.js'
import { getInitializer, type InitializerIdentifier } from '../initializers/registry.js'
import { toTensor } from '../ops/apply.js'
import { cast } from '../ops/index.js'
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/registry.js'
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { createTensor, filled, type NestedArray, type Tensor, type TypedArray } from '../tensor.js'
import { Variable } from '../variable.js'
import { takeFromBudget } from './weight-budget.js'

/** What a layer makes a weight of: initializer, regularizer and constraint are each a name, a function or the serialized form. */
export interface WeightOptions {
  readonly name: string
  readonly shape: Shape
  /** Default 'glorotUniform'. */
  readonly initializer?: InitializerIdentifier
  /** Default none. */
  readonly regularizer?: RegularizerIdentifier | undefined
  /** Default none. */
  readonly constraint?: ConstraintIdentifier | undefined
  /** Default true. */
  readonly trainable?: boolean
  /** Default: the initial value's, float32. */
  readonly dtype?: Dtype
}

/** A weight of a layer with its initial value. */
export function makeWeight(layer: string, options: WeightOptions): Variable {
  const { name, shape, initializer = 'glorotUniform', trainable = true, dtype } = options
  const { regularizer, constraint } = options
  const op = `weight '${name}' of layer '${layer}'`
  checkShape(op, shape)
  const [initialize, replaced] = [getInitializer(initializer), takeFromBudget(op, shape)]
  const initial = recordInto(undefined, () => {
    const known = replaced && 'className' in initialize
    const value = known ? filled(shape, 0, executor().float64) : toTensor(op, initialize(shape))
    return cast(value, dtype ?? value.dtype)
  })
  if (!sameShape(initial.shape, shape)) {
    const expected = `an initial value of shape ${formatShape(shape)}`
    fail('shape.mismatch', { op, expected, got: [initial.shape] })
  }
  const weight = new Variable(initial, `${layer}/${name}`, trainable)
  weight.regularizer = regularizer && getRegularizer(regularizer)
  weight.constraint = constraint && getConstraint(constraint)
  return weight
}

/** Sets weights. All values are checked before any is set. */
export function assignWeights(
  layer: string,
  weights: readonly Variable[],
  values: readonly (Tensor | NestedArray | TypedArray)[],
): void {
  if (!Array.isArray(values)) {
    fail('argument.type', { op: 'setWeights', argument: 'values', expected: 'an array', got: values })
  }
  if (values.length !== weights.length) {
    fail('weights.count', { layer, expected: weights.length, got: values.length })
  }
  const tensors = weights.map(({ name, shape, dtype, executor }, i) => {
    const given = values[i] as Tensor | NestedArray | TypedArray
    const flat = ArrayBuffer.isView(given) && given.length === sizeOf(shape)
    const value = createTensor(given, flat ? shape : undefined, dtype, executor.float64)
    if (!sameShape(value.shape, shape)) {
      fail('weights.shape', { layer, weight: name, expected: shape, got: value.shape })
    }
    return value
  })
  weights.forEach((weight, i) => {
    weight.assign(tensors[i] as Tensor)
  })
}
