import * as lw from '../ts/index.js'
import { hashed } from '../ts/ops/samples.js'
import { AlgorithmOneAdam } from './adam.js'
import { convnet, perceptron } from './models.js'
import { resnet20, resnet50 } from './resnets.js'

/** A classifier, and the batch that it is trained on. */
export interface Workload {
  readonly name: string
  /** The shape of a sample. */
  readonly inputShape: readonly number[]
  readonly classes: number
  readonly batch: number
  /** At its initial weights. Its outputs are logits. */
  readonly model: () => lw.Model
  readonly optimizer: () => lw.optimizers.Optimizer
  /** Whether it takes so long that it is timed only where it is named. */
  readonly onRequest?: boolean
  /** The loss of the tenth step, which shows that every framework does the same work, and how far it may differ. */
  readonly loss10: { readonly expected: number; readonly relative: number }
}

const adam = () => new AlgorithmOneAdam()
const sgd = (learningRate: number) => () => lw.optimizers.sgd({ learningRate, momentum: 0.9 })

function dense(widths: readonly number[]): Pick<Workload, 'inputShape' | 'classes' | 'model'> {
  return {
    inputShape: widths.slice(0, 1),
    classes: widths.at(-1) as number,
    model: () => perceptron(widths),
  }
}

export const workloads: readonly Workload[] = [
  {
    name: 'digits-mlp',
    ...dense([64, 64, 32, 10]),
    batch: 32,
    optimizer: adam,
    loss10: { expected: 2.184567, relative: 1e-3 },
  },
  {
    name: 'mnist-mlp',
    ...dense([784, 512, 256, 10]),
    batch: 128,
    optimizer: adam,
    loss10: { expected: 1.038364, relative: 1e-3 },
  },
  {
    name: 'wide-mlp',
    ...dense([1024, 4096, 4096, 1000]),
    batch: 256,
    optimizer: sgd(0.1),
    // Ten steps of momentum amplify rounding.
    loss10: { expected: 0.1112, relative: 0.05 },
  },
  {
    name: 'mnist-convnet',
    inputShape: [28, 28, 1],
    classes: 10,
    model: () => convnet([28, 28, 1]),
    batch: 128,
    optimizer: adam,
    loss10: { expected: 2.1507, relative: 1e-3 },
  },
  {
    name: 'cifar-resnet20',
    inputShape: [32, 32, 3],
    classes: 10,
    model: () => resnet20([32, 32, 3]),
    batch: 64,
    optimizer: sgd(0.1),
    // In float64 the reference executor and PyTorch agree to nine digits. In float32 either is some percent away, since a relu that rounding turns
    // on or off is amplified from step to step.
    loss10: { expected: 0.105, relative: 0.05 },
  },
  {
    name: 'imagenet-resnet50',
    inputShape: [224, 224, 3],
    classes: 1000,
    model: () => resnet50([224, 224, 3]),
    batch: 8,
    optimizer: sgd(1e-3),
    onRequest: true,
    // As that of ResNet-20.
    loss10: { expected: 1.83, relative: 0.05 },
  },
]

/** The workloads of some names, or all but those on request. */
export function select(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return workloads.filter(({ onRequest }) => !onRequest)
  return names.map((name) => {
    const found = workloads.find((workload) => workload.name === name)
    if (!found)
      throw new Error(`There is no workload '${name}': ${workloads.map(({ name }) => name).join(', ')}`)
    return found
  })
}

/** The options of a step with the precision of that name, or the default one. */
export function precisionOption(name: string | undefined): lw.JitOptions {
  return name === undefined ? {} : { matmulPrecision: name as lw.MatmulPrecision }
}

/** The multiply-adds of a step's products, counted as two each: forward, for every gradient of weights, and of inputs but the first. */
export function flops({ batch, model: makeModel }: Workload): number {
  const model = makeModel()
  const products = model.layers.flatMap((layer) => {
    const kernel = layer.weights.find(({ name }) => name.endsWith('/kernel'))
    if (!kernel) return []
    const positions = (model.outputShapeOf(layer) as readonly number[]).slice(1, -1)
    return positions.reduce((a, b) => a * b, 2 * batch * kernel.shape.reduce((a, b) => a * b, 1))
  })
  return products.reduce((total, product, i) => total + (i === 0 ? 2 : 3) * product, 0)
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
export function training(
  { inputShape, classes, batch, model: makeModel, optimizer: makeOptimizer }: Workload,
  options: lw.JitOptions = {},
): Training {
  const model = makeModel()
  const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
  const optimizer = makeOptimizer()
  const weights = model.trainableWeights
  const step = lw.jit((x: lw.Tensor, y: lw.Tensor) => {
    const lossOf = (_weights: readonly lw.Variable[]) => loss(y, model.apply(x, { training: true }))
    const [value, gradients] = lw.valueAndGrad(lossOf)(weights)
    optimizer.apply(gradients as readonly lw.Tensor[], weights)
    return value
  }, options)
  const shape = [batch, ...inputShape]
  const size = shape.reduce((a, b) => a * b, 1)
  return {
    step,
    x: lw.tensor(
      Float32Array.from({ length: size }, (_, i) => hashed(i, 1000)),
      shape,
    ),
    y: lw.tensor(
      Int32Array.from({ length: batch }, (_, row) => row % classes),
      [batch],
    ),
  }
}
