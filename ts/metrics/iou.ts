import type { Described } from '../described.js'
import { fail } from '../errors.js'
import type { LossWeights } from '../losses/reduction.js'
import {
  add,
  argmax,
  cast,
  divideNoNan,
  equal,
  greaterEqual,
  matmul,
  multiply,
  oneHot,
  reshape,
  subtract,
  sum,
  take,
  transpose,
  where,
} from '../ops/index.js'
import { checkBoolean, checkInteger, checkInterval } from '../options.js'
import { type Tensor, tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { defineMetric } from './define.js'
import { Metric, type MetricConfig } from './metric.js'
import { elementWeights } from './weighted-sum.js'

export interface MeanIoUConfig extends MetricConfig {
  readonly numClasses: number
  /** The class number of targets that do not count (default none). */
  readonly ignoreClass?: number
  /** Whether targets are class numbers (default true), not scores of the classes. */
  readonly sparseYTrue?: boolean
  /** Whether outputs are class numbers (default true), not scores of the classes. */
  readonly sparseYPred?: boolean
  /** The axis of the classes, where they have one (default -1). */
  readonly axis?: number
}

export interface IoUConfig extends MeanIoUConfig {
  /** The classes that the mean is over. */
  readonly targetClassIds: readonly number[]
}

interface Options {
  readonly numClasses: number
  readonly ignoreClass: number | undefined
  /** How class numbers, int32 of any shape, are made of targets and outputs. */
  readonly targets: (yTrue: Tensor) => Tensor
  readonly predictions: (yPred: Tensor) => Tensor
  /** The classes that the mean is over; undefined: all that occur. */
  readonly classes: readonly number[] | undefined
}

class IntersectionOverUnion extends Metric {
  /** [target, prediction]. */
  readonly #confusion: Variable

  constructor(
    name: string,
    private readonly options: Options,
  ) {
    super(name)
    this.#confusion = this.addState('confusion', [options.numClasses, options.numClasses])
  }

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    const { numClasses, ignoreClass, targets, predictions } = this.options
    const labels = targets(yTrue)
    const predicted = predictions(yPred)
    if (labels.size !== predicted.size) {
      const expected = 'a class for each target and output'
      fail('shape.mismatch', { op: this.name, expected, got: [labels.shape, predicted.shape] })
    }
    const weight = elementWeights(this.name, weights, labels)
    // Numbers that are no class give rows of zeros.
    const rows = oneHot(reshape(labels, [labels.size]), numClasses)
    const column = (x: Tensor) => reshape(x, [labels.size, 1])
    const weighted = weight ? multiply(rows, column(weight)) : rows
    const kept = ignoreClass === undefined ? weighted : where(equal(column(labels), ignoreClass), 0, weighted)
    const counts = matmul(transpose(kept), oneHot(reshape(predicted, [labels.size]), numClasses))
    this.#confusion.assign(add(this.#confusion, counts))
  }

  override result(): Tensor {
    const { numClasses, classes } = this.options
    const identity = oneHot(tensor(Int32Array.from({ length: numClasses }, (_, i) => i)), numClasses)
    const both = sum(multiply(this.#confusion, identity), { axis: 0 })
    const either = subtract(add(sum(this.#confusion, { axis: 0 }), sum(this.#confusion, { axis: 1 })), both)
    const pick = (x: Tensor) => (classes ? take(x, tensor(Int32Array.from(classes))) : x)
    const [common, union] = [pick(both), pick(either)]
    const occurring = sum(cast(subtract(1, cast(equal(union, 0), 'float32')), 'float32'))
    return divideNoNan(sum(divideNoNan(common, union)), occurring)
  }

  override clone(): IntersectionOverUnion {
    return new IntersectionOverUnion(this.name, this.options)
  }
}

const iouOptions = ['numClasses', 'ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis']

/**
 * The mean over the classes of |target ∩ output| / |target ∪ output|, for class numbers of any shape.
 *
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * const metric = lw.metrics.meanIoU({ numClasses: 2 })
 * metric.update(lw.tensor([0, 0, 1, 1]), lw.tensor([0, 1, 0, 1]))
 * metric.result().item()   // 0.3333
 */
export function meanIoU(config: MeanIoUConfig): Metric & Described {
  return defineMetric(
    'meanIoU',
    config,
    iouOptions,
    (name) => {
      return new IntersectionOverUnion(name, { ...checkIoU('meanIoU', config), classes: undefined })
    },
    'up',
  )
}

/**
 * The mean over some classes of |target ∩ output| / |target ∪ output|, for class numbers of any shape.
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function iou(config: IoUConfig): Metric & Described {
  return defineMetric(
    'iou',
    config,
    [...iouOptions, 'targetClassIds'],
    (name) => {
      const options = checkIoU('iou', config)
      return new IntersectionOverUnion(name, { ...options, classes: checkClasses('iou', config) })
    },
    'up',
  )
}

/** Targets are one-hot, and outputs scores of the classes unless `sparseYPred` is true. */
export type OneHotMeanIoUConfig = Omit<MeanIoUConfig, 'sparseYTrue'>

/**
 * meanIoU of one-hot targets and scores of the classes.
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function oneHotMeanIoU(config: OneHotMeanIoUConfig): Metric & Described {
  const own = iouOptions.filter((option) => option !== 'sparseYTrue')
  return defineMetric(
    'oneHotMeanIoU',
    config,
    own,
    (name) => {
      const options = checkIoU('oneHotMeanIoU', { sparseYPred: false, ...config, sparseYTrue: false })
      return new IntersectionOverUnion(name, { ...options, classes: undefined })
    },
    'up',
  )
}

/**
 * iou of one-hot targets and scores of the classes.
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function oneHotIoU(config: Omit<IoUConfig, 'sparseYTrue'>): Metric & Described {
  const own = iouOptions.filter((option) => option !== 'sparseYTrue')
  return defineMetric(
    'oneHotIoU',
    config,
    [...own, 'targetClassIds'],
    (name) => {
      const options = checkIoU('oneHotIoU', { sparseYPred: false, ...config, sparseYTrue: false })
      return new IntersectionOverUnion(name, { ...options, classes: checkClasses('oneHotIoU', config) })
    },
    'up',
  )
}

export interface BinaryIoUConfig extends MetricConfig {
  /** Default [0, 1]. */
  readonly targetClassIds?: readonly number[]
  /** From which output on the class is 1 (default 0.5). */
  readonly threshold?: number
}

/**
 * The mean over classes 0 and 1 of |target ∩ output| / |target ∪ output|, for targets 0 and 1 and outputs of the same shape.
 *
 * @throws argument.range, argument.unknown
 */
export function binaryIoU(config: BinaryIoUConfig = {}): Metric & Described {
  return defineMetric(
    'binaryIoU',
    config,
    ['targetClassIds', 'threshold'],
    (name) => {
      const { targetClassIds = [0, 1], threshold = 0.5 } = config
      checkInterval('binaryIoU', 'threshold', threshold, { minimum: 0, limit: 1 })
      return new IntersectionOverUnion(name, {
        numClasses: 2,
        ignoreClass: undefined,
        targets: (yTrue) => cast(yTrue, 'int32'),
        predictions: (yPred) => cast(greaterEqual(yPred, threshold), 'int32'),
        classes: checkClasses('binaryIoU', { numClasses: 2, targetClassIds }),
      })
    },
    'up',
  )
}

function checkIoU(op: string, config: MeanIoUConfig): Omit<Options, 'classes'> {
  const { numClasses, ignoreClass, sparseYTrue = true, sparseYPred = true, axis = -1 } = config
  checkInteger(op, 'numClasses', numClasses, 1)
  checkBoolean(op, 'sparseYTrue', sparseYTrue)
  checkBoolean(op, 'sparseYPred', sparseYPred)
  const numbers = (sparse: boolean) => (x: Tensor) => (sparse ? cast(x, 'int32') : argmax(x, { axis }))
  return { numClasses, ignoreClass, targets: numbers(sparseYTrue), predictions: numbers(sparseYPred) }
}

function checkClasses(
  op: string,
  { numClasses, targetClassIds }: { numClasses: number; targetClassIds: readonly number[] },
): readonly number[] {
  const valid = (id: number) => Number.isInteger(id) && id >= 0 && id < numClasses
  if (!Array.isArray(targetClassIds) || targetClassIds.length === 0 || !targetClassIds.every(valid)) {
    const expected = `an array of class numbers below ${numClasses}`
    fail('argument.range', { op, argument: 'targetClassIds', expected, got: targetClassIds })
  }
  return targetClassIds
}
