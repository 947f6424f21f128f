import { fail } from '../errors.js'
import { add, clip, divide, maximum, multiply, sqrt, square, subtract, sum } from '../ops/index.js'
import { checkPositive } from '../options.js'
import type { Tensor } from '../tensor.js'

/** How gradients are bounded before a step: by one of these at most, each a positive number. By default they are not. */
export interface ClippingConfig {
  /** The greatest Euclidean norm of the gradient of a weight: a longer one is scaled down to it. */
  readonly clipnorm?: number
  /** The greatest magnitude of an element of a gradient. */
  readonly clipvalue?: number
  /** The greatest Euclidean norm of all gradients together: longer ones are scaled down by one factor. */
  readonly globalClipnorm?: number
}

/** The keys of a clipping configuration. */
export const clippingOptions = ['clipnorm', 'clipvalue', 'globalClipnorm'] as const

/**
 * The clipping options of a larger configuration, checked.
 *
 * @throws argument.range
 */
export function checkClipping(op: string, config: ClippingConfig): ClippingConfig {
  const given = clippingOptions.filter((key) => config[key] !== undefined)
  given.forEach((key, i) => {
    const got: unknown = config[key]
    if (i > 0) fail('argument.range', { op, argument: key, expected: `left out beside ${given[0]}`, got })
    checkPositive(op, key, got)
  })
  return Object.fromEntries(given.map((key) => [key, config[key]]))
}

/** The gradients within their bounds, by Keras's formulas. A norm that is not finite makes every element NaN. */
export function clipGradients(
  gradients: readonly Tensor[],
  { clipnorm, clipvalue, globalClipnorm }: ClippingConfig,
): readonly Tensor[] {
  if (clipvalue !== undefined) return gradients.map((gradient) => clip(gradient, -clipvalue, clipvalue))
  const squares = () => gradients.map((gradient) => sum(square(gradient)))
  if (clipnorm !== undefined) {
    const scales = squares().map((total) => scaleTo(clipnorm, total))
    return gradients.map((gradient, i) => multiply(gradient, scales[i] as Tensor))
  }
  if (globalClipnorm !== undefined && gradients.length > 0) {
    const scale = scaleTo(
      globalClipnorm,
      squares().reduce((a, b) => add(a, b)),
    )
    return gradients.map((gradient) => multiply(gradient, scale))
  }
  return gradients
}

/** What brings the norm whose square is given down to a limit: 1 where it is within. */
function scaleTo(limit: number, squaredNorm: Tensor): Tensor {
  const norm = sqrt(squaredNorm)
  return add(divide(limit, maximum(norm, limit)), subtract(norm, norm))
}
