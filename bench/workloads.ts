import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'
import { AlgorithmOneAdam } from './adam.js'

/** A classifier of dense layers, and the batch that it is trained on. */
export interface Workload {
  readonly name: string
  /** Units from the input to the output; relu in between. */
  readonly units: readonly number[]
  readonly batch: number
  readonly optimizer: () => lw.optimizers.Optimizer
  /** The loss of the tenth step, which shows that every framework does the same work, and how far it may differ. */
  readonly loss10: { readonly expected: number; readonly relative: number }
}

const adam = () => new AlgorithmOneAdam()

export const workloads: readonly Workload[] = [
  {
    name: 'digits-mlp',
    units: [64, 64, 32, 10],
    batch: 32,
    optimizer: adam,
    loss10: { expected: 2.184567, relative: 1e-3 },
  },
  {
    name: 'mnist-mlp',
    units: [784, 512, 256, 10],
    batch: 128,
    optimizer: adam,
    loss10: { expected: 1.038364, relative: 1e-3 },
  },
  {
    name: 'wide-mlp',
    units: [1024, 4096, 4096, 1000],
    batch: 256,
    optimizer: () => lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }),
    // Ten steps of momentum amplify rounding.
    loss10: { expected: 0.1112, relative: 0.05 },
  },
]

/** The workloads of some names, or all. */
export function select(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return workloads
  return names.map((name) => {
    const found = workloads.find((workload) => workload.name === name)
    if (!found)
      throw new Error(`There is no workload '${name}': ${workloads.map(({ name }) => name).join(', ')}`)
    return found
  })
}

/** The multiply-adds of a step's matrix products, counted as two each: forward, for every gradient of weights, and of inputs but the first. */
export function flops({ units, batch }: Workload): number {
  const products = units.slice(1).map((outputs, layer) => {
    const product = 2 * batch * (units[layer] as number) * outputs
    return layer === 0 ? 2 * product : 3 * product
  })
  return products.reduce((a, b) => a + b)
}

/** Throws where the loss of the tenth step is not that of the other frameworks: the times could not be compared. */
export function checkLoss(timed: {
  readonly peer: string
  readonly workload: string
  readonly loss10: number
}): void {
  const { peer, workload, loss10 } = timed
  const { expected, relative } = (select([workload])[0] as Workload).loss10
  if (Math.abs(loss10 - expected) <= relative * expected) return
  throw new Error(
    `${workload} on ${peer}: the loss of the tenth step is ${loss10}, not ${expected}: this is not the same work`,
  )
}

/** A model at its initial weights, with its training step and the batch. */
export interface Training {
  readonly step: lw.Jitted<[x: lw.Tensor, y: lw.Tensor], lw.Tensor>
  readonly x: lw.Tensor
  readonly y: lw.Tensor
}

/** Sets a workload up: weights and data follow from a formula, so that other frameworks can start from the same numbers. */
export function training({ units, batch, optimizer: makeOptimizer }: Workload): Training {
  const [features, classes] = [units[0] as number, units.at(-1) as number]
  const model = lw.sequential({
    layers: units.slice(1).map((width, layer) =>
      lw.layers.dense({
        units: width,
        activation: layer === units.length - 2 ? 'linear' : 'relu',
        kernelInitializer: formulaKernel(layer),
        ...(layer === 0 && { inputShape: [features] }),
      }),
    ),
  })
  const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
  const optimizer = makeOptimizer()
  const weights = model.trainableWeights
  const step = lw.jit((x: lw.Tensor, y: lw.Tensor) => {
    const lossOf = (_weights: readonly lw.Variable[]) => loss(y, model.apply(x, { training: true }))
    const [value, gradients] = lw.valueAndGrad(lossOf)(weights)
    optimizer.apply(gradients as readonly lw.Tensor[], weights)
    return value
  })
  return {
    step,
    x: lw.tensor(
      Float32Array.from({ length: batch * features }, (_, i) => hashed(i, 1000)),
      [batch, features],
    ),
    y: lw.tensor(
      Int32Array.from({ length: batch }, (_, row) => row % classes),
      [batch],
    ),
  }
}

/** He's uniform distribution, from the number of the layer and the position in the kernel. */
function formulaKernel(layer: number) {
  return (shape: readonly number[]): lw.Tensor => {
    const [inputs, outputs] = shape as [number, number]
    const limit = Math.sqrt(6 / inputs)
    const element = (_: unknown, i: number) => (hashed(i, layer) * 2 - 1) * limit
    return lw.tensor(Float32Array.from({ length: inputs * outputs }, element), shape)
  }
}
