import type { Batches } from '../data/arrays.js'
import { fail } from '../errors.js'
import type { Jitted } from '../graph/jit.js'
import { saveModel, saveWeights } from '../io/save.js'
import { type LoadWeightsOptions, loadWeights } from '../io/weights.js'
import { type InputShape, Layer } from '../layers/layer.js'
import type { Mask } from '../layers/mask.js'
import { type PartialShape, type Placeholder, TensorSpec } from '../layers/placeholder.js'
import type { Metric } from '../metrics/metric.js'
import type { Optimizer } from '../optimizers/index.js'
import { checkOptions, failName } from '../options.js'
import type { RandomGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { evaluateModel } from '../training/evaluate.js'
import { fitModel } from '../training/fit.js'
import { type FitOptions, fitOptions, type GivenBatch } from '../training/fit-options.js'
import type { History, Logs } from '../training/history.js'
import { type BatchOptions, BatchSteps, predictBatch, type TrainBatchOptions } from '../training/on-batch.js'
import { type EvaluateOptions, evaluateOptions, type PassOptions } from '../training/pass-options.js'
import { predictRows } from '../training/predict.js'
import {
  type CompileConfig,
  checkCompileConfig,
  Programs,
  predictionProgram,
  type StepData,
  type StepResults,
} from '../training/programs.js'
import { type ModelData, splitArguments } from '../training/samples.js'
import { historyProperties, tensorProperties, untilAwaited } from '../training/unawaited.js'
import { describeTree, leavesOf, mapTree, type Tree } from '../tree.js'
import { summarize } from './summary.js'

/**
 * A layer that can be trained. `lw.sequential` and `lw.model` make models out of layers; a subclass with layers in its properties and a `call`
 * of its own is one too.
 */
export abstract class Model extends Layer {
  override supportsMasking = true
  /** Set by a callback, it ends the training after the present call of the executor. */
  stopTraining = false
  #programs: Programs | undefined
  #compileConfig: CompileConfig | undefined
  #preparedFor: Tree<TensorSpec> | undefined
  #batchSteps: BatchSteps | undefined
  #prediction: Jitted<[x: Tree<Tensor>], Tree<Tensor>> | undefined
  #fitting = false
  readonly #outputSpecs = new Map<string, Tree<TensorSpec>>()

  /** The layers, in the order in which they run where that is known. */
  get layers(): readonly Layer[] {
    return this.sublayers
  }

  /** The declared inputs, of models that have some. */
  get inputs(): readonly Placeholder[] {
    return []
  }

  /** The outputs, of models that are graphs of layers. */
  get outputs(): readonly Placeholder[] {
    return []
  }

  /** What the inputs are called where there are several. */
  get inputNames(): readonly string[] {
    return []
  }

  /** What the outputs are called where there are several. */
  get outputNames(): readonly string[] {
    return []
  }

  /** None of its own: the layers within have given the outputs their masks. */
  override computeMask(): Tree<Mask> {
    return undefined
  }

  /** Tensors for the inputs, in the structure that `call` takes. */
  joinInputs(tensors: readonly Tensor[]): Tree<Tensor> {
    return tensors.length === 1 ? (tensors[0] as Tensor) : tensors
  }

  /** The first layer that the input meets. */
  get firstLayer(): Layer {
    return this
  }

  /** Raises where the declared inputs do not take data of these shapes. */
  protected checkInputs(_x: Tree<Tensor>): void {}

  /** The shape of a layer's output, where it is known. */
  outputShapeOf(_layer: Layer): PartialShape | undefined {
    return undefined
  }

  /** The layers that each call of a layer takes its inputs from, where the model is a graph. */
  sourcesOf(_layer: Layer): readonly (readonly Layer[])[] {
    return []
  }

  /** The layer of a name, or of an index in `layers`. */
  getLayer(which: string | number): Layer {
    const { layers } = this
    const found = typeof which === 'number' ? layers.at(which) : layers.find(({ name }) => name === which)
    return (
      found ??
      failName(
        'layer',
        which,
        layers.map(({ name }) => name),
      )
    )
  }

  /**
   * Chooses how the model is trained. Compiling again keeps the weights, and is when changes of `layer.trainable` take effect.
   *
   * @param config optimizer, loss and metrics, each a name or an object. For several outputs: loss, lossWeights, metrics and weightedMetrics in
   *   arrays by output, or in objects by its name. matmulPrecision, which predictions have from then on too
   * @throws name.unknown, argument.unknown, argument.type, argument.range, data.structure
   *
   * @example
   * model.compile({ optimizer: lw.optimizers.adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
   */
  compile(config: CompileConfig): void {
    checkCompileConfig(config)
    this.#programs = new Programs(this, config)
    this.#batchSteps = new BatchSteps(this, this.#programs)
    this.#compileConfig = config
    this.#prediction = predictionProgram(this, config)
  }

  /** What `compile` was given. */
  get compileConfig(): CompileConfig | undefined {
    return this.#compileConfig
  }

  /** What shuffles and drops in training. */
  get trainingGenerator(): RandomGenerator | undefined {
    return this.#programs?.generator
  }

  /** The optimizer that `compile` chose. */
  get optimizer(): Optimizer {
    return this.#compiled('optimizer').optimizer
  }

  /** The metrics of the training, which each epoch resets. A model with a `trainStep` of its own lists its own here. */
  get metrics(): readonly Metric[] {
    return this.#programs?.metrics ?? []
  }

  /** Whether more ('up') or less of a metric is better, by its name in logs, where the metric says so. */
  metricDirection(name: string): 'up' | 'down' | undefined {
    return this.#programs?.directionOf(name)
  }

  /**
   * What a training step does, for models that do something else than to minimize a loss of `compile`: a function of a batch over ops, which is
   * traced. It moves the weights, and gives scalars by their names in logs, which show those of the last step.
   *
   * @example
   * trainStep({ x, y }: lw.StepData) {
   *   const lossOf = () => this.computeLoss({ y }, this.apply(x, { training: true }))
   *   const [loss, gradients] = lw.valueAndGrad(lossOf)(this.trainableWeights)
   *   this.optimizer.apply(gradients, this.trainableWeights)
   *   return { loss }
   * }
   */
  trainStep?(data: StepData): StepResults

  /** What a step of an evaluation does, likewise. */
  testStep?(data: StepData): StepResults

  /**
   * The loss that `compile` chose, of outputs against targets, with what layers have added in the last call: a scalar. For a `trainStep`.
   *
   * @param data targets and weights of samples, as a `trainStep` gets them
   * @throws model.uncompiled, model.lossless
   */
  computeLoss(data: Partial<Omit<StepData, 'x'>>, outputs: Tree<Tensor>): Tensor {
    const list = (tree: Tree<Tensor | undefined>) => leavesOf(tree) as (Tensor | undefined)[]
    const batch = { y: list(data.y), sampleWeight: list(data.sampleWeight) }
    return this.#compiled('computeLoss').losses(batch, leavesOf(outputs) as Tensor[]).loss as Tensor
  }

  /**
   * Trains the model. Everything is checked before the first step.
   *
   * @param x samples [n, …]: a tensor, nested arrays, a typed array of whole samples or { data, shape }; or, without y, an iterable of
   *   batches [x, y] or [x, y, sampleWeight], which may be asynchronous. Several inputs stand in an array, or in an object by name
   * @param y targets [n, …], likewise; undefined where no loss compares outputs with targets
   * @returns the loss and the metrics of each epoch
   * @throws model.uncompiled, layer.input, data.*, labels.*, argument.*; training.nonfinite when the loss is not finite; training.busy; the
   *   signal's reason
   *
   * @example
   * const history = await model.fit(x, y, { epochs: 20, batchSize: 32, validationSplit: 0.1, seed: 1 })
   * history.history.loss   // the loss of each epoch
   */
  fit(x: ModelData, y: ModelData | undefined, options?: FitOptions): Promise<History>
  fit(batches: Batches<GivenBatch>, options?: FitOptions): Promise<History>
  fit(first: unknown, second?: unknown, third?: FitOptions): Promise<History> {
    return untilAwaited('fit', this.#fit(first, second, third), historyProperties)
  }

  async #fit(first: unknown, second: unknown, third: FitOptions | undefined): Promise<History> {
    const programs = this.#compiled('fit')
    return this.#alone('fit', async () => {
      try {
        return await fitModel(this, programs, splitArguments('fit', fitOptions, first, second, third))
      } finally {
        this.#batchSteps?.beginAnew()
      }
    })
  }

  /**
   * The loss and the metrics over samples, without training: { loss, accuracy, … }.
   *
   * @param x samples and y targets as in `fit`, or an iterable of batches [x, y]
   * @throws as `fit`
   */
  evaluate(x: ModelData, y: ModelData | undefined, options?: EvaluateOptions): Promise<Logs>
  evaluate(batches: Batches<GivenBatch>, options?: EvaluateOptions): Promise<Logs>
  evaluate(first: unknown, second?: unknown, third?: EvaluateOptions): Promise<Logs> {
    return untilAwaited('evaluate', this.#evaluate(first, second, third), ['loss'])
  }

  async #evaluate(first: unknown, second: unknown, third: EvaluateOptions | undefined): Promise<Logs> {
    const programs = this.#compiled('evaluate')
    return evaluateModel(this, programs, splitArguments('evaluate', evaluateOptions, first, second, third))
  }

  /**
   * The model's output for all rows of x, as one tensor, or as several in the structure that its call gives. Predictions may run at the same time
   * as each other and as a training.
   *
   * @param x samples as in `fit`, or an iterable of batches of x, or of [x, y] for a model of one input
   * @throws layer.input, data.empty, argument.*; the signal's reason
   */
  predict<Outputs extends Tree<Tensor> = Tensor>(
    x: ModelData | Batches<ModelData>,
    options?: PassOptions,
  ): Promise<Outputs> {
    return untilAwaited('predict', this.#predict<Outputs>(x, options), tensorProperties)
  }

  async #predict<Outputs extends Tree<Tensor>>(
    x: ModelData | Batches<ModelData>,
    options: PassOptions | undefined,
  ): Promise<Outputs> {
    this.#prediction ??= predictionProgram(this)
    return (await predictRows(this, this.#prediction, x, options)) as Outputs
  }

  /**
   * Makes one step of training on one batch: the loss and the metrics over the batches since `resetMetrics`, a `fit` or `compile`.
   *
   * @param x samples and y targets as in `fit`
   * @param options sampleWeight, classWeight
   * @throws as `fit`
   */
  async trainOnBatch(x: ModelData, y?: ModelData, options?: TrainBatchOptions): Promise<Logs> {
    const steps = this.#stepsOnBatches('trainOnBatch')
    return this.#alone('trainOnBatch', () => steps.train(x, y, options))
  }

  /**
   * The loss and the metrics over one batch and those before it since `resetMetrics`, without training.
   *
   * @param x samples and y targets as in `fit`
   * @throws as `fit`
   */
  async testOnBatch(x: ModelData, y?: ModelData, options?: BatchOptions): Promise<Logs> {
    return this.#stepsOnBatches('testOnBatch').test(x, y, options)
  }

  /**
   * The model's output for one batch, in one piece.
   *
   * @throws as `predict`
   */
  async predictOnBatch<Outputs extends Tree<Tensor> = Tensor>(x: ModelData): Promise<Outputs> {
    this.#prediction ??= predictionProgram(this)
    return (await predictBatch(this, this.#prediction, x)) as Outputs
  }

  /** Forgets what `trainOnBatch` and `testOnBatch` have measured. */
  resetMetrics(): void {
    this.#stepsOnBatches('resetMetrics').reset()
  }

  /**
   * Prints a table of the layers, their output shapes and numbers of weights.
   *
   * @param options print: what takes the text (default console.log)
   * @returns the text
   */
  summary(options: { readonly print?: (text: string) => void } = {}): string {
    checkOptions('summary', options, ['print'])
    const { print = console.log } = options
    const text = summarize(this)
    print(text)
    return text
  }

  /**
   * Writes the model to one .safetensors file: its layers, weights and optimizer, so that `lw.loadModel` gives one that trains on as this one
   * would. The file at the path is replaced as a whole, or not at all.
   *
   * @throws layer.unbuilt, io.write; io.function and io.value where a configuration holds what cannot be stored
   *
   * @example
   * await model.save('digits.safetensors')
   * const same = await lw.loadModel('digits.safetensors')
   */
  save(path: string): Promise<void> {
    return saveModel(this, path)
  }

  /**
   * Writes the weights alone to a .safetensors file, by names such as 'dense/kernel' that do not depend on what was made before the model.
   *
   * @throws layer.unbuilt, io.write
   */
  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path)
  }

  /**
   * Sets the weights to those of a file that `save` or `saveWeights` wrote, or Python, by name. All are checked before any is set.
   *
   * @param options skipMismatch: whether weights that the file lacks or holds in another shape are kept, with a warning (default false)
   * @throws layer.unbuilt, io.read, io.format, io.names, io.weight
   */
  loadWeights(path: string, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, path, options)
  }

  /** The inputs that the model was built for, where it does not declare them. */
  get preparedFor(): Tree<TensorSpec> | undefined {
    return this.#preparedFor
  }

  /** Builds whatever is not built yet for these inputs, and gives the shapes of the outputs. */
  prepare(x: Tree<Tensor | TensorSpec>): Tree<TensorSpec> {
    this.checkInputs(x as Tree<Tensor>)
    const key = describeTree(x, (leaf) => `${(leaf as Tensor).dtype} ${(leaf as Tensor).shape.slice(1)}`)
    let outputs = this.#outputSpecs.get(key)
    if (!outputs) {
      const declared = this.inputs.map(({ shape }) => shape[0] ?? null)
      let next = 0
      const samples = mapTree(x, (leaf) => {
        const { shape, dtype } = leaf as Tensor
        return new TensorSpec([declared[next++] ?? null, ...shape.slice(1)], dtype)
      }) as Tree<TensorSpec>
      if (this.inputs.length === 0) this.#preparedFor ??= samples
      this.ensureBuilt(mapTree(samples, (spec) => (spec as TensorSpec).shape) as InputShape)
      outputs = this.inferOutput(samples)
      this.#outputSpecs.set(key, outputs)
    }
    return outputs
  }

  /** Forgets what depends on the layers, which have changed. */
  protected forget(): void {
    this.#programs = this.#batchSteps = this.#compileConfig = this.#prediction = undefined
    this.#outputSpecs.clear()
  }

  /** Trains, unless a training is under way. */
  async #alone<R>(op: string, body: () => Promise<R>): Promise<R> {
    if (this.#fitting) fail('training.busy', { op, model: this.name })
    this.#fitting = true
    try {
      return await body()
    } finally {
      this.#fitting = false
    }
  }

  #stepsOnBatches(method: string): BatchSteps {
    return this.#batchSteps ?? fail('model.uncompiled', { model: this.name, method })
  }

  #compiled(method: string): Programs {
    return this.#programs ?? fail('model.uncompiled', { model: this.name, method })
  }

  override toString(): string {
    return summarize(this)
  }
}
