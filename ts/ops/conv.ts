import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape } from './array.js'
import { type Convolution, convolution, convolutionInputGradient } from './convolution.js'
import { channelsLast } from './data-format.js'
import { checkFormat, perAxis, reachOf, type WindowOptions, windowsOver } from './windows.js'

export interface ConvOptions extends WindowOptions {
  /** The distance of neighbouring places in a window: one number, or one for each spatial axis (default 1). */
  readonly dilationRate?: number | readonly number[]
}

const options = ['strides', 'padding', 'dataFormat', 'dilationRate']

/** An op's arguments, checked, with the channels last: the inputs, the kernel and its window. */
function prepare(op: string, inputs: TensorInput, kernel: TensorInput, config: ConvOptions) {
  checkOptions(op, config, options)
  const [x, w] = [toTensor(op, inputs), toTensor(op, kernel)]
  const spatial = x.rank - 2
  if (spatial < 1 || spatial > 3 || w.rank !== x.rank) {
    const expected = 'inputs of rank 3 to 5 and a kernel of the same rank'
    fail('shape.mismatch', { op, expected, got: [x.shape, w.shape] })
  }
  checkFormat(op, config.padding ?? 'valid', config.dataFormat ?? 'channelsLast', spatial)
  return [x, w] as const
}

function windowsOf(op: string, x: Tensor, window: Shape, { dilationRate = 1, ...rest }: ConvOptions) {
  return windowsOver(op, x.shape.slice(1, -1), window, { ...rest, dilations: dilationRate })
}

/**
 * The convolution of inputs [batch, …, channels] of one to three spatial axes with a kernel [...window, channels, filters]: at each place the
 * sums of the window's elements times the kernel's, as in all deep learning without a flip. Where the kernel has fewer channels, a
 * divisor of the inputs', these are that many groups, each with filters of its own.
 *
 * @param config strides (1), padding ('valid'), dataFormat ('channelsLast'), dilationRate (1)
 * @throws shape.mismatch, argument.type, argument.range, argument.unknown
 *
 * @example
 * lw.ops.conv(lw.ops.broadcastTo(1, [1, 5, 5, 1]), lw.ops.broadcastTo(1, [3, 3, 1, 2])).shape   // [1, 3, 3, 2]
 */
export function conv(inputs: TensorInput, kernel: TensorInput, config: ConvOptions = {}): Tensor {
  const [x, w] = prepare('conv', inputs, kernel, config)
  return applyComposition(`conv${JSON.stringify(config)}`, [x, w], ([x, w]) =>
    channelsLast(config.dataFormat, x as Tensor, (x) => convolve('conv', x, w as Tensor, config)),
  )
}

function convolve(op: string, x: Tensor, w: Tensor, config: ConvOptions): Tensor {
  const [channels, ofKernel] = [x.shape.at(-1) as number, w.shape.at(-2) as number]
  if (channels !== ofKernel && !(ofKernel > 0 && channels % ofKernel === 0)) {
    const expected = `a kernel [...window, channels, filters] whose channels are ${channels} or divide them`
    fail('shape.mismatch', { op, expected, got: [x.shape, w.shape] })
  }
  const groups = ofKernel === 0 ? 1 : channels / ofKernel
  return convolution(x, w, { ...windowsOf(op, x, w.shape.slice(0, -2), config), groups })
}

/**
 * The convolution of each channel by itself, with a kernel [...window, channels, multiplier]: `multiplier` outputs a channel, those of the first
 * channel first.
 *
 * @param config as for `conv`
 * @throws as `conv`
 */
export function depthwiseConv(inputs: TensorInput, kernel: TensorInput, config: ConvOptions = {}): Tensor {
  const [x, w] = prepare('depthwiseConv', inputs, kernel, config)
  return applyComposition(`depthwiseConv${JSON.stringify(config)}`, [x, w], ([x, w]) =>
    channelsLast(config.dataFormat, x as Tensor, (x) => depthwise('depthwiseConv', x, w as Tensor, config)),
  )
}

function depthwise(op: string, x: Tensor, w: Tensor, config: ConvOptions): Tensor {
  const [channels, multiplier] = w.shape.slice(-2) as [number, number]
  if (channels !== x.shape.at(-1)) {
    const expected = `a kernel [...window, ${x.shape.at(-1)}, multiplier]`
    fail('shape.mismatch', { op, expected, got: [x.shape, w.shape] })
  }
  const window = w.shape.slice(0, -2)
  const grouped = reshape(w, [...window, 1, channels * multiplier])
  return convolution(x, grouped, { ...windowsOf(op, x, window, config), groups: Math.max(1, channels) })
}

