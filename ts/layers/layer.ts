import type { Serialized } from '../described.js'
import { type Dtype, dtypes } from '../dtype.js'
import { fail } from '../errors.js'
import { activeTrace, recordInto, refusePromise, SymbolicTensor } from '../graph/trace.js'
import { serialize } from '../io/serialize.js'
import { divide } from '../ops/index.js'
import { checkBoolean, checkOptions } from '../options.js'
import { RandomGenerator } from '../random.js'
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/registry.js'
import type { Regularizer } from '../regularizers/regularizers.js'
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.js'
import { type NestedArray, Tensor, type TypedArray } from '../tensor.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import type { Variable } from '../variable.js'
import { type CallOptions, type InputShape, PresentCall } from './call-options.js'
import { inferSpecs } from './infer-specs.js'
import { checkInputSpec, type InputSpec } from './input-spec.js'
import { type Mask, masksOf, passMasks } from './mask.js'
import { uniqueName } from './names.js'
import {
  LayerCall,
  type PartialShape,
  Placeholder,
  type Placeholders,
  type TensorSpec,
} from './placeholder.js'
import { assignWeights, makeWeight, type WeightOptions } from './weights.js'

export type { CallOptions, InputShape } from './call-options.js'
export type { WeightOptions } from './weights.js'

/** What every layer can be given. */
export interface LayerConfig {
  /** Default: the class name in camelCase, numbered when it repeats. */
  readonly name?: string
  /** The shape of one sample, for the first layer of a sequential model. */
  readonly inputShape?: Shape
  /** The dtype of weights and of the input that `inputShape` declares (default float32). */
  readonly dtype?: Dtype
  /** Whether training updates its weights (default true). */
  readonly trainable?: boolean
  /** A penalty on the output, which training adds to the loss, divided by the batch size (default none). */
  readonly activityRegularizer?: RegularizerIdentifier
}

/** The keys of {@link LayerConfig}. */
export const layerOptions: readonly string[] = [
  'name',
  'inputShape',
  'dtype',
  'trainable',
  'activityRegularizer',
]

/**
 * The base of all layers. A subclass makes its weights in `build` and computes in `call`, an ordinary function over `lw.ops`. Layers that it
 * keeps in properties, or in arrays there, belong to it with their weights.
 *
 * @example
 * class Scale extends lw.layers.Layer {
 *   build([, features]: lw.PartialShape) {
 *     this.scale = this.addWeight({ name: 'scale', shape: [features!], initializer: 'ones' })
 *   }
 *   call(x: lw.Tensor) {
 *     return lw.ops.multiply(x, this.scale)
 *   }
 * }
 */
export abstract class Layer {
  readonly name: string
  readonly dtype: Dtype
  readonly inputShape: Shape | undefined
  /** Which input it takes, where it says so. */
  protected inputSpec: InputSpec | undefined
  readonly activityRegularizer: Regularizer | undefined
  /** Whether the outputs carry masks, which `computeMask` makes (default: whether a class has a `computeMask` of its own). */
  supportsMasking: boolean
  #trainable: boolean
  #built = false
  readonly #weights: Variable[] = []
  readonly #addedLosses: Tensor[] = []
  /** Where it was applied to placeholders. */
  readonly #calls: LayerCall[] = []

  constructor({
    name,
    inputShape,
    dtype = 'float32',
    trainable = true,
    activityRegularizer,
  }: LayerConfig = {}) {
    if (Array.isArray(inputShape) && inputShape.includes(null as never)) {
      const expected =
        'the shape of one sample, without the batch (lw.input takes null for extents that differ)'
      fail('argument.range', { op: new.target.name, argument: 'inputShape', expected, got: inputShape })
    }
    if (inputShape !== undefined) checkShape(new.target.name, inputShape)
    if (!dtypes.includes(dtype)) fail('dtype.invalid', { op: new.target.name, got: dtype })
    if (name !== undefined && (typeof name !== 'string' || name === '')) {
      fail('argument.type', { op: new.target.name, argument: 'name', expected: 'a string', got: name })
    }
    checkBoolean(new.target.name, 'trainable', trainable)
    this.name = name ?? uniqueName(new.target.name)
    this.dtype = dtype
    this.inputShape = inputShape
    this.#trainable = trainable
    this.activityRegularizer = activityRegularizer && getRegularizer(activityRegularizer)
    this.supportsMasking = this.computeMask !== Layer.prototype.computeMask
  }

