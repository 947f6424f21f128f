import { range } from '../data/arrays.js'
import { fail } from '../errors.js'
import { valueAndGrad } from '../graph/autodiff.js'
import { type JitOptions, type Jitted, jit } from '../graph/jit.js'
import { maskOf } from '../layers/mask.js'
import type { TensorSpec } from '../layers/placeholder.js'
import type { Metric } from '../metrics/metric.js'
import type { Model } from '../models/model.js'
import { add, mean, multiply, take } from '../ops/index.js'
import type { Optimizer } from '../optimizers/optimizer.js'
import { getOptimizer, type OptimizerIdentifier } from '../optimizers/registry.js'
import { checkOptions } from '../options.js'
import { RandomGenerator, uniform, withGenerator } from '../random.js'
import { type Tensor, tensor } from '../tensor.js'
import { leavesOf, type Tree } from '../tree.js'
import { Variable } from '../variable.js'
import { type Batch, mapBatch } from './batch.js'
import {
  checkObjective,
  type Measured,
  type Objective,
  type ObjectiveConfig,
  resolveObjective,
} from './objective.js'
import { outputNamesOf } from './outputs.js'

/** What `compile` is given. */
export interface CompileConfig extends JitOptions, ObjectiveConfig {
  /** A name, an object, or the serialized form. */
  readonly optimizer: OptimizerIdentifier
}

const compileOptions: Readonly<Record<keyof CompileConfig, true>> = {
  optimizer: true,
  loss: true,
  lossWeights: true,
  metrics: true,
  weightedMetrics: true,
  matmulPrecision: true,
}

/** Options that Keras has because its steps can run in other ways. */
const needless: Readonly<Record<string, string>> = {
  autoScaleLoss: 'training is in float32 throughout',
  jitCompile: 'a training step is always one compiled program',
  runEagerly:
    'a training step is always one program, whose trace calls your functions once; lw.valueAndGrad makes loops of your own',
  stepsPerExecution: 'a call makes as many steps as fill about 50 ms',
}

/** Raises where `compile` has no such option, with the reason if Keras has it. */
export function checkCompileConfig(config: CompileConfig): void {
  const known = Object.keys(compileOptions)
  const argument = Object.keys(config ?? {}).find((key) => Object.hasOwn(needless, key))
  if (argument)
    fail('argument.unknown', { op: 'compile', argument, known, reason: needless[argument] as string })
  checkOptions('compile', config, known)
}

/** What a step gives: scalars by their names in logs. */
export type StepResults = Readonly<Record<string, Tensor>>

/** A batch as a model's own `trainStep` or `testStep` takes it: in arrays by output where there are several. */
export interface StepData {
  readonly x: Tree<Tensor>
  readonly y: Tree<Tensor | undefined>
  readonly sampleWeight: Tree<Tensor | undefined>
}

/** A step over batches that come one by one, and the same over rows picked out of data that is in memory. */
export interface StepPrograms {
  /** One batch → what the step gives: the losses, as `names` says. */
  readonly batch: Jitted<[batch: Batch], readonly Tensor[]>
  /**
   * All rows, the order to take them in, and 0 … batch size - 1 → what the step of the next batch gives. Each step moves the position on, so that
   * one call makes many steps.
   */
  readonly rows: Jitted<[data: Batch, order: Tensor, offsets: Tensor], readonly Tensor[]>
  /** What the results of a step are called in logs, known once it is traced. */
  names: readonly string[]
  /** Whether logs average the results over samples; else they are those of the last step. */
  readonly averaged: boolean
  readonly measured: readonly Measured[]
  /** Starts again at the first row. */
  readonly rewind: () => void
  /** Forgets what the metrics have gathered. */
  readonly reset: () => void
}

/** A compiled model's programs. Each is a whole step: it is traced once for each set of shapes and then only run. */
export class Programs {
  readonly optimizer: Optimizer
  /** Shuffles and drops in training. */
  readonly generator = new RandomGenerator(0)
  readonly #idleTests: StepPrograms[] = []
  #objective: Objective | undefined
  #train: StepPrograms | undefined
  /** What training updates, settled when the model is compiled or built: steps of all batch sizes update the same. */
  #weights: readonly Variable[] | undefined

  constructor(
    private readonly model: Model,
    readonly config: CompileConfig,
  ) {
    checkObjective(config)
    this.optimizer = getOptimizer(config.optimizer)
    if (model.outputNames.length > 0) this.#objective = resolveObjective(config, model.outputNames)
    if (model.built) this.#weights = model.trainableWeights
  }

  /** What is asked of outputs, once it is known which there are. */
  objectiveOf(outputs: Tree<TensorSpec>): Objective {
    this.#objective ??= resolveObjective(this.config, outputNamesOf(this.model, outputs))
    return this.#objective
  }

  /** Whether neither losses nor metrics compare outputs with targets, so that there may be none. */
  get targetless(): boolean {
    const { loss, metrics, weightedMetrics } = this.config
    return [loss, metrics, weightedMetrics].every((given) => given === undefined)
  }

  /** The metrics of the training. */
  get metrics(): readonly Metric[] {
    return this.#measured.map(({ metric }) => metric)
  }

  /** Whether more or less of a metric is better, where it says so. */
  directionOf(log: string): 'up' | 'down' | undefined {
    return this.#measured.find(({ name }) => name === log)?.metric.direction
  }

