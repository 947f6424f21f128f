import { add, cos, multiply, negative, sin, subtract } from '../ops/index.js'
import { uniform } from '../random.js'
import type { Tensor } from '../tensor.js'
import { AffinePreprocessing, type AffinePreprocessingConfig, mapsOf } from './affine-preprocessing.js'
import { type Factor, factorRange, type Range } from './ranges.js'

export interface RandomRotationConfig extends AffinePreprocessingConfig {
  /** By what share of a full turn images are turned counter-clockwise, from -1 to 1: a pair to draw from, or f for [-f, f]. */
  readonly factor: Factor
}

interface Rotation {
  /** In degrees: float32 [batch]. */
  readonly angle: Tensor
  /** float32 [batch, 8], for `lw.ops.image.affineTransform`. */
  readonly rotationMatrix: Tensor
}

/** Turns each image while training. */
export class RandomRotation extends AffinePreprocessing<Rotation> {
  static readonly className = 'randomRotation'
  readonly factor: Range

  constructor(config: RandomRotationConfig) {
    super('randomRotation', config, ['factor'])
    this.factor = factorRange('randomRotation', 'factor', config.factor, [-1, 1])
  }

  override getRandomTransformation({ shape }: Tensor): Rotation {
    const [lower, upper] = this.factor
    const bounds = { minval: 360 * lower, maxval: 360 * upper }
    const batch = shape[0] as number
    const angle = uniform([batch], { ...bounds, ...this.source })
    const radians = multiply(angle, Math.PI / 180)
    const [c, s] = [cos(radians), sin(radians)]
    const [x, y] = [this.widthAxis, this.heightAxis].map((axis) => ((shape[axis] as number) - 1) / 2)
    const [toX, toY] = [
      [c, negative(s)],
      [s, c],
    ] as const
    // What keeps the centre (x, y) in its place.
    const fixed = (at: number, [a, b]: readonly [Tensor, Tensor]) =>
      subtract(at, add(multiply(a, x as number), multiply(b, y as number)))
    const numbers = [...toX, fixed(x as number, toX), ...toY, fixed(y as number, toY)]
    return { angle, rotationMatrix: mapsOf(batch, numbers) }
  }

  protected override maps({ rotationMatrix }: Rotation): Tensor {
    return rotationMatrix
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor }
  }
}

/**
 * Turns each image around its centre by a random angle while training, and gives its input otherwise, as float32.
 * Segmentation masks move with the images: see `randomFlip`.
 *
 * @param config factor, fillMode ('reflect'), interpolation ('bilinear'), fillValue (0), dataFormat ('channelsLast'), seed
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.randomRotation({ factor: 15 / 360 })   // by up to 15 degrees either way
 */
export function randomRotation(config: RandomRotationConfig): RandomRotation {
  return new RandomRotation(config)
}
