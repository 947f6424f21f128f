import { type ArrayData, type Batches, isBatches, isWhole, rowsOf } from '../data/arrays.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { epsilon } from '../ops/epsilon.js'
import {
  add,
  cast,
  divide,
  maximum,
  mean,
  multiply,
  reshape,
  sqrt,
  subtract,
  var as varianceOf,
} from '../ops/index.js'
import { checkBoolean, checkOptions } from '../options.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { createTensor, type NestedArray, storageOf, type Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type Axes, axesOf, checkAxes } from './axes.js'
import { knownExtent } from './input-spec.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { RunningMoments } from './running-moments.js'

export interface NormalizationConfig extends LayerConfig {
  /** The axis or axes whose entries have a mean and a variance of their own each; null for one of everything (default -1). */
  readonly axis?: Axes | null
  /** Instead of `adapt`, together with `variance`: numbers that broadcast to the extents of those axes (default none). */
  readonly mean?: NestedArray
  /** As `mean`, and of its shape. */
  readonly variance?: NestedArray
  /** Whether it turns normalized values back (default false). */
  readonly invert?: boolean
}

/** What `adapt` learns from: data in memory, or batches of it, alone or as [x, y]. */
export type AdaptData = ArrayData | readonly ArrayData[] | Batches<ArrayData | readonly ArrayData[]>

/**
 * Subtracts a mean and divides by a standard deviation that are known beforehand: given, or learnt by `adapt`, which makes them weights. Weights:
 * mean and variance, of the extents of `axis`, and count, which is Keras's and always 0.
 */
export class Normalization extends Layer {
  static readonly className = 'normalization'
  override supportsMasking = true
  readonly axis: readonly number[]
  readonly inputMean: NestedArray | undefined
  readonly inputVariance: NestedArray | undefined
  readonly invert: boolean
  mean: Variable | undefined
  variance: Variable | undefined

  constructor(config: NormalizationConfig = {}) {
    checkOptions('normalization', config, [...layerOptions, 'axis', 'mean', 'variance', 'invert'])
    super(config)
    const { axis = -1, mean, variance, invert = false } = config
    this.axis = [axis ?? []].flat()
    if (this.axis.length > 0) checkAxes('normalization', axis)
    checkBoolean('normalization', 'invert', invert)
    if (mean !== undefined || variance !== undefined) checkMoments(this.axis.length, mean, variance)
    this.inputMean = mean
    this.inputVariance = variance
    this.invert = invert
    this.inputSpec = { minRank: 1 }
  }

  override build(inputShape: PartialShape): void {
    const axes = axesOf(this.name, this.axis, inputShape)
    const shape = axes.map((axis) => knownExtent(this.name, inputShape, axis))
    if (this.inputMean === undefined) {
      this.mean = this.addWeight({ name: 'mean', shape, initializer: 'zeros', trainable: false })
      this.variance = this.addWeight({ name: 'variance', shape, initializer: 'ones', trainable: false })
      this.addWeight({ name: 'count', shape: [], initializer: 'zeros', trainable: false, dtype: 'int32' })
    } else this.#checkExtents(shape, inputShape)
    const extents = Object.fromEntries(axes.map((axis, i) => [axis, shape[i] as number]))
    this.inputSpec = { rank: inputShape.length, axes: extents }
  }

