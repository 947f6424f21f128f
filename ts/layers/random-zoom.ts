import { fail } from '../errors.js'
import { multiply, subtract } from '../ops/index.js'
import { uniform } from '../random.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { AffinePreprocessing, type AffinePreprocessingConfig, mapsOf } from './affine-preprocessing.js'
import { type Factor, factorRange, type Range } from './ranges.js'

export interface RandomZoomConfig extends AffinePreprocessingConfig {
  /**
   * How much more of the height is seen, above -1 and up to 1: a pair to draw from, or f for [-f, f]. 0.2 shows 1.2 times as much and makes things
   * smaller; -0.2 makes them larger.
   */
  readonly heightFactor: Factor
  /** The same of the width (default null: as much as of the height). */
  readonly widthFactor?: Factor | null
}

interface Zoom {
  /** What coordinates are multiplied by: float32 [batch, 1]. */
  readonly heightZoom: Tensor
  readonly widthZoom: Tensor
}

/** Zooms each image while training. */
export class RandomZoom extends AffinePreprocessing<Zoom> {
  static readonly className = 'randomZoom'
  readonly heightFactor: Factor
  readonly widthFactor: Factor | null
  readonly #height: Range
  readonly #width: Range | undefined

  constructor(config: RandomZoomConfig) {
    super('randomZoom', config, ['heightFactor', 'widthFactor'])
    const { heightFactor, widthFactor = null } = config
    this.#height = zoomRange('heightFactor', heightFactor)
    this.#width = widthFactor === null ? undefined : zoomRange('widthFactor', widthFactor)
    this.heightFactor = heightFactor
    this.widthFactor = widthFactor
  }

  override getRandomTransformation({ shape: [batch] }: Tensor): Zoom {
    const draw = ([lower, upper]: Range) =>
      uniform([batch as number, 1], { minval: 1 + lower, maxval: 1 + upper, ...this.source })
    const heightZoom = draw(this.#height)
    return { heightZoom, widthZoom: this.#width ? draw(this.#width) : heightZoom }
  }

  protected override maps({ heightZoom, widthZoom }: Zoom, images: Shape): Tensor {
    // What keeps the centre in its place.
    const offset = (zoom: Tensor, axis: number) =>
      multiply(subtract(1, zoom), ((images[axis] as number) - 1) / 2)
    const x = offset(widthZoom, this.widthAxis)
    const y = offset(heightZoom, this.heightAxis)
    return mapsOf(images[0] as number, [widthZoom, 0, x, 0, heightZoom, y])
  }

  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this
    return { ...super.getConfig(), heightFactor, ...(widthFactor !== null && { widthFactor }) }
  }
}

function zoomRange(argument: string, factor: Factor): Range {
  const range = factorRange('randomZoom', argument, factor, [-1, 1])
  if (![factor].flat().includes(-1)) return range
  const expected = 'above -1, of which nothing would be left'
  return fail('argument.range', { op: 'randomZoom', argument, expected, got: factor })
}

/**
 * Zooms each image around its centre by a random factor while training, and gives its input otherwise, as float32.
 * Segmentation masks move with the images: see `randomFlip`.
 *
 * @param config heightFactor, widthFactor (null: as the height), fillMode ('reflect'), interpolation ('bilinear'), fillValue (0), dataFormat
 *   ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomZoom({ heightFactor: [-0.2, 0] })   // things become larger by up to a quarter
 */
export function randomZoom(config: RandomZoomConfig): RandomZoom {
  return new RandomZoom(config)
}
