import { useExecutor } from '../../ts/executors/choice.js'
import type { Plan } from '../../ts/executors/executor.js'
import { ReferenceExecutor } from '../../ts/executors/reference.js'
import type { Program } from '../../ts/graph/program.js'
import * as lw from '../../ts/index.js'
import {
  allOps,
  applyRecord,
  gradientsOf,
  isDifferentiable,
  outputOf,
  sampleSize,
  traceProgram,
  weightedSum,
  weightsFor,
} from '../parity/program.js'
import { type Source, sourceOf } from './program-text.js'

/** Samples of ops with more elements than this are left out: mutants are run often. */
const mostElements = 100

/** The real programs that mutants are made of: whole training steps, compositions, and every op alone with its gradient. */
export async function corpus(): Promise<{
  readonly large: readonly Source[]
  readonly small: readonly Source[]
}> {
  const recorder = new Recorder()
  useExecutor(recorder)
  lw.seed(1)
  await trainClassifier()
  await trainRegression()
  randomOps()
  secondDerivatives()
  controlFlow()
  const sources = [...recorder.sources.values(), ...opSamples(recorder)]
  return {
    large: sources.filter(({ json }) => json.length > 4000),
    small: sources.filter(({ json }) => json.length <= 4000),
  }
}

/** Runs programs, and keeps each that it has not seen. */
class Recorder extends ReferenceExecutor {
  readonly sources = new Map<string, Source>()

  override compile(program: Program): Plan {
    const source = sourceOf(`recorded program ${this.sources.size}`, program)
    if (!this.sources.has(source.json)) this.sources.set(source.json, source)
    return super.compile(program)
  }
}

/** Shuffled gathering, dropout, softmax crossentropy, accuracy and Adam; evaluation and prediction. */
async function trainClassifier(): Promise<void> {
  const { dense, dropout } = lw.layers
  const model = lw.sequential({
    layers: [
      dense({ units: 6, activation: 'relu', inputShape: [5] }),
      dropout({ rate: 0.25 }),
      dense({ units: 3, activation: 'softmax' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const x = lw.random.uniform([11, 5], { seed: 1 })
  const y = lw.tensor(Int32Array.from({ length: 11 }, (_, i) => i % 3))
  await model.fit(x, y, { epochs: 1, batchSize: 4, verbose: 0, seed: 1 })
  await model.evaluate(x, y, { batchSize: 4 })
  await model.predict(x, { batchSize: 4 })
}

/** Squared error and Nesterov's momentum. */
async function trainRegression(): Promise<void> {
  const model = lw.sequential({
    layers: [
      lw.layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }),
      lw.layers.dense({ units: 2, activation: 'sigmoid' }),
    ],
  })
  const optimizer = lw.optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  const x = lw.random.uniform([8, 3], { seed: 2 })
  const y = lw.random.uniform([8, 2], { seed: 3 })
  await model.fit(x, y, { epochs: 1, batchSize: 4, verbose: 0, seed: 1 })
}

function randomOps(): void {
  const draw = lw.jit((x: lw.Tensor) => {
    const order = lw.random.permutation(6)
    const noise = lw.random.truncatedNormal([6, 2])
    const kept = lw.random.bernoulli([6, 2], 0.5)
    return lw.ops.where(kept, lw.ops.add(lw.ops.take(x, order), noise), lw.random.uniform([6, 2]))
  })
  draw(lw.random.uniform([6, 2], { seed: 4 }))
}

/** A derivative of a derivative, with matrix products, reductions and a softmax within. */
function secondDerivatives(): void {
  const { matmul, multiply, softmax, sum, tanh } = lw.ops
  const energy = (x: lw.Tensor) => sum(multiply(tanh(matmul(x, x)), softmax(x)))
  const curvature = lw.jit((x: lw.Tensor) =>
    lw.grad((at: lw.Tensor) => sum(multiply(lw.grad(energy)(at) as lw.Tensor, at)))(x),
  )
  curvature(lw.random.uniform([3, 3], { seed: 5 }))
}

/** Branches and loops within each other, with gradients, variables and random numbers inside. */
function controlFlow(): void {
  const { add, cond, greater, less, map, matmul, multiply, scan, sum, tanh, whileLoop } = lw.ops
  const x = lw.random.uniform([4, 3], { seed: 6 })
  const weights = lw.variable(lw.random.uniform([3, 3], { seed: 7 }))
  const total = lw.variable([0, 0, 0])
  const recurrent = (rows: lw.Tensor) =>
    scan(
      (state: lw.Tensor, row: lw.Tensor) => {
        const next = tanh(add(matmul(state, weights), row))
        return [
          next,
          cond(
            greater(sum(next), 1),
            () => multiply(next, 2),
            () => next,
          ),
        ] as const
      },
      lw.tensor([0, 0, 0]),
      rows,
      { reverse: true },
    )
  const loss = (rows: lw.Tensor) => sum(multiply(recurrent(rows)[1], recurrent(rows)[0]))
  lw.jit((rows: lw.Tensor) => recurrent(rows))(x)
  lw.jit((rows: lw.Tensor) => lw.valueAndGrad((_: typeof weights) => loss(rows))(weights))(x)
  lw.jit((rows: lw.Tensor) =>
    lw.grad((at: lw.Tensor) => sum(multiply(lw.grad(loss)(at) as lw.Tensor, at)))(rows),
  )(x)
  lw.jit((rows: lw.Tensor) =>
    map((row: lw.Tensor) => {
      total.assign(add(total, row))
      return multiply(row, lw.random.uniform([3]))
    }, rows),
  )(x)
  lw.jit((limit: lw.Tensor) =>
    whileLoop(
      (value: lw.Tensor) => less(sum(value), limit),
      (value: lw.Tensor) => [
        lw.ops.switch(lw.ops.cast(sum(value), 'int32'), [tanh, (v: lw.Tensor) => add(v, 1)], value),
      ],
      [lw.tensor([0.5, 0.25])],
      { maximumIterations: 5 },
    ),
  )(lw.tensor(3))
}

/** Every op on each of its small samples, and its gradient. */
function opSamples(executor: ReferenceExecutor): Source[] {
  return allOps().flatMap((op) =>
    op
      .samples()
      .filter((sample) => sampleSize(sample) <= mostElements)
      .flatMap((sample) => {
        const { inputs, attributes } = sample
        const apply = (x: readonly lw.Tensor[]) => applyRecord(op, x, attributes)
        const name = `${op.name}, ${sample.label}`
        const value = sourceOf(
          name,
          traceProgram(executor, (x) => [apply(x)], inputs),
        )
        if (!isDifferentiable(op, sample)) return [value]
        const loss = weightedSum(apply)
        const weights = weightsFor(outputOf(op, sample))
        const gradient = traceProgram(executor, gradientsOf(loss), [...inputs, weights])
        return [value, sourceOf(`gradient of ${name}`, gradient)]
      }),
  )
}
