import type { Serialized } from '../described.js'
import { type InputShape, Layer, type LayerConfig } from './layer.js'

export interface WrapperConfig extends LayerConfig {
  /** The layer within, or its serialized form. */
  readonly layer: Layer | Serialized
}

/** The base of layers that change what one other layer does. */
export abstract class Wrapper extends Layer {
  constructor(
    readonly layer: Layer,
    config: LayerConfig,
  ) {
    super(config)
  }

  override build(inputShape: InputShape): void {
    this.buildWithin(this.layer, inputShape)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layer: this.layer.toJSON() }
  }
}
