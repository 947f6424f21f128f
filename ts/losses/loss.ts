import { type Described, describe } from '../described.js'
import { refusePromise } from '../graph/trace.js'
import { toTensor } from '../ops/apply.js'
import { cast } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { alignRanks } from './ranks.js'
import { checkReduction, type LossWeights, type Reduction, reduceWeighted } from './reduction.js'

/** What every loss can be given. */
export interface LossConfig {
  /** What becomes of the values of a batch (default 'sumOverBatchSize', their mean). */
  readonly reduction?: Reduction
}

/**
 * What targets are, for checks before training: 'values' of the output's shape; 'classes', one class number in place of the output's last axis;
 * 'oneHot', a probability for each class; 'binary', values from 0 to 1 of the output's shape.
 */
export type Targets = 'values' | 'classes' | 'oneHot' | 'binary'

/** The values of targets and output before weights and reduction: one for each sample, or for each position of it, [batch, …]. */
export type LossValues = (yTrue: Tensor, yPred: Tensor) => Tensor

/** What `compile` takes for a loss beside names: any function of targets and output that gives one value for each sample, or one number. */
export type CustomLoss = LossValues

/** What training minimizes. Called, it weights, masks and reduces its values to a number, as Keras's losses do. */
export interface LossFunction extends Partial<Described> {
  (yTrue: Tensor, yPred: Tensor, weights?: LossWeights): Tensor
  /** One value for each sample, or for each position of it, before weights and reduction. */
  readonly values: LossValues
  readonly reduction: Reduction
  /** Unknown for losses of one's own. */
  readonly targets?: Targets
  /** The class number that marks a target to be left out, of losses that know one. */
  readonly ignoreClass?: number
}

/** What a loss is made of. */
interface LossDefinition {
  readonly config?: LossConfig
  readonly targets?: Targets
  readonly ignoreClass?: number | undefined
  readonly values: LossValues
  /** Which values count, as bool of their shape: the others are masked (default: all). */
  readonly valid?: (yTrue: Tensor, yPred: Tensor) => Tensor | undefined
}

/**
 * The loss of a function of values. That gets targets and output as float32 (class numbers stay as they are), with equal ranks where one of them
 * has a last axis of extent 1 more.
 *
 * @param className the public name of the factory that makes it of `config`
 */
export function defineLoss(className: string, definition: LossDefinition): LossFunction & Described {
  const { config = {}, targets, ignoreClass, valid } = definition
  const { reduction = 'sumOverBatchSize' } = config
  checkReduction(className, reduction)
  const aligned = (yTrue: Tensor, yPred: Tensor) =>
    alignRanks(targets === 'classes' ? yTrue : cast(yTrue, 'float32'), cast(yPred, 'float32'))
  const values = (yTrue: Tensor, yPred: Tensor) => definition.values(...aligned(yTrue, yPred))
  const loss = (yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): Tensor => {
    checkOptions(className, weights, ['sampleWeight', 'mask'])
    const counted = valid?.(...aligned(yTrue, yPred))
    return reduceWeighted(className, values(yTrue, yPred), { ...weights, valid: counted }, reduction)
  }
  const properties = {
    values,
    reduction,
    ...(targets && { targets }),
    ...(ignoreClass !== undefined && { ignoreClass }),
  }
  return describe(Object.assign(loss, properties), className, config)
}

/**
 * The base of losses of one's own that have a configuration. A subclass computes its values in `call`; a loss without a configuration can be a
 * plain function.
 *
 * @example
 * class Pinball extends lw.losses.Loss {
 *   constructor(private readonly quantile: number) {
 *     super()
 *   }
 *   call(yTrue: lw.Tensor, yPred: lw.Tensor) {
 *     const error = lw.ops.subtract(yTrue, yPred)
 *     const either = lw.ops.maximum(lw.ops.multiply(error, this.quantile), lw.ops.multiply(error, this.quantile - 1))
 *     return lw.ops.mean(either, { axis: -1 })
 *   }
 * }
 */
export abstract class Loss {
  readonly reduction: Reduction

  constructor({ reduction = 'sumOverBatchSize' }: LossConfig = {}) {
    checkReduction(new.target.name, reduction)
    this.reduction = reduction
  }

  /** One value for each sample, or for each position of it: [batch, …]. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor

  /** The values weighted, masked and reduced. */
  apply(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): Tensor {
    checkOptions(this.constructor.name, weights, ['sampleWeight', 'mask'])
    return wrapLoss(this)(yTrue, yPred, weights)
  }

  /** What the constructor takes to make an equal one. */
  getConfig(): Record<string, unknown> {
    return { reduction: this.reduction }
  }
}

/** A loss of one's own in the form that the library's have. Its values may be one number. */
export function wrapLoss(given: Loss | CustomLoss): LossFunction {
  const [name, reduction] =
    given instanceof Loss
      ? [given.constructor.name, given.reduction]
      : [given.name || 'loss', 'sumOverBatchSize' as const]
  const values: LossValues = (yTrue, yPred) => {
    const [targets, output] = alignRanks(yTrue, yPred)
    const value = given instanceof Loss ? given.call(targets, output) : given(targets, output)
    refusePromise(name, value)
    return toTensor(name, value)
  }
  const loss = (yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}) =>
    reduceWeighted(name, values(yTrue, yPred), weights, reduction)
  return Object.assign(loss, { values, reduction })
}
