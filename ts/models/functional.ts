import { fail, type InputCure } from '../errors.js'
import { InputLayer } from '../layers/input.js'
import type { CallOptions, InputShape, Layer, LayerConfig } from '../layers/layer.js'
import { type Mask, masked, maskOf } from '../layers/mask.js'
import { type LayerCall, type PartialShape, Placeholder, type Placeholders } from '../layers/placeholder.js'
import { cast } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { formatShape, type Shape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { leavesOf, mapTree, type Tree } from '../tree.js'
import { arrange, isByName } from './arrange.js'
import { Model } from './model.js'

/** The layers' calls between a model's inputs and its outputs, in an order in which they can run. */
export interface Graph {
  readonly inputs: Placeholders
  readonly outputs: Placeholders
  readonly calls: readonly LayerCall[]
}

/** A model that is a graph of layers. */
export class FunctionalModel extends Model {
  static readonly className: string = 'model'
  #graph: Graph | undefined

  constructor(graph: Pick<Graph, 'inputs' | 'outputs'> | undefined, config: LayerConfig = {}) {
    super(config)
    if (graph) this.connect(graph.inputs, graph.outputs)
  }

  /** Takes what lies between placeholders as the model. */
  protected connect(inputs: Placeholders, outputs: Placeholders): void {
    const [starts, ends] = [inputs, outputs].map((tree) => leavesOf(tree) as Placeholder[])
    const calls = order(this.name, starts as Placeholder[], ends as Placeholder[])
    this.#graph = { inputs, outputs, calls }
    const names = this.layers.map(({ name }) => name)
    if (new Set(names).size !== names.length) {
      const expected = 'layers of different names'
      fail('argument.range', { op: `model '${this.name}'`, argument: 'layers', expected, got: names })
    }
    this.ensureBuilt(mapTree(inputs, (input) => (input as Placeholder).shape) as InputShape)
  }

  get graph(): Graph | undefined {
    return this.#graph
  }

  /** The layers in the order in which they run, each once. */
  override get layers(): readonly Layer[] {
    return [...new Set(this.#graph?.calls.map(({ layer }) => layer))]
  }

  override get sublayers(): readonly Layer[] {
    return this.layers
  }

  override get inputs(): readonly Placeholder[] {
    return leavesOf(this.#graph?.inputs ?? []) as Placeholder[]
  }

  override get outputs(): readonly Placeholder[] {
    return leavesOf(this.#graph?.outputs ?? []) as Placeholder[]
  }

  /** What it takes, in its structure. */
  override get input(): Placeholders {
    return this.#connected('input').inputs
  }

  /** What it gives, in its structure. */
  override get output(): Placeholders {
    return this.#connected('output').outputs
  }

  override get inputNames(): readonly string[] {
    return namesOf(this.#graph?.inputs ?? [])
  }

  override get outputNames(): readonly string[] {
    return namesOf(this.#graph?.outputs ?? [])
  }

  override joinInputs(tensors: readonly Tensor[]): Tree<Tensor> {
    if (!this.#graph) return super.joinInputs(tensors)
    let next = 0
    return mapTree(this.#graph.inputs, () => tensors[next++]) as Tree<Tensor>
  }

  override outputShapeOf(layer: Layer): PartialShape | undefined {
    return this.#graph?.calls.find((call) => call.layer === layer)?.outputs[0]?.shape
  }

  override sourcesOf(layer: Layer): readonly (readonly Layer[])[] {
    const calls = this.#graph?.calls.filter((call) => call.layer === layer) ?? []
    return calls.map(({ sources }) => sources.map((source) => source.layer))
  }

  /** The layer that the input meets first, for messages; of several inputs, the input itself. */
  override get firstLayer(): Layer {
    const { calls } = this.#connected('call')
    const [input, ...others] = this.inputs as [Placeholder, ...Placeholder[]]
    if (others.length > 0) return input.layer
    return calls.find(({ sources }) => sources.includes(input))?.layer ?? input.layer
  }

  protected override checkInputs(x: Tree<Tensor>): void {
    if (!this.#graph) return
    const { inputs } = this
    const given = arrange<Tensor>(`model '${this.name}'`, 'the input', x, this.inputNames)
    inputs.forEach((input, i) => {
      const [expected, got] = [input.shape, (given[i] as Tensor).shape]
      const fits =
        got.length === expected.length &&
        expected.every((extent, axis) => extent === null || extent === got[axis])
      if (fits) return
      const { name } = inputs.length === 1 ? this.firstLayer : input.layer
      const cure = cureFor(expected, got)
      const details = { layer: name, expected: `an input ${formatShape(expected)}`, got }
      fail('layer.input', { ...details, ...(cure && { cure, sample: expected.slice(1) }) })
    })
  }

  override call(x: Tree<Tensor>, { training, mask }: CallOptions): Tree<Tensor> {
    const { outputs, calls } = this.#connected('call')
    this.checkInputs(x)
    const listed = (tree: Tree<Mask>) =>
      arrange<Tensor>(`model '${this.name}'`, 'the input', tree, this.inputNames)
    const [tensors, masks] = [listed(x), mask === undefined ? [] : listed(mask)]
    const values = new Map<Placeholder, Tensor>()
    this.inputs.forEach((input, i) => {
      const given = tensors[i] as Tensor
      values.set(input, masked(cast(given, input.dtype), masks[i] ?? maskOf(given)))
    })
    const valueFor = (placeholder: unknown) => values.get(placeholder as Placeholder)
    for (const call of calls) {
      if (call.layer instanceof InputLayer) continue
      const inputs = mapTree(call.inputs, valueFor) as Tree<Tensor>
      const results = call.layer.apply<Tree<Tensor>>(inputs, { training: call.training ?? training })
      leavesOf(results).forEach((result, i) => {
        values.set(call.outputs[i] as Placeholder, result as Tensor)
      })
    }
    return mapTree(outputs, valueFor) as Tree<Tensor>
  }

  /** The layers, and their calls one after the other: a number stands for one output of the calls, counted through. */
  override getConfig(): Record<string, unknown> {
    const { inputs, outputs, calls } = this.#connected('call')
    const all = calls.flatMap((call) => call.outputs)
    const numbers = new Map(all.map((placeholder, i) => [placeholder, i]))
    const numbered = (tree: Tree<Placeholder>) => mapTree(tree, (leaf) => numbers.get(leaf as Placeholder))
    return {
      name: this.name,
      trainable: this.trainable,
      layers: this.layers,
      calls: calls.map(({ layer, inputs, training }) => ({
        layer: layer.name,
        inputs: numbered(inputs),
        ...(training !== undefined && { training }),
      })),
      inputs: numbered(inputs),
      outputs: numbered(outputs),
    }
  }

  #connected(method: string): Graph {
    return this.#graph ?? fail('layer.unbuilt', { layer: this.name, method })
  }

  override build(_inputShape: InputShape): void {}
}

/** What would make data fit a declared input, as far as the shapes tell. */
function cureFor(expected: PartialShape, got: Shape): InputCure | undefined {
  const [sample, known] = [expected.slice(1), got.slice(1)]
  const agree = (a: PartialShape, b: PartialShape) =>
    a.length === b.length && a.every((extent, i) => extent === null || extent === b[i])
  if (agree(sample, got)) return 'batch'
  if (sample.at(-1) === 1 && agree(sample.slice(0, -1), known)) return 'lastAxis'
  if (!sample.includes(null) && got.length > 0 && sizeOf(sample as Shape) === sizeOf(known)) return 'reshape'
  return got.length === expected.length ? 'inputShape' : undefined
}

/** The calls that make the ends out of the starts, each after those that it needs. */
function order(model: string, starts: readonly Placeholder[], ends: readonly Placeholder[]): LayerCall[] {
  const ordered = new Set(starts.map(({ call }) => call))
  const stack = ends.map(({ call }) => call).reverse()
  while (stack.length > 0) {
    const call = stack.at(-1) as LayerCall
    const pending = call.sources.map((source) => source.call).filter((needed) => !ordered.has(needed))
    if (pending.length > 0) {
      stack.push(...pending.reverse())
      continue
    }
    if (call.layer instanceof InputLayer && !ordered.has(call)) {
      fail('model.disconnected', { model, input: call.layer.name })
    }
    ordered.add(call)
    stack.pop()
  }
  return [...ordered]
}

/** What placeholders are called: their keys in an object, else the names of their layers, numbered where one repeats. */
function namesOf(placeholders: Placeholders): string[] {
  if (isByName(placeholders)) return Object.keys(placeholders)
  const seen = new Map<string, number>()
  return (leavesOf(placeholders) as Placeholder[]).map(({ layer: { name } }) => {
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}_${count}`
  })
}

export interface ModelConfig extends Pick<LayerConfig, 'name' | 'trainable'> {
  /** What `lw.input` gave: one, an array or an object of several by name. */
  readonly inputs: Placeholders
  /** What layers gave when they were applied, likewise. */
  readonly outputs: Placeholders
}

/**
 * A model of the layers between inputs and outputs. It is a layer itself, so models nest, and a layer that is applied twice is shared. Several
 * inputs or outputs are called by the names of their layers or by their keys here: data, losses and metrics can be given by these names.
 *
 * @throws model.disconnected, argument.type, argument.unknown
 *
 * @example
 * const x = lw.input({ shape: [64] })
 * const hidden = lw.layers.dense({ units: 32, activation: 'relu' }).apply(x)
 * const y = lw.layers.dense({ units: 10, activation: 'softmax' }).apply(hidden)
 * const model = lw.model({ inputs: x, outputs: y })
 */
export function model(config: ModelConfig): FunctionalModel {
  checkOptions('model', config, ['inputs', 'outputs', 'name', 'trainable'])
  const { inputs, outputs, ...rest } = config
  for (const [argument, given] of Object.entries({ inputs, outputs })) {
    const list: unknown[] = given instanceof Placeholder ? [given] : Object.values(given ?? {})
    if (list.length > 0 && list.every((value) => value instanceof Placeholder)) continue
    const expected = 'a placeholder, which lw.input and layer.apply give, or an array or an object of them'
    fail('argument.type', { op: 'model', argument, expected, got: given })
  }
  const stray = (leavesOf(inputs) as Placeholder[]).find(({ layer }) => !(layer instanceof InputLayer))
  if (stray || new Set(leavesOf(inputs)).size !== leavesOf(inputs).length) {
    const expected = 'what lw.input gave, each once'
    fail('argument.type', { op: 'model', argument: 'inputs', expected, got: stray ?? inputs })
  }
  return new FunctionalModel({ inputs, outputs }, rest)
}
