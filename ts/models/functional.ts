import { fail } from '../errors.js'
import { InputLayer } from '../layers/input.js'
import type { InputShape } from '../layers/input-spec.js'
import type { CallOptions, Layer, LayerConfig } from '../layers/layer.js'
import { type PartialShape, Placeholder } from '../layers/placeholder.js'
import { cast } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { formatShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Model } from './model.js'

/** The layer calls between a model's input and its output, in an order in which they can run. */
export interface Graph {
  readonly input: Placeholder
  readonly output: Placeholder
  readonly nodes: readonly Placeholder[]
}

/** A model that is a graph of layers. */
export class FunctionalModel extends Model {
  #graph: Graph | undefined

  constructor(graph: { input: Placeholder; output: Placeholder } | undefined, config: LayerConfig = {}) {
    super(config)
    if (graph) this.connect(graph.input, graph.output)
  }

  /** Takes what lies between two placeholders as the model. */
  protected connect(input: Placeholder, output: Placeholder): void {
    this.#graph = { input, output, nodes: order(this.name, input, output) }
    const names = this.layers.map(({ name }) => name)
    if (new Set(names).size !== names.length) {
      const expected = 'layers of different names'
      fail('argument.range', { op: `model '${this.name}'`, argument: 'layers', expected, got: names })
    }
    this.ensureBuilt(input.shape)
  }

  get graph(): Graph | undefined {
    return this.#graph
  }

  /** The layers in the order in which they run, each once. */
  override get layers(): readonly Layer[] {
    return [...new Set(this.#graph?.nodes.map(({ layer }) => layer))]
  }

  override get sublayers(): readonly Layer[] {
    return this.layers
  }

  override get inputPlaceholder(): Placeholder | undefined {
    return this.#graph?.input
  }

  override outputShapeOf(layer: Layer): PartialShape | undefined {
    return this.#graph?.nodes.find((node) => node.layer === layer)?.shape
  }

  /** The layer that the input meets first, for messages. */
  override get firstLayer(): Layer {
    const { input, nodes } = this.#connected()
    return nodes.find((node) => node.inputs.includes(input))?.layer ?? input.layer
  }

  protected override checkInput(shape: PartialShape): void {
    const expected = this.#graph?.input.shape
    if (!expected) return
    const fits =
      shape.length === expected.length &&
      expected.every((extent, axis) => extent === null || extent === shape[axis])
    if (fits) return
    fail('layer.input', {
      layer: this.firstLayer.name,
      expected: `an input ${formatShape(expected)}`,
      got: shape,
    })
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    const { input, output, nodes } = this.#connected()
    this.checkInput(x.shape)
    const values = new Map<Placeholder, Tensor>([[input, cast(x, input.dtype)]])
    const resultOf = (placeholder: Placeholder) => values.get(placeholder) as Tensor
    for (const node of nodes) {
      if (node === input) continue
      const [first, ...others] = node.inputs.map(resultOf)
      const given = others.length === 0 ? (first as Tensor) : [first as Tensor, ...others]
      values.set(node, node.layer.apply(given, options))
    }
    return resultOf(output)
  }

  #connected(): Graph {
    return this.#graph ?? fail('layer.unbuilt', { layer: this.name, method: 'call' })
  }

  override build(_inputShape: InputShape): void {}
}

/** All placeholders between input and output, each after the ones it is made from. */
function order(model: string, input: Placeholder, output: Placeholder): Placeholder[] {
  const ordered = new Set<Placeholder>([input])
  const stack = [output]
  while (stack.length > 0) {
    const node = stack.at(-1) as Placeholder
    const pending = node.inputs.filter((source) => !ordered.has(source))
    if (pending.length > 0) {
      stack.push(...pending)
      continue
    }
    if (node.inputs.length === 0 && node !== input) {
      fail('model.disconnected', { model, input: node.layer.name })
    }
    ordered.add(node)
    stack.pop()
  }
  return [...ordered]
}

export interface ModelConfig extends Pick<LayerConfig, 'name' | 'trainable'> {
  /** What `lw.input` gave. */
  readonly inputs: Placeholder
  /** What the last layer gave when it was applied. */
  readonly outputs: Placeholder
}

/**
 * A model of the layers between an input and an output. It is a layer itself, so models nest.
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
  for (const [argument, value] of Object.entries({ inputs, outputs })) {
    if (value instanceof Placeholder) continue
    const expected = 'a placeholder, which lw.input and layer.apply give'
    fail('argument.type', { op: 'model', argument, expected, got: value })
  }
  if (!(inputs.layer instanceof InputLayer)) {
    fail('argument.type', { op: 'model', argument: 'inputs', expected: 'what lw.input gave', got: inputs })
  }
  return new FunctionalModel({ input: inputs, output: outputs }, rest)
}
