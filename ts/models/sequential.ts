import { fail } from '../errors.js'
import { input } from '../layers/input.js'
import { Layer, type LayerConfig } from '../layers/layer.js'
import { type PartialShape, Placeholder } from '../layers/placeholder.js'
import { checkOptions } from '../options.js'
import { FunctionalModel } from './functional.js'

export interface SequentialConfig extends Pick<LayerConfig, 'name' | 'trainable'> {
  /** Layers in the order in which they run; `add` adds others. The first may be what `lw.input` gave. */
  readonly layers?: readonly (Layer | Placeholder)[]
}

/** A chain of layers: a functional model, connected as soon as the shape of the input is known. */
export class Sequential extends FunctionalModel {
  static override readonly className: string = 'sequential'
  readonly #chain: Layer[]
  /** The input, where none of the layers declares it. */
  #start: Placeholder | undefined

  constructor(config: SequentialConfig = {}) {
    if (Array.isArray(config)) {
      const expected = 'an object of options: { layers: […] }'
      fail('argument.type', { op: 'sequential', argument: 'the configuration', expected, got: config })
    }
    checkOptions('sequential', config, ['layers', 'name', 'trainable'])
    const { layers, ...rest } = config
    if (layers !== undefined && !Array.isArray(layers)) {
      const expected = 'an array of layers'
      fail('argument.type', { op: 'sequential', argument: 'layers', expected, got: layers })
    }
    if (layers?.length === 0) {
      const expected = 'at least one layer'
      fail('argument.range', { op: 'sequential', argument: 'layers', expected, got: [] })
    }
    super(undefined, rest)
    const [start, chain] =
      layers?.[0] instanceof Placeholder ? [layers[0], layers.slice(1)] : [undefined, layers]
    this.#chain = (chain ?? []).map((layer, i) => checkLayer('sequential', `layers[${i}]`, layer))
    if (start) this.#startFrom(start)
    else this.#begin()
  }

  /**
   * Adds a layer at the end, or, to an empty model, what `lw.input` gave. The model has to be compiled again.
   *
   * @throws argument.type; argument.range when a layer has this name already; layer.input
   *
   * @example
   * const model = lw.sequential()
   * model.add(lw.layers.dense({ units: 10, inputShape: [64] }))
   */
  add(layer: Layer | Placeholder): void {
    this.forget()
    if (layer instanceof Placeholder && this.#chain.length === 0 && !this.graph) {
      this.#startFrom(layer)
      return
    }
    this.#chain.push(checkLayer('add', 'layer', layer))
    try {
      if (this.graph) this.connect(this.graph.inputs, this.#chain.at(-1)?.apply(this.#end) as Placeholder)
      else this.#begin()
    } catch (error) {
      this.#chain.pop()
      throw error
    }
  }

  /**
   * Takes the last layer away, and gives it. The model has to be compiled again.
   *
   * @throws model.empty
   */
  pop(): Layer {
    const layer = this.#chain.pop()
    if (!layer) fail('model.empty', { model: this.name })
    this.forget()
    if (this.graph) this.connect(this.graph.inputs, this.#end.call.sources[0] as Placeholder)
    return layer
  }

  override build(inputShape: PartialShape): void {
    if (this.graph) return
    if (this.#chain.length === 0) fail('model.empty', { model: this.name })
    this.#startFrom(input({ shape: inputShape.slice(1) as number[] }))
  }

  override get layers(): readonly Layer[] {
    return this.#chain
  }

  override getConfig(): Record<string, unknown> {
    const layers = [...(this.#start ? [this.#start.layer] : []), ...this.#chain]
    return { name: this.name, trainable: this.trainable, layers }
  }

  get #end(): Placeholder {
    return this.graph?.outputs as Placeholder
  }

  /** Connects the layers if the first one says what it takes. */
  #begin(): void {
    const [first] = this.#chain
    if (first?.inputShape) this.#connectFrom(input({ shape: first.inputShape, dtype: first.dtype }))
    else if (first instanceof FunctionalModel && first.inputs.length === 1) {
      const { shape, dtype } = first.inputs[0] as Placeholder
      this.#connectFrom(input({ shape: shape.slice(1), dtype }))
    }
  }

  #startFrom(start: Placeholder): void {
    this.#start = start
    this.#connectFrom(start)
  }

  #connectFrom(start: Placeholder): void {
    const end = this.#chain.reduce((x, layer) => layer.apply(x), start)
    this.connect(start, end)
  }
}

function checkLayer(op: string, argument: string, layer: unknown): Layer {
  if (layer instanceof Layer) return layer
  const expected = 'a layer, such as lw.layers.dense({ units: 10 })'
  return fail('argument.type', { op, argument, expected, got: layer })
}

/**
 * A model that applies one layer after the other. With `inputShape` in its first layer (or `lw.input` in its place) it is built at once, else
 * when it meets the first data.
 *
 * @throws argument.type, argument.range, argument.unknown
 *
 * @example
 * const model = lw.sequential({ layers: [
 *   lw.layers.dense({ units: 64, activation: 'relu', inputShape: [64] }),
 *   lw.layers.dense({ units: 10, activation: 'softmax' }),
 * ] })
 */
export function sequential(config: SequentialConfig = {}): Sequential {
  return new Sequential(config)
}
