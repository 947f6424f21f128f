import { valueAndGrad } from '../../ts/graph/autodiff.js'
import { layers, losses, optimizers, sequential } from '../../ts/index.js'
import type { Layer } from '../../ts/layers/layer.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { integers, uniform } from '../../ts/ops/samples.js'
import type { Optimizer } from '../../ts/optimizers/index.js'
import { RandomGenerator, withGenerator } from '../../ts/random.js'
import type { Tensor } from '../../ts/tensor.js'
import type { Variable } from '../../ts/variable.js'
import type { Case } from './cases.js'
import { reference32, tensorOf, traceProgram, withExecutor } from './program.js'

/** A step of training a classifier, as fit makes it: the whole of it is one program. */
export function trainingStep({
  label,
  batch,
  features,
  hidden,
  classes,
  optimizer,
  steps,
}: {
  readonly label: string
  readonly batch: number
  readonly features: number
  readonly hidden: readonly Layer[]
  readonly classes: number
  readonly optimizer: Optimizer
  readonly steps: number
}): Case {
  const inputs: SampleArray[] = [uniform([batch, features], -1, 1, 1), integers([batch], 0, classes, 2)]
  const workload = withExecutor(reference32, () => {
    const model = sequential({ layers: [...hidden, layers.dense({ units: classes, activation: 'softmax' })] })
    model.prepare(tensorOf(inputs[0] as SampleArray))
    model.weights.forEach((weight, i) => {
      weight.assign(tensorOf(uniform(weight.shape, -0.3, 0.3, 10 + i)))
    })
    const loss = losses.sparseCategoricalCrossentropy()
    const generator = new RandomGenerator(7)
    const program = traceProgram(
      reference32,
      ([x, y]) =>
        withGenerator(generator, () => {
          const weights = model.trainableWeights
          const [value, gradients] = valueAndGrad((_: readonly Variable[]) =>
            loss(y as Tensor, model.apply(x as Tensor, { training: true })),
          )(weights)
          optimizer.apply(gradients as readonly Tensor[], weights)
          return [value]
        }),
      inputs,
    )
    return { program, inputs, initial: program.variables.map(({ variable }) => variable.read()), steps }
  })
  return { row: 'training steps', kind: 'program', label, workload }
}

/** Training steps small and large, the last large enough for several threads. */
export function trainingSteps(): Case[] {
  return withExecutor(reference32, () => [
    trainingStep({
      label: 'relu, dropout and Adam',
      batch: 32,
      features: 64,
      hidden: [
        layers.dense({ units: 64, activation: 'relu' }),
        layers.dropout({ rate: 0.3 }),
        layers.dense({ units: 32, activation: 'relu' }),
      ],
      classes: 10,
      optimizer: optimizers.adam(),
      steps: 3,
    }),
    trainingStep({
      label: 'tanh, sigmoid and Nesterov',
      batch: 7,
      features: 13,
      hidden: [
        layers.dense({ units: 17, activation: 'tanh' }),
        layers.dense({ units: 9, activation: 'sigmoid' }),
      ],
      classes: 3,
      optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
      steps: 3,
    }),
    trainingStep({
      label: 'clipped by global norm',
      batch: 16,
      features: 40,
      hidden: [layers.dense({ units: 70, activation: 'relu' })],
      classes: 5,
      optimizer: optimizers.adam({ learningRate: 0.1, globalClipnorm: 0.5 }),
      steps: 3,
    }),
    trainingStep({
      label: 'wide, with momentum',
      batch: 130,
      features: 257,
      hidden: [layers.dense({ units: 200, activation: 'relu' })],
      classes: 70,
      optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }),
      steps: 1,
    }),
    trainingStep({
      label: 'augmented images',
      batch: 6,
      features: 5 * 4 * 2,
      hidden: [
        layers.reshape({ targetShape: [5, 4, 2] }),
        layers.randomFlip({ mode: 'horizontal' }),
        layers.randomTranslation({ heightFactor: 0.2, widthFactor: 0.3 }),
        layers.randomRotation({ factor: 0.1, fillMode: 'nearest' }),
        layers.randomZoom({ heightFactor: 0.2, fillMode: 'wrap' }),
        layers.randomContrast({ factor: [0.5, 0.5], valueRange: [-1, 1] }),
        layers.randomBrightness({ factor: 0.1, valueRange: [-1, 1] }),
        layers.randomErasing({ factor: [0.9, 1], valueRange: [-1, 1] }),
        layers.randomCrop({ height: 4, width: 3 }),
        layers.cutMix(),
        layers.mixUp(),
        layers.flatten(),
        layers.dense({ units: 8, activation: 'tanh' }),
      ],
      classes: 5,
      optimizer: optimizers.adam(),
      steps: 3,
    }),
  ])
}
