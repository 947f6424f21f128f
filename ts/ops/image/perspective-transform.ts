import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import { sameShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { add, divide, multiply, subtract } from '../binary.js'
import { cast, equal, where } from '../compare.js'
import { onesLike } from '../creation.js'
import { stack } from '../join.js'
import { matmul } from '../matmul.js'
import { composition, type SampleArray } from '../record.js'
import { array, integers, kerasFormat, sample, uniform } from '../samples.js'
import { unstack } from '../split.js'
import { inFloat32, numbers, onBatch, toImages } from './images.js'
import { fillOf, orderOf, readPixels, type TransformOptions } from './interpolate.js'

/** What {@link perspectiveTransform} takes. */
export interface PerspectiveTransformOptions extends TransformOptions {
  /** The value of what lies outside of the images (default 0). */
  readonly fillValue?: number
}

/** The corners of images of 4 rows and 5 columns, each moved a little. */
const corners = (count: number, stream: number): SampleArray => {
  const moves = uniform([count, 4, 2], -0.9, 0.9, stream).values
  const [columns, rows] = [
    [0, 4, 0, 4],
    [0, 0, 3, 3],
  ] as const
  const corner = (i: number) => (i % 2 === 0 ? columns : rows)[Math.floor(i / 2) % 4] as number
  return array([count, 4, 2], 'float32', (i) => Math.fround(corner(i) + (moves[i] as number)))
}
const ofOne = ({ values, dtype }: SampleArray): SampleArray => ({ shape: [4, 2], dtype, values })

composition<{ interpolation: string; fillValue: number; dataFormat: string }>({
  name: 'perspectiveTransform',
  compose: ([images, start, end], attributes) =>
    perspectiveTransform(
      images as Tensor,
      start as Tensor,
      end as Tensor,
      attributes as PerspectiveTransformOptions,
    ),
  attributes: { interpolation: 'name', fillValue: 'number', dataFormat: 'name' },
  samples: () => {
    const defaults = { interpolation: 'bilinear', fillValue: 0.5, dataFormat: 'channelsLast' }
    return [
      sample('images', [uniform([2, 4, 5, 1]), corners(2, 1), corners(2, 2)], defaults),
      sample('nearest pixels', [uniform([2, 4, 5, 1]), corners(2, 3), corners(2, 4)], {
        ...defaults,
        interpolation: 'nearest',
      }),
      sample('one image', [uniform([4, 5, 2]), ofOne(corners(1, 5)), ofOne(corners(1, 6))], defaults),
      sample('channels first, the same of all', [uniform([2, 1, 4, 5]), corners(1, 7), corners(1, 8)], {
        ...defaults,
        dataFormat: 'channelsFirst',
      }),
      {
        ...sample(
          'of uint8',
          [{ ...integers([2, 4, 5, 1], 0, 256), dtype: 'uint8' }, corners(2, 1), corners(2, 2)],
          {
            ...defaults,
            fillValue: 7,
          },
        ),
        unknownToTorch: true,
      },
      sample('many', [uniform([3, 4, 5, 16]), corners(3, 1), corners(3, 2)], defaults),
    ]
  },
  errors: [
    {
      label: 'three points',
      run: ({ image, zeros }) => image.perspectiveTransform(zeros([4, 5, 1]), zeros([3, 2]), zeros([3, 2])),
      code: 'shape.mismatch',
    },
    {
      label: 'points of other images',
      run: ({ image, zeros }) =>
        image.perspectiveTransform(zeros([3, 4, 5, 1]), zeros([2, 4, 2]), zeros([2, 4, 2])),
      code: 'shape.mismatch',
    },
    {
      label: 'different shapes',
      run: ({ image, zeros }) =>
        image.perspectiveTransform(zeros([4, 5, 1]), zeros([4, 2]), zeros([1, 4, 2])),
      code: 'shape.mismatch',
    },
    {
      label: 'a fill mode',
      run: ({ image, zeros }) =>
        image.perspectiveTransform(zeros([4, 5, 1]), zeros([4, 2]), zeros([4, 2]), {
          fillMode: 'wrap',
        } as PerspectiveTransformOptions),
      code: 'argument.unknown',
    },
    {
      label: 'bool',
      run: ({ image, zeros }) =>
        image.perspectiveTransform(zeros([4, 5, 1], 'bool'), zeros([4, 2]), zeros([4, 2])),
      code: 'dtype.mismatch',
    },
  ],
  // A coordinate below 8 is rounded some sixteen times, by 2^-22 at most, which a difference of pixels of twice the largest value multiplies.
  tolerance: { relative: 2 * 2 * 16 * 2 ** -22 },
  torch: `keras.ops.image.perspective_transform(a, b, c, interpolation, fillValue, ${kerasFormat})`,
})

/**
 * Images as seen from elsewhere: what is at four points of them comes to four other points, and lines stay lines. Images and points have a
 * gradient. float32, int32 or uint8; integers are rounded to.
 *
 * @param images [batch, height, width, channels], or one without the batch
 * @param startPoints where points are now: [4, 2] of columns and rows, or [batch, 4, 2]; no three of them on a line
 * @param endPoints where they come to
 * @param options interpolation, fillValue, dataFormat
 * @throws argument.range, argument.type, shape.mismatch, dtype.mismatch
 *
 * @example
 * const corners = [[0, 0], [31, 0], [0, 31], [31, 31]]
 * lw.ops.image.perspectiveTransform(lw.ops.zeros([32, 32, 3]), corners, [[4, 0], [27, 0], [0, 31], [31, 31]])
 */
export function perspectiveTransform(
  images: TensorInput,
  startPoints: TensorInput,
  endPoints: TensorInput,
  options: PerspectiveTransformOptions = {},
): Tensor {
  const op = 'perspectiveTransform'
  checkOptions(op, options, ['interpolation', 'fillValue', 'dataFormat'])
  const { value, dataFormat } = toImages(op, images, options, numbers)
  const order = orderOf(op, options.interpolation)
  const { fillValue = 0 } = options
  const fill = fillOf(op, { fillValue }, value.dtype)
  const [start, end] = [toTensor(op, startPoints), toTensor(op, endPoints)]
  const batch = value.rank === 4 ? value.shape[0] : 1
  const count = start.rank === 2 ? 1 : (start.shape[0] as number)
  if (
    ![2, 3].includes(start.rank) ||
    !sameShape(start.shape.slice(-2), [4, 2]) ||
    !sameShape(start.shape, end.shape) ||
    (count !== 1 && count !== batch)
  ) {
    const expected = 'points [4, 2] for all images, or [batch, 4, 2]'
    fail('shape.mismatch', { op, expected, got: [value.shape, start.shape, end.shape] })
  }
  const name = `${op} ${order} ${dataFormat} ${JSON.stringify(fill)}`
  return applyComposition(name, [value, start, end], ([x, from, to]) => {
    const [a, b, c, d, e, f, g, h, i] = homography(from as Tensor, to as Tensor, count)
    return inFloat32(x as Tensor, (floats) =>
      onBatch(floats, dataFormat, (last) =>
        readPixels(op, last, { ...fill, order }, (x, y) => {
          const along = (toX: Tensor, toY: Tensor, offset: Tensor) =>
            add(add(multiply(toX, x), multiply(toY, y)), offset)
          const scale = along(g, h, i)
          // The horizon lies outside of every image.
          const atHorizon = equal(scale, 0)
          const project = (coordinate: Tensor) =>
            where(atHorizon, -2, divide(coordinate, where(atHorizon, 1, scale)))
          return { x: project(along(a, b, c)), y: project(along(d, e, f)) }
        }),
      ),
    )
  })
}

/** Three rows of three, for each image. */
type Matrix = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]

