import { fail } from '../errors.js'
import { input } from '../layers/input.js'
import { Layer, type LayerConfig } from '../layers/layer.js'
import { type PartialShape, Placeholder } from '../layers/placeholder.js'
import { checkOptions } from '../options.js'
import { FunctionalModel } from './functional.js'

export interface SequentialConfig extends Pick<LayerConfig, 'name' | 'trainable'> {
  /** Layers in the order in which they run. The first may be what `lw.input` gave. */
  readonly layers: readonly (Layer | Placeholder)[]
}

/** A chain of layers: a functional model, connected as soon as the shape of the input is known. */
export class Sequential extends FunctionalModel {
  static override readonly className: string = 'sequential'
  readonly #chain: readonly Layer[]
  /** The input, where none of the layers declares it. */
  #start: Placeholder | undefined

  constructor(config: SequentialConfig) {
    checkOptions('sequential', config, ['layers', 'name', 'trainable'])
    const { layers, ...rest } = config
    if (!Array.isArray(layers)) {
      const expected = 'an array of layers'
      fail('argument.type', { op: 'sequential', argument: 'layers', expected, got: layers })
    }
    super(undefined, rest)
    const start = layers[0] instanceof Placeholder ? layers[0] : undefined
    const chain: readonly unknown[] = start ? layers.slice(1) : layers
    this.#chain = chain.map((layer, i) => {
      if (layer instanceof Layer) return layer
      const expected = 'a layer, such as lw.layers.dense({ units: 10 })'
      return fail('argument.type', { op: 'sequential', argument: `layers[${i}]`, expected, got: layer })
    })
    const [first] = this.#chain
    if (!first) {
      fail('argument.range', {
        op: 'sequential',
        argument: 'layers',
        expected: 'at least one layer',
        got: [],
      })
    }
    if (start) this.#startFrom(start)
    else if (first.inputShape) this.#connectFrom(input({ shape: first.inputShape, dtype: first.dtype }))
    else if (first instanceof FunctionalModel && first.inputs.length === 1) {
      const { shape, dtype } = first.inputs[0] as Placeholder
      this.#connectFrom(input({ shape: shape.slice(1), dtype }))
    }
  }

  override build(inputShape: PartialShape): void {
    if (!this.graph) this.#startFrom(input({ shape: inputShape.slice(1) as number[] }))
  }

  override get layers(): readonly Layer[] {
    return this.#chain
  }

  override getConfig(): Record<string, unknown> {
    const layers = [...(this.#start ? [this.#start.layer] : []), ...this.#chain]
    return { name: this.name, trainable: this.trainable, layers }
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
export function sequential(config: SequentialConfig): Sequential {
  return new Sequential(config)
}