/**
 * A depthwise convolution, then one of 1 × 1: its kernel is [1, 1, channels * multiplier, filters].
 *
 * @param config as for `conv`; it holds for the depthwise part
 * @throws as `conv`
 */
export function separableConv(
  inputs: TensorInput,
  depthwiseKernel: TensorInput,
  pointwiseKernel: TensorInput,
  config: ConvOptions = {},
): Tensor {
  const op = 'separableConv'
  const [x, w] = prepare(op, inputs, depthwiseKernel, config)
  const point = toTensor(op, pointwiseKernel)
  return applyComposition(`${op}${JSON.stringify(config)}`, [x, w, point], ([x, w, point]) =>
    channelsLast(config.dataFormat, x as Tensor, (x) =>
      convolve(op, depthwise(op, x, w as Tensor, config), point as Tensor, {}),
    ),
  )
}

export interface ConvTransposeOptions extends ConvOptions {
  /** What is added to each extent of the output, less than the stride; default: what makes the usual output of the padding. */
  readonly outputPadding?: number | readonly number[]
}

/**
 * The transpose of a convolution, its gradient by the inputs: from inputs [batch, …, channels] and a kernel [...window, filters, channels] to
 * outputs that are larger by the strides.
 *
 * @param config strides (1), padding ('valid'), outputPadding, dataFormat ('channelsLast'), dilationRate (1)
 * @throws as `conv`
 */
export function convTranspose(
  inputs: TensorInput,
  kernel: TensorInput,
  config: ConvTransposeOptions = {},
): Tensor {
  const { outputPadding, ...rest } = config
  checkOptions('convTranspose', config, [...options, 'outputPadding'])
  const [x, w] = prepare('convTranspose', inputs, kernel, rest)
  // What sees no later input has no transpose that Keras knows.
  checkFormat('convTranspose', config.padding ?? 'valid', config.dataFormat ?? 'channelsLast', 2)
  return applyComposition(`convTranspose${JSON.stringify(config)}`, [x, w], ([x, w]) =>
    channelsLast(config.dataFormat, x as Tensor, (x) => convolveTransposed(x, w as Tensor, config)),
  )
}

function convolveTransposed(x: Tensor, w: Tensor, config: ConvTransposeOptions): Tensor {
  const op = 'convTranspose'
  const { strides = 1, dilationRate = 1, padding = 'valid', outputPadding } = config
  if (w.shape.at(-1) !== x.shape.at(-1)) {
    const expected = `a kernel [...window, filters, ${x.shape.at(-1)}]`
    fail('shape.mismatch', { op, expected, got: [x.shape, w.shape] })
  }
  const spatial = x.rank - 2
  const [steps, dilations] = [
    perAxis(op, 'strides', strides, spatial),
    perAxis(op, 'dilationRate', dilationRate, spatial),
  ]
  const more = [outputPadding ?? null].flat()
  const axes = steps.map((stride, axis) => {
    const reach = reachOf(w.shape[axis]!, dilations[axis]!)
    const extra = more.length === 1 ? more[0]! : more[axis]!
    if (extra !== null && !(Number.isInteger(extra) && extra >= 0 && extra < Math.max(stride, 2))) {
      const expected = `integers from 0 on and below the strides [${steps.join(', ')}]`
      fail('argument.range', { op, argument: 'outputPadding', expected, got: outputPadding })
    }
    return transposedAxis(x.shape[axis + 1]!, reach, stride, padding === 'same', extra)
  })
  const windows: Convolution = {
    strides: steps,
    dilations,
    low: axes.map(({ low }) => low),
    high: axes.map(({ high }) => high),
    groups: 1,
  }
  return convolutionInputGradient(
    x,
    w,
    windows,
    axes.map(({ extent }) => extent),
  )
}

/** Keras's extent of a transposed convolution's output, and what it leaves out on both sides of all that windows reach. */
function transposedAxis(inputs: number, reach: number, stride: number, same: boolean, extra: number | null) {
  if (!same) {
    const extent = (inputs - 1) * stride + reach + (extra ?? Math.max(0, stride - reach))
    return { low: 0, high: 0, extent }
  }
  const length = extra === null ? stride + reach - 2 : reach + (reach % 2) - 2 + extra
  const left = Math.min(Math.ceil(length / 2), reach - 1)
  const [low, right] = [reach - 1 - left, reach - 1 - (length - left)]
  const extent = (inputs - 1) * stride + reach - low - right
  return { low, high: Math.max(0, right), extent }
}
