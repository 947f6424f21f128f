import { fail } from '../errors.js'
import type { Shape } from '../shape.js'

/** The shape of random numbers that broadcast to a layer's input; null stands for the input's own extent. */
export type NoiseShape = readonly (number | null)[]

/** Raises unless `noiseShape` is one or left out. */
export function checkNoiseShape(op: string, noiseShape: unknown): void {
  const isExtent = (extent: unknown) =>
    extent === null || (Number.isInteger(extent) && (extent as number) >= 1)
  if (noiseShape === undefined || (Array.isArray(noiseShape) && noiseShape.every(isExtent))) return
  const expected = "an array of positive integers, or null for the input's own extent"
  fail('argument.range', { op, argument: 'noiseShape', expected, got: noiseShape })
}

/**
 * The shape of the random numbers for an input.
 *
 * @throws layer.input when they do not broadcast to it
 */
export function noiseShapeFor(layer: string, noiseShape: NoiseShape | undefined, shape: Shape): Shape {
  if (!noiseShape) return shape
  const missing = shape.length - noiseShape.length
  const extents = noiseShape.map((extent, i) => extent ?? shape[i + missing] ?? 1)
  if (missing >= 0 && extents.every((extent, i) => extent === 1 || extent === shape[i + missing]))
    return extents
  const expected = `an input that noise of shape [${noiseShape.map((extent) => extent ?? 'null').join(', ')}] broadcasts to`
  return fail('layer.input', { layer, expected, got: shape })
}