/** The columns and rows of four points, for each image. */
type Points = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]

/** The projective map of the second points to the first, by way of the unit square: its elements, each [count, 1, 1]. */
function homography(to: Tensor, from: Tensor, count: number): Matrix {
  const square = (points: Tensor) => fromSquare(reshape(cast(points, 'float32'), [count, 8]))
  const whole = (matrix: Matrix) => reshape(stack(matrix, { axis: -1 }), [count, 3, 3])
  const product = matmul(whole(square(to)), whole(adjugate(square(from))))
  return unstack(reshape(product, [count, 1, 1, 9]), { axis: -1 }) as Matrix
}

/** The projective map of the unit square's corners (0, 0), (1, 0), (0, 1), (1, 1) to points [count, 8], after Heckbert (1989). */
function fromSquare(points: Tensor): Matrix {
  const [x0, y0, x1, y1, x2, y2, x3, y3] = unstack(points, { axis: -1 }) as Points
  const [dx1, dy1] = [subtract(x1, x3), subtract(y1, y3)]
  const [dx2, dy2] = [subtract(x2, x3), subtract(y2, y3)]
  const [sx, sy] = [subtract(subtract(x0, x1), dx2), subtract(subtract(y0, y1), dy2)]
  const determinant = cross(dx1, dy1, dx2, dy2)
  const g = divide(cross(sx, sy, dx2, dy2), determinant)
  const h = divide(cross(dx1, dy1, sx, sy), determinant)
  const towards = (end: Tensor, start: Tensor, factor: Tensor) =>
    add(subtract(end, start), multiply(factor, end))
  return [
    [towards(x1, x0, g), towards(x2, x0, h), x0],
    [towards(y1, y0, g), towards(y2, y0, h), y0],
    [g, h, onesLike(g)],
  ].flat() as Matrix
}

/** The inverse, but for a factor. */
function adjugate([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  return [
    [cross(e, f, h, i), cross(c, b, i, h), cross(b, c, e, f)],
    [cross(f, d, i, g), cross(a, c, g, i), cross(c, a, f, d)],
    [cross(d, e, g, h), cross(b, a, h, g), cross(a, b, d, e)],
  ].flat() as Matrix
}

/** The determinant of two rows. */
function cross(a: Tensor, b: Tensor, c: Tensor, d: Tensor): Tensor {
  return subtract(multiply(a, d), multiply(b, c))
}
