import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Shape } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { channelsLast, spatialAxes } from './data-format.js'
import { take } from './gather.js'
import { maxPool } from './pool.js'
import { type Composition, composition, type Sample, type SampleArray } from './record.js'
import { alongAxes, resample } from './resample.js'
import { kerasFormat, sample, uniform, valueSample, values } from './samples.js'
import { covered } from './taps.js'
import { checkDataFormat, type DataFormat, perAxis } from './windows.js'

/** What adaptive pooling takes. */
export interface AdaptivePoolOptions {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

type Name = 'adaptiveAveragePool' | 'adaptiveMaxPool'

function adaptiveSamples(): Sample[] {
  const of = (
    label: string,
    input: SampleArray,
    outputSize: readonly number[],
    dataFormat = 'channelsLast',
  ) => sample(label, [input], { outputSize, dataFormat })
  return [
    of('one axis', uniform([2, 7, 3]), [3]),
    of('windows of two sizes', uniform([2, 8, 3]), [5]),
    of('more than there are', uniform([2, 3, 4]), [7]),
    of('all of one axis', uniform([2, 9, 2]), [1]),
    of('two axes', uniform([1, 5, 7, 3]), [3, 2]),
    of('parts of one size', uniform([1, 4, 6, 2]), [2, 3]),
    of('one axis stays', uniform([1, 4, 5, 3]), [4, 2]),
    of('channels first', uniform([1, 2, 5, 7]), [2, 3], 'channelsFirst'),
    of('three axes', uniform([1, 3, 5, 4, 2]), [2, 3, 1]),
    of('large', uniform([3, 37, 29, 19]), [7, 5]),
    { ...of('no images', uniform([0, 5, 3]), [2]), unknownToTorch: true },
  ]
}

function adaptive(
  name: Name,
  pool: typeof adaptiveMaxPool,
  rest: Pick<Composition, 'samples' | 'tolerance'>,
): void {
  composition<{ outputSize: readonly number[]; dataFormat: string }>({
    name,
    compose: ([x], { outputSize, dataFormat }) =>
      pool(x as Tensor, outputSize, { dataFormat: dataFormat as DataFormat }),
    attributes: { outputSize: 'integers', dataFormat: 'name' },
    errors: [
      { label: 'a matrix', run: (ops) => ops[name]([[1, 2]], 1), code: 'shape.mismatch' },
      {
        label: 'six axes',
        run: (ops) => ops[name](ops.zeros([1, 1, 1, 1, 1, 1]), 1),
        code: 'shape.mismatch',
      },
      { label: 'nothing to pool', run: (ops) => ops[name](ops.zeros([2, 0, 3]), 1), code: 'shape.mismatch' },
      { label: 'no outputs', run: (ops) => ops[name]([[[1]]], 0), code: 'argument.range' },
      {
        label: 'too many outputs',
        run: (ops) => ops[name](ops.zeros([0, 2, 1]), 1e9),
        code: 'argument.range',
      },
      { label: 'two sizes of one axis', run: (ops) => ops[name]([[[1]]], [1, 1]), code: 'argument.range' },
      { label: 'int32', run: (ops) => ops[name](ops.zeros([1, 2, 1], 'int32'), 1), code: 'dtype.mismatch' },
    ],
    torch:
      `keras.ops.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}` +
      `(a, outputSize, ${kerasFormat})`,
    ...rest,
  })
}

/** The most windows of an axis, few enough to be listed. */
const mostWindows = 2 ** 20

/** An op's arguments, checked: `pool` gets the inputs with the extents that their spatial axes, from axis 1 or 2 on, become. */
function prepare(
  op: Name,
  inputs: TensorInput,
  outputSize: number | readonly number[],
  options: AdaptivePoolOptions,
  pool: (x: Tensor, size: readonly number[], dataFormat: DataFormat) => Tensor,
): Tensor {
  checkOptions(op, options, ['dataFormat'])
  const { dataFormat = 'channelsLast' } = options
  checkDataFormat(op, dataFormat)
  const x = toTensor(op, inputs)
  if (x.dtype !== 'float32') fail('dtype.mismatch', { op, expected: 'float32', got: [x.dtype] })
  const spatial = x.rank - 2
  if (spatial < 1 || spatial > 3) {
    const expected = 'an input of one to three spatial axes, between or behind batch and channels'
    fail('shape.mismatch', { op, expected, got: [x.shape] })
  }
  const size = perAxis(op, 'outputSize', outputSize, spatial)
  if (size.some((extent) => extent > mostWindows)) {
    const expected = `at most ${mostWindows} along an axis`
    fail('argument.range', { op, argument: 'outputSize', expected, got: outputSize })
  }
  if (spatialAxes(x.rank, dataFormat).some((axis) => x.shape[axis] === 0)) {
    fail('shape.mismatch', { op, expected: 'an input that has something to pool', got: [x.shape] })
  }
  return applyComposition(`${op}${JSON.stringify([size, dataFormat])}`, [x], ([x]) =>
    pool(x as Tensor, size, dataFormat),
  )
}

adaptive('adaptiveAveragePool', adaptiveAveragePool, {
  samples: adaptiveSamples,
  tolerance: { relative: 5e-7 },
})

/**
 * The means of each channel over as many windows as are asked for, whatever the extents of the input [batch, …, channels] of one to three spatial
 * axes: window i of n along an axis of m goes from ⌊i m / n⌋ up to but not including ⌈(i + 1) m / n⌉.
 *
 * @param outputSize the windows along the spatial axes: one number, or one for each axis
 * @param options dataFormat
 * @throws shape.mismatch, dtype.mismatch, argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.ops.adaptiveAveragePool([[[1], [3], [2], [4], [9]]], 2)   // [[[2], [5]]]
 */
export function adaptiveAveragePool(
  inputs: TensorInput,
  outputSize: number | readonly number[],
  options: AdaptivePoolOptions = {},
): Tensor {
  return prepare('adaptiveAveragePool', inputs, outputSize, options, (x, size, dataFormat) => {
    // The mean of a window is the mean of its rows' means.
    return alongAxes(x, spatialAxes(x.rank, dataFormat), size, (y, axis, extent) =>
      resample(y, axis, extent, 'mean'),
    )
  })
}

adaptive('adaptiveMaxPool', adaptiveMaxPool, {
  samples: () => [
    ...adaptiveSamples(),
    valueSample(
      'special values',
      [{ ...values([NaN, 1, -Infinity, 2, Infinity, 3, -0]), shape: [1, 7, 1] }],
      {
        outputSize: [3],
        dataFormat: 'channelsLast',
      },
    ),
  ],
  tolerance: 'exact',
})

/**
 * The greatest elements of each channel in as many windows as are asked for, those of {@link adaptiveAveragePool}. The gradient goes to the first of
 * equal ones.
 *
 * @param outputSize the windows along the spatial axes: one number, or one for each axis
 * @param options dataFormat
 * @throws as `adaptiveAveragePool`
 *
 * @example
 * lw.ops.adaptiveMaxPool([[[1], [3], [2], [4], [9]]], 2)   // [[[3], [9]]]
 */
export function adaptiveMaxPool(
  inputs: TensorInput,
  outputSize: number | readonly number[],
  options: AdaptivePoolOptions = {},
): Tensor {
  return prepare('adaptiveMaxPool', inputs, outputSize, options, (x, size, dataFormat) =>
    channelsLast(dataFormat, x, (x) => maxOfWindows(x, size)),
  )
}

function maxOfWindows(x: Tensor, size: Shape): Tensor {
  const [poolSize, strides]: [number[], number[]] = [[], []]
  const apart = size.reduce((y, to, i) => {
    const windows = windowsAlong(x.shape[i + 1]!, to)
    poolSize.push(windows.extent)
    strides.push(windows.stride)
    return windows.places ? take(y, tensor(windows.places), { axis: i + 1 }) : y
  }, x)
  return maxPool(apart, poolSize, { strides })
}

/**
 * Windows along an axis as pooling has them: of one extent, at equal distances. Where they are not, `places` brings the elements of each window
 * together, the last of the smaller ones twice, which changes no maximum.
 */
function windowsAlong(from: number, to: number) {
  const windows = Array.from({ length: to }, (_, i) => covered(from, to, i)).map(({ start, end }) => ({
    start,
    count: end - start,
  }))
  const extent = Math.max(...windows.map(({ count }) => count))
  const stride = to > 1 ? windows[1]!.start : extent
  const isEven = windows.every(({ start, count }, i) => count === extent && start === i * stride)
  if (isEven && stride > 0) return { extent, stride }
  const places = windows.flatMap(({ start, count }) =>
    Array.from({ length: extent }, (_, k) => start + Math.min(k, count - 1)),
  )
  return { extent, stride: extent, places: Int32Array.from(places) }
}
