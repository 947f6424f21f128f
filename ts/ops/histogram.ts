import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { type Tensor, tensor } from '../tensor.js'
import { type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { add, clip, multiply, subtract } from './binary.js'
import { cast, equal, lessEqual, where } from './compare.js'
import { composition } from './record.js'
import { max, min } from './reduce.js'
import { integers, sample, uniform } from './samples.js'
import { searchsorted } from './searchsorted.js'
import { segmentSum } from './segments.js'

/** How many bins of equal width, and what they cover. */
export interface HistogramOptions {
  /** Default 10. */
  readonly bins?: number
  /** The least and the greatest number that count; default: those of the tensor. */
  readonly range?: readonly [number, number] | null
}

composition<{ bins: number }>({
  name: 'histogram',
  compose: ([x], { bins }) => histogram(x as Tensor, { bins }).counts,
  attributes: { bins: 'integer' },
  samples: () => [
    sample('floats', [uniform([5, 20])], { bins: 7 }),
    sample('int32', [integers([40], -9, 10)], { bins: 5 }),
  ],
  errors: [
    { label: 'no bins', run: ({ histogram }) => histogram([1], { bins: 0 }), code: 'argument.range' },
    {
      label: 'a range upside down',
      run: ({ histogram }) => histogram([1], { range: [2, 1] }),
      code: 'argument.range',
    },
    { label: 'nothing', run: ({ histogram }) => histogram([]), code: 'shape.mismatch' },
  ],
  tolerance: 'exact',
  torch: 'torch.histogram(a.double().flatten(), bins).hist',
})

/**
 * How many elements are in each of `bins` bins of equal width, as int32, and the float32 edges of the bins, one more than bins. A bin has
 * its lower edge, the last one its upper edge too. What is out of range, and NaN, counts nowhere.
 *
 * @example
 * lw.ops.histogram([1, 2, 2, 5], { bins: 2 })   // { counts: [3, 1], binEdges: [1, 3, 5] }
 */
export function histogram(
  x: TensorInput,
  options: HistogramOptions = {},
): { readonly counts: Tensor; readonly binEdges: Tensor } {
  checkOptions('histogram', options, ['bins', 'range'])
  const { bins = 10, range = null } = options
  checkInteger('histogram', 'bins', bins, 1)
  const given = toTensor('histogram', x)
  const [low, high] = limits(given, range)
  const width = subtract(high, low)
  const shares = tensor(Float32Array.from({ length: bins + 1 }, (_, i) => i / bins))
  const last = tensor(
    Uint8Array.from({ length: bins + 1 }, (_, i) => Number(i === bins)),
    [bins + 1],
    'bool',
  )
  const binEdges = where(last, high, add(low, multiply(width, shares)))
  const value = cast(reshape(given, [given.size]), 'float32')
  const place = subtract(searchsorted(binEdges, value, { side: 'right' }), 1)
  const within = where(lessEqual(low, value), lessEqual(value, high), false)
  const counts = segmentSum(cast(within, 'int32'), clip(place, 0, bins - 1), bins)
  return { counts, binEdges }
}

/** The least and the greatest number as float32 scalars; where they are one, it is in the middle of a range of 1. */
function limits(x: Tensor, range: HistogramOptions['range']): [Tensor, Tensor] {
  if (range) {
    const [low, high] = range
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
      const expected = 'two finite numbers, the lesser one first'
      fail('argument.range', { op: 'histogram', argument: 'range', expected, got: range })
    }
    return [tensor(low), tensor(high)]
  }
  if (x.size === 0) {
    const expected = 'elements, or a range'
    fail('shape.mismatch', { op: 'histogram', expected, got: [x.shape] })
  }
  const [low, high] = [min(x), max(x)].map((each) => cast(each, 'float32')) as [Tensor, Tensor]
  const half = where(equal(low, high), 0.5, 0)
  return [subtract(low, half), add(high, half)]
}
