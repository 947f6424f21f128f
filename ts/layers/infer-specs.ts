import { recordInto, Trace } from '../graph/trace.js'
import type { Tensor } from '../tensor.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import { TensorSpec } from './placeholder.js'

/** The shapes and dtypes of a function's results, found by tracing it with two batch sizes: extents that follow them are null. */
export function inferSpecs(
  inputs: Tree<TensorSpec>,
  f: (inputs: Tree<Tensor>) => Tree<Tensor>,
): Tree<TensorSpec> {
  const trace = (extent: number): Tree<Tensor> => {
    const recording = new Trace()
    const symbolic = mapTree(inputs, (leaf) => {
      const { shape, dtype } = leaf as TensorSpec
      return recording.input(
        shape.map((known) => known ?? extent),
        dtype,
      )
    }) as Tree<Tensor>
    return recordInto(recording, () => f(symbolic))
  }
  const [two, three] = [trace(2), trace(3)]
  const others = leavesOf(three) as Tensor[]
  let next = 0
  return mapTree(two, (leaf) => {
    const [{ shape, dtype }, other] = [leaf as Tensor, others[next++] as Tensor]
    return new TensorSpec(
      shape.map((extent, axis) => (extent === other.shape[axis] ? extent : null)),
      dtype,
    )
  }) as Tree<TensorSpec>
}
