import { fail } from '../errors.js'
import { checkChoice, checkExtent } from '../options.js'
import { type Shape, sizeOf } from '../shape.js'

/** How windows lie over the spatial axes: for each axis the distance of neighbouring windows and of places in a window, and the zeros around. */
export type Windows = {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** 'valid' windows stay within the input, 'same' ones make ceil(input / stride) outputs, 'causal' ones (of one axis) see no later input. */
export type Padding = 'valid' | 'same' | 'causal'

/** Where the channels stand: behind the spatial axes, or before them. */
export type DataFormat = 'channelsLast' | 'channelsFirst'

/** The inputs from the first to the last that a window sees. */
export function reachOf(window: number, dilation: number): number {
  return (window - 1) * dilation + 1
}

/** The most places of a window. */
const mostPlaces = 2 ** 20

/** Raises unless a window has places, and few enough to be listed. */
export function checkWindow(op: string, window: Shape): void {
  if (window.every((extent) => Number.isInteger(extent) && extent > 0) && sizeOf(window) <= mostPlaces) return
  const expected = `a window of 1 to ${mostPlaces} places`
  fail('argument.range', { op, argument: 'the window', expected, got: window })
}

/** The outputs along an axis. */
export function outputExtent(extent: number, window: number, axis: number, windows: Windows): number {
  const { strides, dilations, low, high } = windows
  const whole = extent + low[axis]! + high[axis]!
  const reach = reachOf(window, dilations[axis]!)
  return whole < reach ? 0 : Math.floor((whole - reach) / strides[axis]!) + 1
}

/** Zeros before and behind the inputs of an axis. Of an odd number, the one more is behind, as in TensorFlow. */
export function paddingOf(
  padding: Padding,
  extent: number,
  reach: number,
  stride: number,
): readonly [number, number] {
  if (padding === 'valid') return [0, 0]
  if (padding === 'causal') return [reach - 1, 0]
  const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + reach - extent)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** What the window functions of Keras take. */
export interface WindowOptions {
  /** One number, or one for each spatial axis. */
  readonly strides?: number | readonly number[]
  /** Default 'valid'. */
  readonly padding?: Padding
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

/** Raises unless these are the names that Keras knows. */
export function checkFormat(op: string, padding: unknown, dataFormat: unknown, spatial: number): void {
  checkChoice(op, 'padding', padding, spatial === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'])
  checkDataFormat(op, dataFormat)
}

/** Raises unless this is where channels may stand. */
export function checkDataFormat(op: string, dataFormat: unknown): void {
  checkChoice(op, 'dataFormat', dataFormat, ['channelsLast', 'channelsFirst'])
}

/** A positive integer for each spatial axis, of one or of a list. */
export function perAxis(op: string, argument: string, given: unknown, spatial: number): number[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : new Array(spatial).fill(given)
  if (list.length !== spatial) {
    const expected = `a positive integer, or one for each of ${spatial} spatial axes`
    fail('argument.range', { op, argument, expected, got: given })
  }
  for (const value of list) checkExtent(op, argument, value)
  return list as number[]
}

/** The windows over inputs of some spatial extents. */
export function windowsOver(
  op: string,
  extents: Shape,
  window: Shape,
  {
    strides = 1,
    padding = 'valid',
    dilations = 1,
  }: WindowOptions & { dilations?: number | readonly number[] },
): Windows {
  const spatial = extents.length
  const steps = perAxis(op, 'strides', strides, spatial)
  const gaps = perAxis(op, 'dilationRate', dilations, spatial)
  const zeros = extents.map((extent, axis) =>
    paddingOf(padding, extent, reachOf(window[axis]!, gaps[axis]!), steps[axis]!),
  )
  return {
    strides: steps,
    dilations: gaps,
    low: zeros.map(([low]) => low),
    high: zeros.map(([, high]) => high),
  }
}

/** A window's place over an input: the number of the output, of the place in the window, and of the input that they meet at. */
type Visit = (output: number, place: number, input: number) => void

/** Calls `visit` for each output of the spatial axes and each place of its window that lies on an input, in this order. */
export function visitWindows(
  extents: Shape,
  window: Shape,
  outputs: Shape,
  { strides, dilations, low }: Pick<Windows, 'strides' | 'dilations' | 'low'>,
  visit: Visit,
): void {
  const spatial = extents.length
  const output = new Array<number>(spatial).fill(0)
  const walkWindow = (number: number, axis: number, place: number, input: number): void => {
    if (axis === spatial) {
      visit(number, place, input)
      return
    }
    const start = output[axis]! * strides[axis]! - low[axis]!
    for (let k = 0; k < window[axis]!; k++) {
      const at = start + k * dilations[axis]!
      if (at < 0 || at >= extents[axis]!) continue
      walkWindow(number, axis + 1, place * window[axis]! + k, input * extents[axis]! + at)
    }
  }
  const walkOutputs = (axis: number, number: number): void => {
    if (axis === spatial) {
      walkWindow(number, 0, 0, 0)
      return
    }
    for (let o = 0; o < outputs[axis]!; o++) {
      output[axis] = o
      walkOutputs(axis + 1, number * outputs[axis]! + o)
    }
  }
  walkOutputs(0, 0)
}
