import { executor, useExecutor } from '../../ts/executors/choice.js'
import type { Executor } from '../../ts/executors/executor.js'
import { ReferenceExecutor } from '../../ts/executors/reference.js'
import { grad } from '../../ts/graph/autodiff.js'
import { buildProgram, type Program } from '../../ts/graph/program.js'
import { recordInto, Trace } from '../../ts/graph/trace.js'
import { apply } from '../../ts/ops/apply.js'
import { multiply, sum } from '../../ts/ops/index.js'
import {
  type Attributes,
  type Composition,
  compositionTable,
  type Primitive,
  primitiveTable,
  type Sample,
  type SampleArray,
  type Spec,
} from '../../ts/ops/record.js'
import { uniform } from '../../ts/ops/samples.js'
import { finishRandomness } from '../../ts/random.js'
import { createTensor, type Tensor } from '../../ts/tensor.js'

/** The reference executor. */
export const reference32 = new ReferenceExecutor()

/** The same in float64 throughout. */
export const reference64 = new ReferenceExecutor(true)

/** A function of tensors whose ops are to be recorded. */
export type TensorFunction = (inputs: readonly Tensor[]) => readonly Tensor[]

/** Every op there is: primitives, then compositions. */
export function allOps(): readonly (Primitive | Composition)[] {
  return [...primitiveTable().values(), ...compositionTable().values()]
}

/** Runs a function with another executor as the current one. */
export function withExecutor<R>(chosen: Executor, body: () => R): R {
  const former = executor()
  useExecutor(chosen)
  try {
    return body()
  } finally {
    useExecutor(former)
  }
}

/** A function of tensors of some shapes as a program; its constants have the precision of `chosen`. */
export function traceProgram(chosen: Executor, f: TensorFunction, specs: readonly Spec[]): Program {
  return withExecutor(chosen, () => {
    const trace = new Trace()
    const results = recordInto(trace, () => {
      const returned = f(specs.map(({ shape, dtype }) => trace.input(shape, dtype)))
      finishRandomness(trace)
      return returned
    })
    return buildProgram(trace, results)
  })
}

/** A sample's array as a tensor, in float64 for executors that compute so. */
export function tensorOf({ shape, dtype, values }: SampleArray, float64 = false): Tensor {
  return createTensor(Float64Array.from(values), shape, dtype, float64)
}

/** An op of the table applied with a sample's attributes. */
export function applyRecord(
  op: Primitive | Composition,
  inputs: readonly Tensor[],
  attributes: Attributes,
): Tensor {
  return 'kernel' in op ? apply(op, inputs, attributes) : op.compose(inputs, attributes)
}

/** Shape and dtype of what an op makes of a sample. */
export function outputOf(op: Primitive | Composition, { inputs, attributes }: Sample): Spec {
  const { values, outputs } = traceProgram(reference64, (x) => [applyRecord(op, x, attributes)], inputs)
  return values[outputs[0] as number] as Spec
}

/** The shape of a function's result. */
export function outputShape(f: (inputs: readonly Tensor[]) => Tensor, inputs: readonly Spec[]): number[] {
  const { values, outputs } = traceProgram(reference64, (x) => [f(x)], inputs)
  return [...(values[outputs[0] as number] as Spec).shape]
}

/** Whether there is a float32 result to differentiate with respect to a float32 input. */
export function isDifferentiable(op: Primitive | Composition, sample: Sample): boolean {
  return (
    sample.inputs.some(({ dtype }) => dtype === 'float32') &&
    outputOf(op, sample).dtype === 'float32' &&
    !('vjp' in op && typeof op.vjp !== 'function')
  )
}

/** The number of elements of a sample's inputs. */
export function sampleSize({ inputs }: Sample): number {
  return inputs.reduce((total, { values }) => total + values.length, 0)
}

/** Fixed weights for a tensor, which make one number of it: they are the gradient that its op gets. */
export function weightsFor({ shape }: Spec): SampleArray {
  return uniform(shape, -1, 1, 99)
}

/** The sum of f's result times weights, which are the last input. */
export function weightedSum(f: (inputs: readonly Tensor[]) => Tensor) {
  return (inputs: readonly Tensor[]): Tensor => {
    return sum(multiply(f(inputs.slice(0, -1)), inputs.at(-1) as Tensor))
  }
}

/** The gradients of a scalar function with respect to its float32 inputs, of which the last (the weights) is left out. */
export function gradientsOf(loss: (inputs: readonly Tensor[]) => Tensor): TensorFunction {
  return (inputs) => {
    const differentiable = inputs.slice(0, -1).filter(({ dtype }) => dtype === 'float32')
    return grad((floats: readonly Tensor[]) => {
      let next = 0
      const merged = inputs.map((input, i) =>
        i < inputs.length - 1 && input.dtype === 'float32' ? (floats[next++] as Tensor) : input,
      )
      return loss(merged)
    })(differentiable) as readonly Tensor[]
  }
}
