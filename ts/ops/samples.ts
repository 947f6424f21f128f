import type { Dtype } from '../dtype.js'
import { type Shape, sizeOf } from '../shape.js'
import type { Attributes, Sample, SampleArray } from './record.js'

/** The value of an attribute `dataFormat` as Keras spells it, for a record's expression. */
export const kerasFormat = "{'channelsLast': 'channels_last', 'channelsFirst': 'channels_first'}[dataFormat]"

/** Lengths around the vector widths and block sizes of every instruction set. */
export const edgeLengths = [0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 511, 513, 1000]

/** Numbers in [0, 1) from an index and a stream, the same on every machine. */
export function hashed(index: number, stream: number): number {
  let h = Math.imul((index + 1 + stream * 0x9e3779b1) >>> 0, 2654435761)
  h = Math.imul(h ^ (h >>> 15), 2246822519)
  h = Math.imul(h ^ (h >>> 13), 3266489917)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

/** A float32 array of uniform values in [low, high); the values are exact in float32. */
export function uniform(shape: Shape, low = -2, high = 2, stream = 0): SampleArray {
  return array(shape, 'float32', (i) => Math.fround(low + (high - low) * hashed(i, stream)))
}

/** An int32 array of uniform integers in [low, high). */
export function integers(shape: Shape, low: number, high: number, stream = 0): SampleArray {
  return array(shape, 'int32', (i) => Math.floor(low + (high - low) * hashed(i, stream)))
}

/** A bool array, true in about half of the places. */
export function booleans(shape: Shape, stream = 0): SampleArray {
  return array(shape, 'bool', (i) => (hashed(i, stream) < 0.5 ? 0 : 1))
}

export function array(shape: Shape, dtype: Dtype, element: (index: number) => number): SampleArray {
  return { shape, dtype, values: Array.from({ length: sizeOf(shape) }, (_, i) => element(i)) }
}

export function values(list: readonly number[], dtype: Dtype = 'float32'): SampleArray {
  return { shape: [list.length], dtype, values: dtype === 'float32' ? list.map(Math.fround) : list }
}

export function sample(label: string, inputs: readonly SampleArray[], attributes: Attributes = {}): Sample {
  return { label, inputs, attributes }
}

/** A sample whose values have no derivative, or none that finite differences can find. */
export function valueSample(
  label: string,
  inputs: readonly SampleArray[],
  attributes: Attributes = {},
): Sample {
  return { label, inputs, attributes, skipGradient: true }
}

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3.4e38, -3.4e38]

/** Every special value, alone or against every other. */
export function specialSample(arity: number): Sample {
  const rows = arity === 1 ? special.map((a) => [a]) : special.flatMap((a) => special.map((b) => [a, b]))
  return valueSample(
    'special values',
    Array.from({ length: arity }, (_, k) => values(rows.map((row) => row[k] as number))),
  )
}
