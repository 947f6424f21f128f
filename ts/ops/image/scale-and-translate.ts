import { fail } from '../../errors.js'
import { checkBoolean, checkChoice, checkInteger, checkOptions } from '../../options.js'
import { normalizeAxis, type Shape, sameShape } from '../../shape.js'
import { type Tensor, tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { moveaxis } from '../axes.js'
import { add, clip, divide, maximum, multiply, subtract } from '../binary.js'
import { cast, equal, greater, lessEqual, where } from '../compare.js'
import { logicalAnd } from '../logical.js'
import { tensordot } from '../products.js'
import { composition } from '../record.js'
import { max, min, sum } from '../reduce.js'
import { integers, sample, uniform, values } from '../samples.js'
import { unstack } from '../split.js'
import { sin } from '../trigonometric.js'
import { absolute, square } from '../unary.js'
import { inFloat32, numbers } from './images.js'

/** How much a pixel counts at a distance from 0 on. */
const kernels = {
  linear: (x: Tensor) => maximum(subtract(1, x), 0),
  // Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981).
  cubic: (x: Tensor) => {
    const near = cubic(x, 1.5, -2.5, 0, 1)
    const far = cubic(x, -0.5, 2.5, -4, 2)
    return where(lessEqual(2, x), 0, where(lessEqual(1, x), far, near))
  },
  lanczos3: (x: Tensor) => lanczos(x, 3),
  lanczos5: (x: Tensor) => lanczos(x, 5),
} as const

/** The kernels of {@link scaleAndTranslate}. */
export type ScaleMethod = keyof typeof kernels

type Attributes = {
  outputShape: readonly number[]
  spatialDims: readonly number[]
  method: string
  antialias: boolean
}

composition<Attributes>({
  name: 'scaleAndTranslate',
  compose: ([images, scale, translation], { outputShape, spatialDims, method, antialias }) =>
    scaleAndTranslate(
      images as Tensor,
      outputShape,
      scale as Tensor,
      translation as Tensor,
      spatialDims,
      method as ScaleMethod,
      { antialias },
    ),
  attributes: {
    outputShape: 'integers',
    spatialDims: 'integers',
    method: 'name',
    antialias: 'boolean',
  },
  samples: () => {
    const larger = { outputShape: [1, 6, 7, 2], spatialDims: [1, 2], antialias: true }
    const [scale, translation] = [values([1.83, 1.37]), values([0.31, -0.73])]
    return [
      ...Object.keys(kernels).map((method) =>
        sample(`${method}, larger`, [uniform([1, 3, 5, 2]), scale, translation], { ...larger, method }),
      ),
      ...Object.keys(kernels).map((method) =>
        sample(`${method}, smaller`, [uniform([1, 7, 9, 1]), values([0.47, 0.61]), translation], {
          outputShape: [1, 4, 5, 1],
          spatialDims: [1, 2],
          method,
          antialias: true,
        }),
      ),
      sample('smaller, without antialias', [uniform([7, 9]), values([0.61]), values([-0.37])], {
        outputShape: [7, 4],
        spatialDims: [-1],
        method: 'linear',
        antialias: false,
      }),
      sample('the second axis first', [uniform([4, 5]), scale, translation], {
        outputShape: [3, 6],
        spatialDims: [1, 0],
        method: 'cubic',
        antialias: true,
      }),
      sample('int32', [integers([3, 5, 2], -99, 99), scale, translation], {
        outputShape: [6, 7, 2],
        spatialDims: [0, 1],
        method: 'cubic',
        antialias: true,
      }),
      sample('large', [uniform([2, 20, 30, 3]), scale, translation], {
        outputShape: [2, 35, 41, 3],
        spatialDims: [1, 2],
        method: 'lanczos3',
        antialias: true,
      }),
    ]
  },
  errors: [
    {
      label: 'too few scales',
      run: ({ image, ones }) => image.scaleAndTranslate(ones([3, 4]), [6, 8], [2], [0, 0], [0, 1], 'linear'),
      code: 'shape.mismatch',
    },
    {
      label: 'another rank',
      run: ({ image, ones }) => image.scaleAndTranslate(ones([3, 4]), [6], [2], [0], [0], 'linear'),
      code: 'shape.mismatch',
    },
    {
      label: 'other axes that change',
      run: ({ image, ones }) => image.scaleAndTranslate(ones([3, 4]), [6, 5], [2], [0], [0], 'linear'),
      code: 'shape.mismatch',
    },
    {
      label: 'an axis twice',
      run: ({ image, ones }) =>
        image.scaleAndTranslate(ones([3, 4]), [6, 8], [2, 2], [0, 0], [1, -1], 'linear'),
      code: 'axis.repeated',
    },
    {
      label: 'another method',
      run: ({ image, ones }) =>
        image.scaleAndTranslate(ones([3, 4]), [6, 4], [2], [0], [0], 'nearest' as ScaleMethod),
      code: 'argument.type',
    },
    {
      label: 'bool',
      run: ({ image, ones }) =>
        image.scaleAndTranslate(ones([3, 4], 'bool'), [6, 4], [2], [0], [0], 'linear'),
      code: 'dtype.mismatch',
    },
  ],
  // Along each of two axes a centre below 32 is rounded four times, by 2^-20 at most, and weights change by about as much.
  tolerance: { relative: 2 * 4 * 2 ** -20 },
  torch:
    'keras.ops.image.scale_and_translate(a, tuple(outputShape), b, c, tuple(spatialDims), method, antialias)',
})

/**
 * Images that are scaled and then moved along some axes: what is at y comes to y · scale + translation, where the first pixel reaches from 0
 * to 1. Pixels from outside are 0. Images, scales and translations have a gradient. float32, int32 or uint8; integers are rounded to.
 *
 * @param images of any rank
 * @param outputShape as many extents; those of other axes stay
 * @param scale [axes]
 * @param translation [axes], in pixels of the result
 * @param spatialDims the axes
 * @param method 'linear', 'cubic' (Keys), 'lanczos3' or 'lanczos5'
 * @param options antialias: whether all pixels count where an image becomes smaller (default true)
 * @throws shape.mismatch, dtype.mismatch, axis.range, axis.repeated, argument.type
 *
 * @example
 * lw.ops.image.scaleAndTranslate([1, 2, 3], [6], [2], [0], [0], 'linear')   // [1, 1.25, 1.75, 2.25, 2.75, 3]
 */
export function scaleAndTranslate(
  images: TensorInput,
  outputShape: Shape,
  scale: TensorInput,
  translation: TensorInput,
  spatialDims: readonly number[],
  method: ScaleMethod,
  options: { readonly antialias?: boolean } = {},
): Tensor {
  const op = 'scaleAndTranslate'
  checkOptions(op, options, ['antialias'])
  const { antialias = true } = options
  checkBoolean(op, 'antialias', antialias)
  checkChoice(op, 'method', method, Object.keys(kernels))
  const [value, factors, moves] = [toTensor(op, images), toTensor(op, scale), toTensor(op, translation)]
  if (!numbers.includes(value.dtype)) {
    fail('dtype.mismatch', { op, expected: numbers.join(', '), got: [value.dtype] })
  }
  const axes = spatialDims.map((axis) => normalizeAxis(op, axis, value.rank))
  if (new Set(axes).size !== axes.length) fail('axis.repeated', { op, axes })
  for (const extent of outputShape) checkInteger(op, 'outputShape', extent, 0)
  const changed = value.shape.map((extent, axis) =>
    axes.includes(axis) ? (outputShape[axis] ?? extent) : extent,
  )
  const pairs = [axes.length]
  if (
    !sameShape(changed, outputShape) ||
    !sameShape(factors.shape, pairs) ||
    !sameShape(moves.shape, pairs)
  ) {
    const expected = `a scale and a translation for each of ${axes.length} axes, and an outputShape that differs along these alone`
    fail('shape.mismatch', { op, expected, got: [value.shape, outputShape, factors.shape, moves.shape] })
  }
  const name = `${op} ${outputShape} ${axes} ${method} ${antialias}`
  return applyComposition(name, [value, factors, moves], ([x, factors, moves]) => {
    const scales = unstack(cast(factors as Tensor, 'float32'))
    const translations = unstack(cast(moves as Tensor, 'float32'))
    return inFloat32(x as Tensor, (given) => {
      const result = axes.reduce((image, axis, i) => {
        const [from, to] = [value.shape[axis], outputShape[axis]] as [number, number]
        const [factor, move] = [scales[i], translations[i]] as [Tensor, Tensor]
        const weights = weightsOf(from, to, factor, move, kernels[method], antialias)
        return moveaxis(tensordot(image, weights, { axes: [[axis], [0]] }), -1, axis)
      }, given)
      // Kernels that go below 0 reach beyond what integers may hold.
      return value.dtype === 'float32' ? result : clip(result, min(given), max(given))
    })
  })
}

/** What each of `from` pixels counts for in each of `to`: [from, to]. */
function weightsOf(
  from: number,
  to: number,
  scale: Tensor,
  translation: Tensor,
  kernel: (distance: Tensor) => Tensor,
  antialias: boolean,
): Tensor {
  const step = divide(1, scale)
  const centres = tensor(Float32Array.from({ length: to }, (_, i) => i + 0.5))
  const at = subtract(subtract(multiply(centres, step), multiply(translation, step)), 0.5)
  const pixels = tensor(
    Float32Array.from({ length: from }, (_, i) => i),
    [from, 1],
  )
  const distance = absolute(subtract(reshape(at, [1, to]), pixels))
  const weights = kernel(antialias ? divide(distance, maximum(step, 1)) : distance)
  const total = sum(weights, { axis: 0, keepdims: true })
  const isSome = greater(absolute(total), 1000 * 2 ** -23)
  const shares = where(isSome, divide(weights, where(equal(total, 0), 1, total)), 0)
  const inside = logicalAnd(lessEqual(-0.5, at), lessEqual(at, from - 0.5))
  return where(inside, shares, 0)
}

/** a x³ + b x² + c x + d, by Horner's rule. */
function cubic(x: Tensor, a: number, b: number, c: number, d: number): Tensor {
  return add(multiply(add(multiply(add(multiply(x, a), b), x), c), x), d)
}

function lanczos(x: Tensor, radius: number): Tensor {
  const waves = multiply(sin(multiply(x, Math.PI)), sin(multiply(x, Math.PI / radius)))
  const squares = multiply(square(where(equal(x, 0), 1, x)), Math.PI ** 2)
  const inner = where(greater(x, 1e-3), divide(multiply(waves, radius), squares), 1)
  return where(greater(x, radius), 0, inner)
}
