import type { Storage } from '../../ts/dtype.js'
import type { Attributes, KernelArguments, Primitive, Spec } from '../../ts/ops/record.js'

type Matrix = readonly (readonly number[])[]

/** The transformations of Winograd's filtering F(2×2, 3×3), of the magnitudes of their elements: Bᵀ, A and G. */
const sourceTransform: Matrix = [
  [1, 0, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 0, 1],
]
const targetTransform: Matrix = [
  [1, 0],
  [1, 1],
  [1, 1],
  [0, 1],
]
const weightTransform: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, 0.5, 0.5],
  [0, 0, 1],
]

/** Roundings of the transformations along the way of a number: of sources, of weights (or of gradients and their sums), and of targets. */
const roundings = 2 + 4 + 4

/** M x Mᵀ, 16 numbers. */
function transformed(matrix: Matrix, element: (row: number, column: number) => number): Float64Array {
  const size = matrix[0]?.length ?? 0
  const x = Array.from({ length: size * size }, (_, i) => element(Math.floor(i / size), i % size))
  return Float64Array.from({ length: 16 }, (_, place) => {
    const [rows, columns] = [matrix[place >> 2] as readonly number[], matrix[place & 3] as readonly number[]]
    return x.reduce((sum, value, i) => sum + rows[Math.floor(i / size)]! * value * columns[i % size]!, 0)
  })
}

/** An element of Mᵀ x M. */
function transformedBack(matrix: Matrix, x: Float64Array, row: number, column: number): number {
  return x.reduce(
    (sum, value, place) => sum + matrix[place >> 2]![row]! * value * matrix[place & 3]![column]!,
    0,
  )
}

/** A convolution's sources [batch, lines, columns, channels] and the places of the targets that tiles of two by two lie over. */
interface Tiles {
  readonly sources: Storage
  readonly shape: readonly number[]
  readonly low: readonly number[]
  readonly targets: readonly number[]
}

/** Calls `visit` with the magnitudes of each tile's transformed sources by channel, and where its targets are that exist. */
function visitTiles(
  { sources, shape, low, targets }: Tiles,
  visit: (
    sources: readonly Float64Array[],
    each: (body: (row: number, column: number, pixel: number) => void) => void,
  ) => void,
): void {
  const [batch, lines, columns, channels] = shape as [number, number, number, number]
  const [height, width] = targets as [number, number]
  for (let image = 0; image < batch; image++) {
    for (let line = 0; line < height; line += 2) {
      for (let column = 0; column < width; column += 2) {
        const source = (channel: number) => (i: number, j: number) => {
          const [y, x] = [line + i - low[0]!, column + j - low[1]!]
          if (y < 0 || y >= lines || x < 0 || x >= columns) return 0
          return Math.abs(sources[((image * lines + y) * columns + x) * channels + channel] as number)
        }
        visit(
          Array.from({ length: channels }, (_, channel) => transformed(sourceTransform, source(channel))),
          (body) => {
            for (let i = 0; i < Math.min(2, height - line); i++)
              for (let j = 0; j < Math.min(2, width - column); j++)
                body(i, j, (image * height + line + i) * width + column + j)
          },
        )
      }
    }
  }
}

/** |Aᵀ| (Σ |G| |g| |Gᵀ| ⊙ |Bᵀ| |d| |B|) |A| for each target. */
function ofTargets(
  tiles: Tiles,
  filters: number,
  weight: (row: number, column: number, channel: number, filter: number) => number,
  output: Storage,
): void {
  const channels = tiles.shape[3] as number
  const weights = Array.from({ length: channels * filters }, (_, pair) =>
    transformed(weightTransform, (i, j) =>
      Math.abs(weight(i, j, Math.floor(pair / filters), pair % filters)),
    ),
  )
  visitTiles(tiles, (sources, each) => {
    for (let filter = 0; filter < filters; filter++) {
      const products = new Float64Array(16)
      sources.forEach((source, channel) => {
        const factors = weights[channel * filters + filter] as Float64Array
        for (let place = 0; place < 16; place++) products[place]! += source[place]! * factors[place]!
      })
      each((i, j, pixel) => {
        output[pixel * filters + filter] = transformedBack(targetTransform, products, i, j)
      })
    }
  })
}

