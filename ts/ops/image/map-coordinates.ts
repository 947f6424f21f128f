import { fail } from '../../errors.js'
import { checkOptions } from '../../options.js'
import { stridesOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { applyComposition, type TensorInput, toTensor } from '../apply.js'
import { reshape } from '../array.js'
import { cast } from '../compare.js'
import { composition } from '../record.js'
import { array, integers, sample, uniform, valueSample } from '../samples.js'
import { unstack } from '../split.js'
import { checkPixels, inFloat32, numbers } from './images.js'
import { type FillMode, type FillOptions, fillOf, interpolate } from './interpolate.js'

const fillModes: readonly FillMode[] = ['constant', 'nearest', 'reflect', 'mirror', 'wrap']

composition<{ order: number; fillMode: string; fillValue: number }>({
  name: 'mapCoordinates',
  compose: ([inputs, coordinates], { order, fillMode, fillValue }) =>
    mapCoordinates(inputs as Tensor, coordinates as Tensor, order as 0 | 1, {
      fillMode: fillMode as FillMode,
      fillValue,
    }),
  attributes: { order: 'integer', fillMode: 'name', fillValue: 'number' },
  samples: () => [
    ...fillModes.flatMap((fillMode) => [
      sample(`${fillMode}, nearest pixels`, [uniform([5, 7]), uniform([2, 11], -12, 19, 1)], {
        order: 0,
        fillMode,
        fillValue: 0.5,
      }),
      sample(`${fillMode}, linear`, [uniform([5, 7]), uniform([2, 3, 4], -12, 19, 1)], {
        order: 1,
        fillMode,
        fillValue: 0.5,
      }),
      sample(`${fillMode}, one axis`, [uniform([4]), uniform([1, 13], -9, 13, 1)], {
        order: 1,
        fillMode,
        fillValue: 0,
      }),
      {
        ...sample(`${fillMode}, of one pixel`, [uniform([1, 3]), uniform([2, 9], -3, 5, 1)], {
          order: 1,
          fillMode,
          fillValue: 0,
        }),
        // Keras divides by zero there.
        unknownToTorch: fillMode === 'mirror',
      },
    ]),
    sample('three axes', [uniform([3, 2, 4]), uniform([3, 9], -1, 4, 1)], {
      order: 1,
      fillMode: 'constant',
      fillValue: 0,
    }),
    valueSample('at pixels', [uniform([3, 4]), { ...integers([2, 20], -2, 6, 1), dtype: 'float32' }], {
      order: 1,
      fillMode: 'reflect',
      fillValue: 0,
    }),
    valueSample('halfway, nearest pixels', [uniform([9]), array([1, 24], 'float32', (i) => i / 2 - 1.5)], {
      order: 0,
      fillMode: 'nearest',
      fillValue: 0,
    }),
    sample('of int32', [integers([5, 7], -99, 99), uniform([2, 11], -2, 8, 1)], {
      order: 1,
      fillMode: 'constant',
      fillValue: 7.5,
    }),
    sample('of uint8', [{ ...integers([5, 7], 0, 256), dtype: 'uint8' }, uniform([2, 11], -2, 8, 1)], {
      order: 1,
      fillMode: 'mirror',
      fillValue: 0,
    }),
    sample('many', [uniform([40, 50]), uniform([2, 60, 70], -2, 52, 1)], {
      order: 1,
      fillMode: 'constant',
      fillValue: 0,
    }),
  ],
  errors: [
    {
      label: 'too few coordinates',
      run: ({ image }) => image.mapCoordinates([[1, 2]], [[0, 1]], 1),
      code: 'shape.mismatch',
    },
    {
      label: 'coordinates of no axis',
      run: ({ image }) => image.mapCoordinates([1, 2], 1, 1),
      code: 'shape.mismatch',
    },
    {
      label: 'a scalar',
      run: ({ image }) => image.mapCoordinates(1, [[0, 1]], 1),
      code: 'shape.mismatch',
    },
    {
      label: 'cubic',
      run: ({ image }) => image.mapCoordinates([1, 2], [[0, 1]], 3 as 1),
      code: 'argument.range',
    },
    {
      label: 'another mode',
      run: ({ image }) => image.mapCoordinates([1, 2], [[0, 1]], 1, { fillMode: 'edge' as FillMode }),
      code: 'argument.type',
    },
    {
      label: 'no value',
      run: ({ image }) => image.mapCoordinates([1, 2], [[0, 1]], 1, { fillValue: Number.NaN }),
      code: 'argument.range',
    },
    {
      label: 'no pixels',
      run: ({ image }) => image.mapCoordinates([], [[0, 1]], 1),
      code: 'shape.mismatch',
    },
    {
      label: 'bool',
      run: ({ image }) => image.mapCoordinates([true], [[0, 1]], 1),
      code: 'dtype.mismatch',
    },
  ],
  tolerance: { relative: 1e-6 },
  torch: 'keras.ops.image.map_coordinates(a, b, order, fillMode, fillValue)',
})

/**
 * The values of a tensor between its elements, at coordinates [axis, ...], of which 0 is the first element along an axis. Both have a
 * gradient. float32, int32 or uint8; integers are rounded to.
 *
 * @param order 0 gives the nearest element, 1 goes linearly between neighbours along each axis
 * @param options fillMode, fillValue
 * @throws argument.range, argument.type, shape.mismatch, dtype.mismatch
 *
 * @example
 * lw.ops.image.mapCoordinates([[1, 2], [3, 4]], [[0, 0.5], [0.5, 1]], 1)   // [1.5, 3]
 */
export function mapCoordinates(
  inputs: TensorInput,
  coordinates: TensorInput,
  order: 0 | 1,
  options: FillOptions = {},
): Tensor {
  const op = 'mapCoordinates'
  checkOptions(op, options, ['fillMode', 'fillValue'])
  if (order !== 0 && order !== 1) {
    fail('argument.range', { op, argument: 'order', expected: '0 (nearest) or 1 (linear)', got: order })
  }
  const [value, at] = [toTensor(op, inputs), toTensor(op, coordinates)]
  const fill = fillOf(op, options, value.dtype)
  if (value.rank === 0 || at.shape[0] !== value.rank) {
    const expected = 'a tensor and coordinates [axis, ...], with one for each of its axes'
    fail('shape.mismatch', { op, expected, got: [value.shape, at.shape] })
  }
  if (!numbers.includes(value.dtype)) {
    fail('dtype.mismatch', { op, expected: numbers.join(', '), got: [value.dtype] })
  }
  checkPixels(op, value, value.shape)
  const strides = stridesOf(value.shape)
  return applyComposition(`${op} ${order} ${JSON.stringify(fill)}`, [value, at], ([whole, places]) => {
    const axes = unstack(cast(places as Tensor, 'float32')).map((coordinate, axis) => ({
      coordinate,
      extent: value.shape[axis] as number,
      stride: strides[axis] as number,
    }))
    return inFloat32(whole as Tensor, (x) => interpolate(reshape(x, [value.size]), axes, { ...fill, order }))
  })
}
