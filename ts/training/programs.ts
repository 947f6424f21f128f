import { range } from '../data/arrays.js'
import { fail } from '../errors.js'
import { valueAndGrad } from '../graph/autodiff.js'
import { type JitOptions, type Jitted, jit } from '../graph/jit.js'
import type { LossFunction } from '../losses/loss.js'
import { getLoss, type LossIdentifier } from '../losses/registry.js'
import type { Metric } from '../metrics/metric.js'
import { getMetric, type MetricFunction, type MetricName } from '../metrics/registry.js'
import type { Model } from '../models/model.js'
import { add, mean, take } from '../ops/index.js'
import type { Optimizer } from '../optimizers/optimizer.js'
import { getOptimizer, type OptimizerName } from '../optimizers/registry.js'
import { RandomGenerator, withGenerator } from '../random.js'
import { type Tensor, tensor } from '../tensor.js'
import { Variable } from '../variable.js'

/** What `compile` is given. */
export interface CompileConfig extends JitOptions {
  /** A name or an object. */
  readonly optimizer: OptimizerName | Optimizer
  /** A name, what a factory of `lw.losses` gave, or any function of targets and outputs. */
  readonly loss: LossIdentifier
  /** Names, objects, or functions whose values are averaged (default none). */
  readonly metrics?: readonly (MetricName | Metric | MetricFunction)[]
}

/** A step over batches that come one by one, and the same over rows picked out of data that is in memory. */
export interface StepPrograms {
  /** (x, y) of one batch → its mean loss. */
  readonly batch: Jitted<[x: Tensor, y: Tensor], Tensor>
  /**
   * (x, y) of all rows, the order to take them in, and 0 … batch size - 1 → the mean loss of the next batch. Each step moves the position on,
   * so that one call makes many steps.
   */
  readonly rows: Jitted<[x: Tensor, y: Tensor, order: Tensor, offsets: Tensor], Tensor>
  /** Starts again at the first row. */
  readonly rewind: () => void
  readonly metrics: readonly Metric[]
}

/** A compiled model's programs. Each is a whole step: it is traced once for each set of shapes and then only run. */
export class Programs {
  readonly optimizer: Optimizer
  readonly loss: LossFunction
  /** Shuffles and drops in training. */
  readonly generator: RandomGenerator
  readonly train: StepPrograms
  readonly #makeTest: () => StepPrograms
  /** What training updates, settled at its first step: steps of all batch sizes update the same. */
  #weights: readonly Variable[] | undefined
  readonly #idleTests: StepPrograms[] = []

  constructor(model: Model, { optimizer, loss, metrics = [], matmulPrecision }: CompileConfig) {
    this.optimizer = getOptimizer(optimizer)
    this.loss = getLoss(loss)
    this.generator = new RandomGenerator(0)
    const trainMetrics = metrics.map(getMetric)
    const names = ['loss', ...trainMetrics.map(({ name }) => name)]
    if (new Set(names).size !== names.length) {
      const expected = "metrics of different names, none of them 'loss'"
      fail('argument.range', { op: 'compile', argument: 'metrics', expected, got: names.slice(1) })
    }

    const forward = (x: Tensor, y: Tensor, training: boolean, measured: readonly Metric[]): Tensor => {
      const prediction = model.apply(x, { training })
      for (const metric of measured) metric.update(y, prediction)
      return model.losses.reduce((total, loss) => add(total, loss), mean(this.loss(y, prediction)))
    }
    const trainStep = (x: Tensor, y: Tensor): Tensor =>
      withGenerator(this.generator, () => {
        this.#weights ??= model.trainableWeights
        const weights = this.#weights
        const [value, gradients] = valueAndGrad((_weights: readonly Variable[]) =>
          forward(x, y, true, trainMetrics),
        )(weights)
        this.optimizer.apply(gradients as readonly Tensor[], weights)
        return value
      })
    this.train = stepPrograms(trainStep, trainMetrics, { matmulPrecision })
    this.#makeTest = () => {
      const metrics = trainMetrics.map((metric) => metric.clone())
      return stepPrograms((x, y) => forward(x, y, false, metrics), metrics, { matmulPrecision })
    }
  }

  /** Lends test programs, whose position and metrics serve one evaluation at a time. */
  async withTest<R>(body: (test: StepPrograms) => Promise<R>): Promise<R> {
    const test = this.#idleTests.pop() ?? this.#makeTest()
    try {
      return await body(test)
    } finally {
      this.#idleTests.push(test)
    }
  }
}

function stepPrograms(
  step: (x: Tensor, y: Tensor) => Tensor,
  metrics: readonly Metric[],
  options: JitOptions,
): StepPrograms {
  const position = new Variable(tensor(new Int32Array(1), []), 'position', false)
  return {
    metrics,
    batch: jit(step, options),
    rows: jit((x, y, order, offsets) => {
      const rows = take(order, add(position, offsets))
      position.assign(add(position, offsets.size))
      return step(take(x, rows), take(y, rows))
    }, options),
    rewind: () => {
      position.assign(0)
      for (const metric of metrics) metric.reset()
    },
  }
}

/** The program of a prediction. It changes no state, so predictions can overlap. */
export function predictionProgram(
  model: Model,
  { matmulPrecision }: JitOptions = {},
): Jitted<[x: Tensor], Tensor> {
  return jit((x) => model.apply(x, { training: false }), { matmulPrecision })
}

const ranges = new Map<number, Tensor>()

/** 0 … n - 1, kept for the batch sizes in use. */
export function offsetsOf(n: number): Tensor {
  let offsets = ranges.get(n)
  if (!offsets) {
    if (ranges.size >= 16) ranges.clear()
    offsets = range(n)
    ranges.set(n, offsets)
  }
  return offsets
}
