/**
 * What the positions of a resampled axis hold: the value at the nearest position, values interpolated between positions by a triangle or by
 * Keys's cubic, or the mean of the positions that a position of the output covers.
 */
export type Resampling = 'nearest' | 'linear' | 'cubic' | 'mean'

export const resamplings: readonly Resampling[] = ['nearest', 'linear', 'cubic', 'mean']

/** A linear map of an axis of `from` positions to one of `to`, both of which span the same distance. */
export interface AxisMap {
  readonly method: Resampling
  readonly from: number
  readonly to: number
  /** Whether linear and cubic interpolation are as wide as the positions of the output where those are fewer. */
  readonly antialias: boolean
}

/** The positions, from `start` on, that one depends on, and their weights. */
export interface Taps {
  readonly start: number
  readonly weights: readonly number[]
}

/**
 * For each position of the output what it depends on; transposed, for each position of the input where it goes to. The same steps in float64
 * as in the native kernel, so that both find the same taps.
 */
export function tapsOf(map: AxisMap, transposed: boolean): readonly Taps[] {
  const forward = Array.from({ length: map.to }, (_, output) => tapsOfOutput(map, output))
  if (!transposed) return forward
  const backward = Array.from({ length: map.from }, () => ({ start: 0, weights: [] as number[] }))
  forward.forEach(({ start, weights }, output) => {
    weights.forEach((weight, k) => {
      const taps = backward[start + k]!
      if (taps.weights.length === 0) taps.start = output
      taps.weights.push(weight)
    })
  })
  return backward
}

/** The positions of an axis of `from` that position i of `to` covers, in whole ones. */
export function covered(
  from: number,
  to: number,
  i: number,
): { readonly start: number; readonly end: number } {
  return { start: Math.floor((i * from) / to), end: Math.min(from, Math.ceil(((i + 1) * from) / to)) }
}

function tapsOfOutput({ method, from, to, antialias }: AxisMap, output: number): Taps {
  if (method === 'nearest') {
    return { start: Math.min(from - 1, Math.floor(((2 * output + 1) * from) / (2 * to))), weights: [1] }
  }
  if (method === 'mean') {
    const { start, end } = covered(from, to, output)
    const count = end - start
    return { start, weights: new Array<number>(count).fill(1 / count) }
  }
  const ratio = from / to
  const stretch = antialias ? Math.max(1, ratio) : 1
  const radius = (method === 'linear' ? 1 : 2) * stretch
  // The middles of both axes' positions are at halves of their widths.
  const middle = (output + 0.5) * ratio - 0.5
  const start = Math.max(0, Math.floor(middle - radius) + 1)
  const end = Math.min(from, Math.ceil(middle + radius))
  const curve = method === 'linear' ? triangle : keysCubic
  const weights = Array.from({ length: end - start }, (_, k) => curve(Math.abs(start + k - middle) / stretch))
  // At the edges some of the curve lies outside: what is inside makes up for it.
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { start, weights: weights.map((weight) => weight / total) }
}

function triangle(distance: number): number {
  return Math.max(0, 1 - distance)
}

/** Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -1/2, the one that is exact for parabolas. */
function keysCubic(distance: number): number {
  if (distance >= 2) return 0
  if (distance >= 1) return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
  return (1.5 * distance - 2.5) * distance * distance + 1
}