/** |Gᵀ| (Σ |A| |y| |Aᵀ| ⊙ |Bᵀ| |d| |B|) |G| for each weight. */
function ofWeights(tiles: Tiles, gradients: Storage, filters: number, output: Storage): void {
  const channels = tiles.shape[3] as number
  const sums = Array.from({ length: channels * filters }, () => new Float64Array(16))
  visitTiles(tiles, (sources, each) => {
    const targets = Array.from({ length: filters }, () => new Float64Array(4))
    each((i, j, pixel) => {
      targets.forEach((of, filter) => {
        of[2 * i + j] = Math.abs(gradients[pixel * filters + filter] as number)
      })
    })
    targets.forEach((of, filter) => {
      const factors = transformed(targetTransform, (i, j) => of[2 * i + j] as number)
      sources.forEach((source, channel) => {
        const sum = sums[channel * filters + filter] as Float64Array
        for (let place = 0; place < 16; place++) sum[place]! += source[place]! * factors[place]!
      })
    })
  })
  sums.forEach((sum, pair) => {
    for (let place = 0; place < 9; place++) {
      const [i, j] = [Math.floor(place / 3), place % 3]
      output[place * sums.length + pair] = transformedBack(weightTransform, sum, i, j)
    }
  })
}

type Magnitude = (args: KernelArguments<Attributes>) => void

/** What errors are relative to where convolutions and their gradients are computed so, by the names of their ops. */
const magnitudes: Readonly<Record<string, Magnitude>> = {
  convolution: ({ inputs: [x, w], specs, output, outputSpec, attributes }) => {
    const [channels, filters] = (specs[1] as Spec).shape.slice(-2) as [number, number]
    const weight = (i: number, j: number, channel: number, filter: number) =>
      w![((3 * i + j) * channels + channel) * filters + filter] as number
    const low = attributes.low as readonly number[]
    const [shape, targets] = [(specs[0] as Spec).shape, outputSpec.shape.slice(1, -1)]
    ofTargets({ sources: x!, shape, low, targets }, filters, weight, output)
  },
  convolutionInputGradient: ({ inputs: [gradient, w], specs, output, outputSpec, attributes }) => {
    const [channels, filters] = (specs[1] as Spec).shape.slice(-2) as [number, number]
    // A convolution of the outputs' gradients by the mirrored weights.
    const weight = (i: number, j: number, filter: number, channel: number) =>
      w![((8 - 3 * i - j) * channels + channel) * filters + filter] as number
    const low = (attributes.low as readonly number[]).map((low) => 2 - low)
    const [shape, targets] = [(specs[0] as Spec).shape, outputSpec.shape.slice(1, -1)]
    ofTargets({ sources: gradient!, shape, low, targets }, channels, weight, output)
  },
  convolutionKernelGradient: ({ inputs: [x, gradient], specs, output, attributes }) => {
    const low = attributes.low as readonly number[]
    const [{ shape }, { shape: outputs }] = specs as readonly [Spec, Spec]
    const tiles = { sources: x!, shape, low, targets: outputs.slice(1, -1) }
    ofWeights(tiles, gradient!, outputs.at(-1) as number, output)
  },
}

/** The ops that Winograd's filtering may compute. */
export const filteredOps = Object.keys(magnitudes)

/**
 * A convolution, or a gradient of one, of windows of three by three with what it may be off by when it is computed so: of each of the 16 sums
 * what the op may be off by as it is, relative to the magnitudes of its terms, and the roundings of the transformations.
 */
export function withWinogradTolerance(op: Primitive): Primitive {
  const { tolerance } = op
  if (typeof tolerance === 'string' || !('relative' in tolerance)) throw new Error(`${op.name} is not a sum.`)
  const magnitude = magnitudes[op.name] as Magnitude
  return { ...op, tolerance: { relative: tolerance.relative + roundings * 2 ** -24 }, magnitude }
}

/** Convolutions that are large enough to be computed so, with partial tiles and vectors. */
export const sampleShapes = [
  { label: 'padded', input: [3, 17, 15, 20], filters: 24, low: [1, 1], high: [1, 1] },
  { label: 'inside', input: [4, 13, 15, 33], filters: 17, low: [0, 0], high: [0, 0] },
  { label: 'padded before and behind', input: [2, 16, 18, 16], filters: 40, low: [2, 0], high: [0, 2] },
] as const

/** The shape of the outputs of a sample. */
export function outputsOf({ input, filters, low, high }: (typeof sampleShapes)[number]): number[] {
  const [batch, lines, columns] = input
  return [batch, lines + low[0] + high[0] - 2, columns + low[1] + high[1] - 2, filters]
}