  /** Raises where the layer does not take inputs of this shape, before `build` and `call`: by default what `inputSpec` says. */
  protected checkInputShape(inputShape: InputShape): void {
    if (this.inputSpec) checkInputSpec(this.name, this.inputSpec, inputShape)
  }

  /** Makes the weights, once, when the shape of the input is known; null stands for extents such as the batch. */
  build(_inputShape: InputShape): void {}

  /** The layer's function of tensors, or of arrays and objects of them, made of ops. It is traced: see `lw.jit`. */
  abstract call(inputs: Tree<Tensor>, options: CallOptions): Tree<Tensor>

  /**
   * The masks of the outputs, from the inputs and their masks, for layers that support masking. Here: the masks of the inputs, one for each
   * output in order.
   */
  computeMask(_inputs: Tree<Tensor>, mask: Tree<Mask>): Tree<Mask> {
    return mask
  }

  /** What a layer of the same class takes to be equal, without its weights. */
  getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      dtype: this.dtype,
      trainable: this.trainable,
      ...(this.inputShape && { inputShape: this.inputShape }),
      ...(this.activityRegularizer && { activityRegularizer: this.activityRegularizer }),
    }
  }

  /**
   * Applies the layer, building it first if it is not: to placeholders of `lw.input`, which adds it to a functional model, or to tensors, which
   * runs it. Layers of several inputs take an array or an object of them; with several outputs, they return such a structure.
   *
   * @param options training (default false); mask (default: what the tensors carry)
   * @throws layer.input when the shape does not fit
   *
   * @example
   * const [left, right] = halves.apply<[lw.Tensor, lw.Tensor]>(x)   // for a layer whose call returns two
   */
  apply<Outputs extends Tree<Placeholder> = Placeholder>(
    inputs: Tree<Placeholder>,
    options?: Partial<CallOptions>,
  ): Outputs
  apply<Outputs extends Tree<Tensor> = Tensor>(inputs: Tree<Tensor>, options?: Partial<CallOptions>): Outputs
  apply(
    inputs: Tree<Tensor> | Tree<Placeholder>,
    options: Partial<CallOptions> = {},
  ): Tree<Tensor> | Tree<Placeholder> {
    checkOptions(this.name, options, ['training', 'mask'])
    const leaves = leavesOf(inputs)
    const kind = leaves[0] instanceof Placeholder ? Placeholder : Tensor
    const stray = leaves.findIndex((leaf) => !(leaf instanceof kind))
    if (leaves.length === 0 || stray >= 0) {
      const expected = 'a tensor or a placeholder of lw.input, or an array or an object of one kind of them'
      const got = leaves.length === 0 ? inputs : leaves[stray]
      fail('argument.type', { op: this.name, argument: 'the input', expected, got })
    }
    this.checkInputShape(mapTree(inputs, (leaf) => (leaf as Tensor).shape) as InputShape)
    // The batch may differ from call to call; what follows it may not.
    this.ensureBuilt(mapTree(inputs, (leaf) => withoutBatch((leaf as Tensor).shape)) as InputShape)
    return kind === Placeholder
      ? this.#connect(inputs as Tree<Placeholder>, options)
      : this.#run(inputs as Tree<Tensor>, this.#present(inputs as Tree<Tensor>, options))
  }

  /** What `call` gets. The options that a call hands on give no mask, since those go with the tensors. */
  #present(inputs: Tree<Tensor>, options: Partial<CallOptions>): CallOptions {
    const { training = false } = options
    const given = options instanceof PresentCall ? undefined : options.mask
    return new PresentCall(training, given ?? masksOf(inputs))
  }

  #connect(inputs: Tree<Placeholder>, { training, mask }: Partial<CallOptions>): Tree<Placeholder> {
    if (mask !== undefined) {
      const expected = 'left out for placeholders, whose masks follow from the layers before'
      fail('argument.type', { op: this.name, argument: 'mask', expected, got: mask })
    }
    const call = new LayerCall(this, inputs, training, this.inferOutput(inputs))
    this.#calls.push(call)
    return call.results
  }

  /** Whether training updates its weights. Setting it sets it for the layers within too. */
  get trainable(): boolean {
    return this.#trainable
  }

  set trainable(trainable: boolean) {
    checkBoolean(this.name, 'trainable', trainable)
    this.#trainable = trainable
    for (const layer of this.sublayers) layer.trainable = trainable
  }

  /** Calls the layer. What the layers within add to the loss is gathered anew for each call that no other layer makes. */
  #run(inputs: Tree<Tensor>, options: CallOptions): Tree<Tensor> {
    const outermost = !calling
    if (outermost) this.#forgetLosses()
    calling = true
    try {
      const outputs = this.#checked(this.call(inputs, options))
      this.#penalizeActivity(outputs)
      return passMasks(this, inputs, outputs, options.mask)
    } finally {
      if (outermost) calling = false
    }
  }

  #penalizeActivity(outputs: Tree<Tensor>): void {
    if (!this.activityRegularizer) return
    for (const output of leavesOf(outputs) as Tensor[]) {
      const penalty = this.activityRegularizer(output)
      this.addLoss(output.rank === 0 ? penalty : divide(penalty, Math.max(1, output.shape[0] as number)))
    }
  }

  /** Adds a float32 scalar to the loss of training: for `call`, where it depends on the inputs. */
  protected addLoss(loss: Tensor): void {
    if (!(loss instanceof Tensor) || loss.rank !== 0) {
      const expected = 'a scalar tensor'
      fail('argument.type', { op: `addLoss of layer '${this.name}'`, argument: 'loss', expected, got: loss })
    }
    this.#addedLosses.push(loss)
  }

  /**
   * The scalars that training adds to the loss: what this layer and those within added in the last call, activity regularizers included,
   * then the regularization of each trainable weight.
   */
  get losses(): readonly Tensor[] {
    const trace = activeTrace()
    const added = this.#withSublayers().flatMap((layer) => layer.#addedLosses)
    const present = added.filter((loss) => !(loss instanceof SymbolicTensor) || loss.trace === trace)
    const penalties = this.trainableWeights.flatMap((weight) => weight.regularizer?.(weight.read()) ?? [])
    return [...present, ...penalties]
  }

  #forgetLosses(): void {
    for (const layer of this.#withSublayers()) layer.#addedLosses.length = 0
  }

  #withSublayers(seen = new Set<Layer>()): readonly Layer[] {
    if (!seen.has(this)) {
      seen.add(this)
      for (const layer of this.sublayers) layer.#withSublayers(seen)
    }
    return [...seen]
  }

  /**
   * What this layer takes in the functional or sequential model that it is part of, for other models.
   *
   * @throws layer.calls unless it was applied to placeholders exactly once
   */
  get input(): Placeholders {
    return this.#onlyCall('input').inputs as Placeholders
  }

  /**
   * What this layer gives in the functional or sequential model that it is part of, for other models.
   *
   * @throws layer.calls unless it was applied to placeholders exactly once
   *
   * @example
   * const features = lw.model({ inputs: model.input, outputs: model.getLayer('hidden').output })
   */
  get output(): Placeholders {
    return this.#onlyCall('output').results as Placeholders
  }

  #onlyCall(property: 'input' | 'output'): LayerCall {
    const [call, ...others] = this.#calls
    if (call && others.length === 0) return call
    return fail('layer.calls', { layer: this.name, property, calls: this.#calls.length })
  }

  /** Whether the weights exist. */
  get built(): boolean {
    return this.#built
  }

  /** Builds the layer unless it is built. Weights are made at once, also in the middle of a trace. */
  ensureBuilt(inputShape: InputShape): void {
    if (this.#built) return
    try {
      recordInto(undefined, () => this.build(inputShape))
      this.#built = true
    } finally {
      if (!this.#built) this.#weights.length = 0
    }
  }

  /**
   * The shapes and dtypes of the outputs, found by tracing `call` with two batch sizes: extents that follow them are null.
   */
  inferOutput(inputs: Tree<TensorSpec>): Tree<TensorSpec> {
    const call = new PresentCall(false, undefined)
    return inferSpecs(inputs, (symbolic) => this.#checked(this.call(symbolic, call)))
  }

  /** A weight of this layer, for `build`. */
  protected addWeight(options: WeightOptions): Variable {
    const weight = makeWeight(this.name, options)
    this.#weights.push(weight)
    return weight
  }

  /** Builds a layer within, which is given what this one is given. */
  protected buildWithin(layer: Layer, inputShape: InputShape): void {
    layer.checkInputShape(inputShape)
    layer.ensureBuilt(inputShape)
  }

  /** Lists a weight of a layer within among this layer's own. */
  protected shareWeight(weight: Variable): void {
    this.#weights.push(weight)
  }

  /** The layers in this layer's properties. */
  get sublayers(): readonly Layer[] {
    return Object.values(this)
      .flat()
      .filter((value) => value instanceof Layer)
  }

  /** All weights in Keras's order: its own, trainable ones first, then those of the layers within. */
  get weights(): readonly Variable[] {
    return [...this.#collect().keys()]
  }

  /** The weights that training updates. */
  get trainableWeights(): readonly Variable[] {
    return [...this.#collect()].filter(([, updated]) => updated).map(([weight]) => weight)
  }

  /** The sources of random numbers that this layer, and those within, keep in properties: state that training changes. */
  get generators(): readonly RandomGenerator[] {
    const own = Object.values(this).filter((value) => value instanceof RandomGenerator)
    return [...new Set([...own, ...this.sublayers.flatMap(({ generators }) => generators)])]
  }

  /** Copies of the weights' values, in the order of `weights`: a dense kernel is [in, out]. */
  getWeights(): Tensor[] {
    this.requireBuilt('getWeights')
    return this.weights.map((weight) => weight.read())
  }

  /**
   * Sets the weights' values, in the order of `weights`. All are checked before any is set.
   *
   * @throws weights.count, weights.shape
   */
  setWeights(values: readonly (Tensor | NestedArray | TypedArray)[]): void {
    this.requireBuilt('setWeights')
    assignWeights(this.name, this.weights, values)
  }

  /** The number of elements of all weights. */
  countParams(): number {
    this.requireBuilt('countParams')
    return this.weights.reduce((total, { shape }) => total + sizeOf(shape), 0)
  }

  /** Raises unless the layer is built. */
  protected requireBuilt(method: string): void {
    if (!this.#built) fail('layer.unbuilt', { layer: this.name, method })
  }

  toString(): string {
    const weights = this.weights.map(({ name, shape }) => `${name.split('/').at(-1)} ${formatShape(shape)}`)
    const state = this.#built ? weights.join(', ') || 'no weights' : 'not built yet'
    return `${this.constructor.name} '${this.name}' (${state})`
  }

  /** The class and the configuration as plain JSON, without weights: for a model, what `lw.modelFromJSON` takes. */
  toJSON(): Serialized {
    return serialize(this) as Serialized
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** Each weight once, and whether training updates it. */
  #collect(into = new Map<Variable, boolean>(), seen = new Set<Layer>(), trainable = true) {
    if (seen.has(this)) return into
    seen.add(this)
    const updated = trainable && this.trainable
    for (const kind of [true, false]) {
      for (const weight of this.#weights) if (weight.trainable === kind) into.set(weight, kind && updated)
    }
    for (const layer of this.sublayers) layer.#collect(into, seen, updated)
    return into
  }

  #checked(outputs: Tree<Tensor>): Tree<Tensor> {
    refusePromise(`layer '${this.name}'`, outputs)
    const leaves = leavesOf(outputs)
    const stray = leaves.findIndex((leaf) => !(leaf instanceof Tensor))
    if (leaves.length > 0 && stray < 0) return outputs
    return fail('layer.output', { layer: this.name, got: stray < 0 ? outputs : leaves[stray] })
  }
}

/** Whether a layer is being called. */
let calling = false

function withoutBatch(shape: PartialShape): PartialShape {
  return shape.length === 0 ? shape : [null, ...shape.slice(1)]
}