  /** The outputs that metrics look at. */
  get measuredOutputs(): ReadonlySet<number> {
    return new Set(this.#measured.map(({ output }) => output))
  }

  get weights(): readonly Variable[] {
    this.#weights ??= this.model.trainableWeights
    return this.#weights
  }

  /** The programs of training steps. */
  get train(): StepPrograms {
    const { model } = this
    const step = model.trainStep?.bind(model)
    this.#train ??= step
      ? this.#stepPrograms(this.#measured, (batch) => step(stepData(batch)), false)
      : this.#stepPrograms(this.#measured, (batch) => this.#trainStep(batch), true)
    return this.#train
  }

  /** Forgets what the metrics of the training have gathered. */
  resetMetrics(): void {
    this.#train?.reset()
  }

  /** Whether the training's own generator has given numbers, in this process or before the model was saved. */
  get drawn(): boolean {
    return this.generator.step.read().item() > 0
  }

  /** Starts the training's own generator: from a seed, or from a number that the default generator draws. */
  seed(seed: number | undefined): void {
    const [high, low] = seed === undefined ? uniform([2]).dataSync() : []
    this.generator.seed(seed ?? (high as number) * 2 ** 48 + (low as number) * 2 ** 24)
  }

  /** Lends test programs, whose position and metrics serve one evaluation at a time. */
  async withTest<R>(body: (test: StepPrograms) => Promise<R>): Promise<R> {
    const test = this.#idleTests.pop() ?? this.makeTest()
    try {
      return await body(test)
    } finally {
      this.#idleTests.push(test)
    }
  }

  /** Programs of steps that only measure, with metrics of their own. */
  makeTest(): StepPrograms {
    const { model } = this
    const step = model.testStep?.bind(model)
    const measured = this.#measured.map((each) => ({ ...each, metric: each.metric.clone() }))
    return step
      ? this.#stepPrograms(measured, (batch) => step(stepData(batch)), false)
      : this.#stepPrograms(measured, (batch) => this.#forward(batch, measured, false), true)
  }

  get #measured(): readonly Measured[] {
    return this.#objective?.measured ?? []
  }

  /** The loss that training minimizes, and, where several outputs have one, that of each: scalars by their names in logs. */
  losses({ y, sampleWeight }: Omit<Batch, 'x'>, outputs: readonly Tensor[]): StepResults {
    const { model } = this
    const losses = (this.#objective?.outputs ?? []).flatMap(({ name, loss, lossWeight }, i) => {
      if (!loss) return []
      const yPred = outputs[i] as Tensor
      const value = mean(loss(y[i] as Tensor, yPred, { mask: maskOf(yPred), sampleWeight: sampleWeight[i] }))
      return [{ name: `${name}_loss`, value, term: lossWeight === 1 ? value : multiply(value, lossWeight) }]
    })
    const [first, ...others] = [...losses.map(({ term }) => term), ...model.losses]
    if (!first) fail('model.lossless', { model: model.name })
    const loss = others.reduce((total, term) => add(total, term), first)
    const each = losses.length > 1 ? losses.map(({ name, value }) => [name, value]) : []
    return { loss, ...Object.fromEntries(each) }
  }

  #forward(batch: Batch, measured: readonly Measured[], training: boolean): StepResults {
    const outputs = leavesOf(this.model.apply<Tree<Tensor>>(batch.x, { training })) as Tensor[]
    for (const { metric, output, weighted } of measured) {
      const yPred = outputs[output] as Tensor
      const sampleWeight = weighted ? batch.sampleWeight[output] : undefined
      metric.update(batch.y[output] as Tensor, yPred, { mask: maskOf(yPred), sampleWeight })
    }
    return this.losses(batch, outputs)
  }

  #trainStep(batch: Batch): StepResults {
    let results: StepResults = {}
    const lossOf = (_weights: readonly Variable[]): Tensor => {
      results = this.#forward(batch, this.#measured, true)
      return results.loss as Tensor
    }
    const { weights } = this
    const [, gradients] = valueAndGrad(lossOf)(weights)
    this.optimizer.apply(gradients as readonly Tensor[], weights)
    return results
  }

  #stepPrograms(
    measured: readonly Measured[],
    step: (batch: Batch) => StepResults,
    averaged: boolean,
  ): StepPrograms {
    const position = new Variable(tensor(new Int32Array(1), []), 'position', false)
    const options = { matmulPrecision: this.config.matmulPrecision }
    const run = (batch: Batch): readonly Tensor[] => {
      const results = withGenerator(this.generator, () => step(batch))
      programs.names = Object.keys(results)
      return Object.values(results)
    }
    const programs: StepPrograms = {
      names: [],
      averaged,
      measured,
      batch: jit(run, options),
      rows: jit((data, order, offsets) => {
        const rows = take(order, add(position, offsets))
        position.assign(add(position, offsets.size))
        return run(mapBatch(data, (tensor) => take(tensor, rows)))
      }, options),
      rewind: () => position.assign(0),
      reset: () => {
        for (const metric of averaged ? measured.map(({ metric }) => metric) : this.model.metrics)
          metric.reset()
      },
    }
    return programs
  }
}

/** A batch as a model's own step takes it: what belongs to a single output stands alone. */
function stepData({ x, y, sampleWeight }: Batch): StepData {
  const [alone, weight] = [y.length === 1, sampleWeight.length === 1]
  return { x, y: alone ? y[0] : y, sampleWeight: weight ? sampleWeight[0] : sampleWeight } as StepData
}

/** The program of a prediction. It changes no state, so predictions can overlap. */
export function predictionProgram(
  model: Model,
  { matmulPrecision }: JitOptions = {},
): Jitted<[x: Tree<Tensor>], Tree<Tensor>> {
  return jit((x) => model.apply<Tree<Tensor>>(x, { training: false }), { matmulPrecision })
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
