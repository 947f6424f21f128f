import type { ArrayData, Batches } from '../data/arrays.js'
import { fail } from '../errors.js'
import type { Jitted } from '../graph/jit.js'
import { saveModel, saveWeights } from '../io/save.js'
import { type LoadWeightsOptions, loadWeights } from '../io/weights.js'
import { type InputShape, Layer } from '../layers/layer.js'
import type { Mask } from '../layers/mask.js'
import { type PartialShape, type Placeholder, TensorSpec } from '../layers/placeholder.js'
import type { Optimizer } from '../optimizers/index.js'
import { checkOptions, failName } from '../options.js'
import type { RandomGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { evaluateModel } from '../training/evaluate.js'
import { type FitOptions, fitModel } from '../training/fit.js'
import type { History, Logs } from '../training/history.js'
import type { PassOptions } from '../training/pass-options.js'
import { predictRows } from '../training/predict.js'
import { type CompileConfig, Programs, predictionProgram } from '../training/programs.js'
import { splitArguments } from '../training/samples.js'
import { describeTree, mapTree, type Tree } from '../tree.js'
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
  #prediction: Jitted<[x: Tensor], Tensor> | undefined
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

  /** What is given for the inputs, in the structure that `call` takes. */
  arrangeInputs<Value>(_op: string, given: unknown): Tree<Value> {
    return given as Tree<Value>
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
   * Chooses how the model is trained.
   *
   * @param config optimizer, loss and metrics, each a name or an object; matmulPrecision, which predictions have from then on too
   * @throws name.unknown, argument.unknown, argument.type
   *
   * @example
   * model.compile({ optimizer: lw.optimizers.adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
   */
  compile(config: CompileConfig): void {
    checkOptions('compile', config, ['optimizer', 'loss', 'metrics', 'matmulPrecision'])
    if (config.metrics !== undefined && !Array.isArray(config.metrics)) {
      const expected = 'an array of names, metrics or functions'
      fail('argument.type', { op: 'compile', argument: 'metrics', expected, got: config.metrics })
    }
    this.#programs = new Programs(this, config)
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

  /**
   * Trains the model. Everything is checked before the first step.
   *
   * @param x samples [n, …]: a tensor, nested arrays, a typed array of whole samples or { data, shape }; or, without y, an iterable of
   *   batches [x, y], which may be asynchronous
   * @param y targets [n, …], likewise
   * @returns the loss and the metrics of each epoch
   * @throws model.uncompiled, layer.input, data.*, labels.*, argument.*; training.nonfinite when the loss is not finite; training.busy; the
   *   signal's reason
   *
   * @example
   * const history = await model.fit(x, y, { epochs: 20, batchSize: 32, validationSplit: 0.1, seed: 1 })
   * history.history.loss   // the loss of each epoch
   */
  fit(x: ArrayData, y: ArrayData, options?: FitOptions): Promise<History>
  fit(batches: Batches<readonly [x: ArrayData, y: ArrayData]>, options?: FitOptions): Promise<History>
  async fit(first: unknown, second?: unknown, third?: FitOptions): Promise<History> {
    const programs = this.#compiled('fit')
    if (this.#fitting) fail('training.busy', { model: this.name })
    this.#fitting = true
    try {
      return await fitModel(this, programs, splitArguments('fit', first, second, third))
    } finally {
      this.#fitting = false
    }
  }

  /**
   * The loss and the metrics over samples, without training: { loss, accuracy, … }.
   *
   * @param x samples and y targets as in `fit`, or an iterable of batches [x, y]
   * @throws as `fit`
   */
  evaluate(x: ArrayData, y: ArrayData, options?: PassOptions): Promise<Logs>
  evaluate(batches: Batches<readonly [x: ArrayData, y: ArrayData]>, options?: PassOptions): Promise<Logs>
  async evaluate(first: unknown, second?: unknown, third?: PassOptions): Promise<Logs> {
    const programs = this.#compiled('evaluate')
    return evaluateModel(this, programs, splitArguments('evaluate', first, second, third))
  }

  /**
   * The model's output for all rows of x, as one tensor. Predictions may run at the same time as each other and as a training.
   *
   * @param x samples as in `fit`, or an iterable of batches of x
   * @throws layer.input, data.empty, argument.*; the signal's reason
   */
  async predict(x: ArrayData | Batches<ArrayData>, options?: PassOptions): Promise<Tensor> {
    this.#prediction ??= predictionProgram(this)
    return predictRows(this, this.#prediction, x, options)
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

  #compiled(method: string): Programs {
    return this.#programs ?? fail('model.uncompiled', { model: this.name, method })
  }

  override toString(): string {
    return summarize(this)
  }
}