  /** Raises unless the given mean broadcasts to these extents. */
  #checkExtents(shape: Shape, got: PartialShape): void {
    const given = shapeOf(this.inputMean as NestedArray)
    const missing = shape.length - given.length
    if (given.every((extent, i) => extent === 1 || extent === shape[i + missing])) return
    const expected = `an input that its mean ${formatShape(given)} broadcasts to along axis ${this.axis.join(', ')}`
    fail('layer.input', { layer: this.name, expected, got })
  }

  override call(x: Tensor): Tensor {
    const mean = this.#align(this.mean, this.inputMean, x)
    const variance = this.#align(this.variance, this.inputVariance, x)
    const deviation = maximum(sqrt(variance), epsilon)
    const value = cast(x, 'float32')
    return this.invert ? add(mean, multiply(value, deviation)) : divide(subtract(value, mean), deviation)
  }

  /** A weight, or numbers in its place, with the axes of the input. */
  #align(weight: Variable | undefined, given: NestedArray | undefined, x: Tensor): Tensor {
    const value =
      weight?.read() ?? createTensor(given as NestedArray, undefined, 'float32', executor().float64)
    const axes = axesOf(this.name, this.axis, x.shape).slice(this.axis.length - value.rank)
    const aligned = new Array<number>(x.rank).fill(1)
    axes.forEach((axis, i) => {
      aligned[axis] = value.shape[i] as number
    })
    return reshape(value, aligned)
  }

  /**
   * Sets mean and variance to those of data, in one pass over it. Data in memory are read before this returns.
   *
   * @param data a tensor or another array, or batches: an array or an iterable of tensors, of [x, y] or of [x, y, sampleWeight], of which it takes x
   * @throws layer.input, data.empty; argument.type when the layer was given a mean
   *
   * @example
   * const normalize = lw.layers.normalization()
   * await normalize.adapt(x)
   * const model = lw.sequential({ layers: [normalize, lw.layers.dense({ units: 1 })] })
   */
  async adapt(data: AdaptData): Promise<void> {
    const op = `adapt of layer '${this.name}'`
    if (this.inputMean !== undefined) {
      const expected = 'left out for a layer that adapts'
      fail('argument.type', { op, argument: 'mean', expected, got: this.inputMean })
    }
    let moments: RunningMoments | undefined
    const include = (given: unknown) => {
      const x = rowsOf(op, 'data', given as ArrayData, undefined)
      this.checkInputShape(x.shape)
      this.ensureBuilt([null, ...x.shape.slice(1)])
      moments ??= new RunningMoments(sizeOf((this.mean as Variable).shape))
      const kept = axesOf(this.name, this.axis, x.shape)
      const axis = x.shape.map((_, i) => i).filter((i) => !kept.includes(i))
      const count = axis.reduce((product, i) => product * (x.shape[i] as number), 1)
      if (count === 0) return
      const value = cast(x, 'float32')
      moments.add(mean(value, { axis }).dataSync(), varianceOf(value, { axis }).dataSync(), count)
    }
    if (isBatches(data)) for await (const batch of data) include(inputOf(batch))
    else if (isList(data)) for (const batch of data) include(inputOf(batch))
    else include(data)
    if (!moments || moments.count === 0) return fail('data.empty', { op })
    const { shape, executor } = this.mean as Variable
    this.mean?.assign(createTensor(moments.mean, shape, 'float32', executor.float64))
    this.variance?.assign(createTensor(moments.variance, shape, 'float32', executor.float64))
  }

  override getConfig(): Record<string, unknown> {
    const { axis, inputMean, inputVariance, invert } = this
    const given = inputMean === undefined ? {} : { mean: inputMean, variance: inputVariance }
    return { ...super.getConfig(), axis, ...given, invert }
  }
}

/** The x of a batch that is x, [x, y] or [x, y, sampleWeight]. */
function inputOf(batch: unknown): unknown {
  return Array.isArray(batch) && isWhole(batch[0]) ? batch[0] : batch
}

/** Whether an array is a list of batches, not numbers. */
function isList(data: unknown): data is readonly unknown[] {
  return Array.isArray(data) && data.length > 0 && data.every((batch) => isWhole(inputOf(batch)))
}

function shapeOf(given: NestedArray): Shape {
  return createTensor(given, undefined, 'float32', true).shape
}

function checkMoment(
  argument: string,
  given: NestedArray,
  expected: string,
  fits: (value: number) => boolean,
): void {
  if (storageOf(createTensor(given, undefined, 'float32', true)).every(fits)) return
  fail('argument.range', { op: 'normalization', argument, expected, got: given })
}

/** Raises unless both are numbers of one shape, with no more axes than have moments of their own. */
function checkMoments(axes: number, mean: NestedArray | undefined, variance: NestedArray | undefined): void {
  const op = 'normalization'
  if (mean === undefined || variance === undefined) {
    const expected = 'given both or neither'
    fail('argument.range', { op, argument: 'mean and variance', expected, got: mean ?? variance })
  }
  const [shape, other] = [shapeOf(mean), shapeOf(variance)]
  checkMoment('mean', mean, 'finite numbers', Number.isFinite)
  checkMoment('variance', variance, 'finite numbers from 0 on', (value) => value >= 0 && value < Infinity)
  if (shape.length > axes) {
    const expected = `a number, or numbers with at most ${axes} axes`
    fail('argument.range', { op, argument: 'mean', expected, got: mean })
  }
  if (!sameShape(shape, other)) {
    const expected = `numbers of the shape of mean, ${formatShape(shape)}`
    fail('argument.range', { op, argument: 'variance', expected, got: variance })
  }
}

/**
 * Normalization by moments that are known beforehand: (x - mean) / √variance, with a deviation of at least 1e-7. They are given, or learnt from
 * data by `adapt` before training; then they are saved with the model.
 *
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * const normalize = lw.layers.normalization()
 * await normalize.adapt(x)
 */
export function normalization(config: NormalizationConfig = {}): Normalization {
  return new Normalization(config)
}
