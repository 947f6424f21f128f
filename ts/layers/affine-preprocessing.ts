import { affineTransform } from '../ops/image/affine-transform.js'
import type { FillMode } from '../ops/image/interpolate.js'
import { broadcastTo, reshape, stack } from '../ops/index.js'
import { checkChoice, checkInterval } from '../options.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { ImagePreprocessing, type ImagePreprocessingConfig } from './image-preprocessing.js'

/** What all layers that move pixels at random can be given. */
export interface AffinePreprocessingConfig extends ImagePreprocessingConfig {
  /**
   * What stands beyond the edges, for pixels a b c d: 'reflect' c b a | a b c d | d c b (default), 'wrap' b c d | a b c d | a b c, 'nearest'
   * a a a | a b c d | d d d, or 'constant', which is `fillValue`.
   */
  readonly fillMode?: 'reflect' | 'wrap' | 'constant' | 'nearest'
  /** Between pixels: linear along both axes, or the nearest one (default 'bilinear'). Segmentation masks always have the nearest. */
  readonly interpolation?: 'bilinear' | 'nearest'
  /** The value of `fillMode` 'constant' (default 0). */
  readonly fillValue?: number
}

/** The base of the layers that see images through random affine maps while training. */
export abstract class AffinePreprocessing<Transformation> extends ImagePreprocessing<Transformation> {
  readonly fillMode: FillMode
  readonly interpolation: 'bilinear' | 'nearest'
  readonly fillValue: number

  constructor(factory: string, config: AffinePreprocessingConfig, options: readonly string[]) {
    super(factory, config, ['fillMode', 'interpolation', 'fillValue', ...options])
    const { fillMode = 'reflect', interpolation = 'bilinear', fillValue = 0 } = config
    checkChoice(factory, 'fillMode', fillMode, ['reflect', 'wrap', 'constant', 'nearest'])
    checkChoice(factory, 'interpolation', interpolation, ['bilinear', 'nearest'])
    checkInterval(factory, 'fillValue', fillValue, { minimum: -Infinity })
    this.fillMode = fillMode
    this.interpolation = interpolation
    this.fillValue = fillValue
  }

  /** The maps of a batch, [batch, 8], as `lw.ops.image.affineTransform` takes them. */
  protected abstract maps(transformation: Transformation, images: Shape): Tensor

  override transformImages(images: Tensor, transformation: Transformation): Tensor {
    return this.#see(images, transformation, this.interpolation)
  }

  override transformSegmentationMasks(masks: Tensor, transformation: Transformation): Tensor {
    return this.#see(masks, transformation, 'nearest')
  }

  #see(images: Tensor, transformation: Transformation, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { fillMode, fillValue, dataFormat } = this
    const options = { interpolation, fillMode, fillValue, dataFormat }
    return affineTransform(images, this.maps(transformation, images.shape), options)
  }

  override getConfig(): Record<string, unknown> {
    const { fillMode, interpolation, fillValue } = this
    return { ...super.getConfig(), fillMode, interpolation, fillValue }
  }
}

/** Maps [batch, 8] of their first six numbers, each one for all or of `batch` elements. */
export function mapsOf(batch: number, numbers: readonly (number | Tensor)[]): Tensor {
  const columns = [...numbers, 0, 0].map((column) =>
    broadcastTo(typeof column === 'number' ? column : reshape(column, [batch]), [batch]),
  )
  return stack(columns, { axis: 1 })
}
