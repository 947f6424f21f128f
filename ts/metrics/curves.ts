import type { Described } from '../described.js'
import type { LossWeights } from '../losses/reduction.js'
import {
  add,
  divide,
  divideNoNan,
  greater,
  greaterEqual,
  log,
  max,
  maximum,
  minimum,
  multiply,
  sigmoid,
  slice,
  subtract,
  sum,
  where,
} from '../ops/index.js'
import { checkBoolean, checkInteger, checkInterval, lookUp } from '../options.js'
import type { Tensor } from '../tensor.js'
import {
  ConfusionMetric,
  type ConfusionOptions,
  type Counts,
  checkThresholds,
  precisionOf,
  recallOf,
  specificityOf,
} from './confusion.js'
import { defineMetric } from './define.js'
import type { MetricConfig } from './metric.js'

const curves = { ROC: true, PR: true } as const

/** How high the area between two neighbours of a curve is. */
const heights = {
  interpolation: (a: Tensor, b: Tensor) => divide(add(a, b), 2),
  minoring: minimum,
  majoring: maximum,
} as const

export interface AucConfig extends MetricConfig {
  /** How many thresholds the curve is made of, from 0 to 1 evenly (default 200). */
  readonly numThresholds?: number
  /** Thresholds between 0 and 1 in the place of even ones. */
  readonly thresholds?: readonly number[]
  /** Recall over the rate of false positives, 'ROC' (default), or precision over recall, 'PR'. */
  readonly curve?: keyof typeof curves
  /** Default 'interpolation', which for 'PR' is Davis and Goadrich's (2006). */
  readonly summationMethod?: keyof typeof heights
  /** Whether outputs are logits, not probabilities (default false). */
  readonly fromLogits?: boolean
}

interface CurveOptions extends ConfusionOptions {
  readonly curve: keyof typeof curves
  readonly summationMethod: keyof typeof heights
  readonly fromLogits: boolean
}

/** The area under a curve of the confusion matrix. */
class AreaUnderCurve extends ConfusionMetric {
  constructor(
    name: string,
    private readonly curve: CurveOptions,
  ) {
    super(name, curve)
  }

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    super.update(yTrue, this.curve.fromLogits ? sigmoid(yPred) : yPred, weights)
  }

  protected override of(counts: Counts): Tensor {
    const { curve, summationMethod } = this.curve
    if (curve === 'PR' && summationMethod === 'interpolation') return interpolatedPrecision(counts)
    const recall = recallOf(counts)
    const [x, y] =
      curve === 'ROC' ? [subtract(1, specificityOf(counts)), recall] : [recall, precisionOf(counts)]
    const height = heights[summationMethod](before(y), after(y))
    return sum(multiply(subtract(before(x), after(x)), height))
  }

  override clone(): AreaUnderCurve {
    return new AreaUnderCurve(this.name, this.curve)
  }
}

/**
 * The area under the receiver operating characteristic, or under precision over recall: how well an output tells 1 from 0 whatever the
 * threshold.
 *
 * @throws argument.range, argument.type, argument.unknown, name.unknown
 *
 * @example
 * model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: [lw.metrics.auc(), lw.metrics.auc({ curve: 'PR', name: 'pr' })] })
 */
export function auc(config: AucConfig = {}): ConfusionMetric & Described {
  const own = ['numThresholds', 'thresholds', 'curve', 'summationMethod', 'fromLogits']
  return defineMetric(
    'auc',
    config,
    own,
    (name) => {
      const {
        numThresholds = 200,
        curve = 'ROC',
        summationMethod = 'interpolation',
        fromLogits = false,
      } = config
      checkInteger('auc', 'numThresholds', numThresholds, 2)
      checkBoolean('auc', 'fromLogits', fromLogits)
      lookUp('curve of auc', curve, curves)
      lookUp('summationMethod of auc', summationMethod, heights)
      const inner = config.thresholds
        ? [...checkThresholds('auc', config.thresholds)].sort((a, b) => a - b)
        : evenly(numThresholds)
      const thresholds = [-1e-7, ...inner, 1 + 1e-7]
      return new AreaUnderCurve(name, { thresholds, curve, summationMethod, fromLogits })
    },
    'up',
  )
}

export interface OperatingPointConfig extends MetricConfig {
  /** Between how many thresholds, from 0 to 1 evenly, the best is looked for (default 200). */
  readonly numThresholds?: number
  /** Only this class counts. */
  readonly classId?: number
}

/** The best of one rate among the thresholds at which another one is high enough. */
class OperatingPoint extends ConfusionMetric {
  constructor(
    name: string,
    options: ConfusionOptions,
    private readonly least: number,
    private readonly bounded: (counts: Counts) => Tensor,
    private readonly sought: (counts: Counts) => Tensor,
  ) {
    super(name, options)
  }

  protected override of(counts: Counts): Tensor {
    return max(where(greaterEqual(this.bounded(counts), this.least), maximum(this.sought(counts), 0), 0))
  }

  override clone(): OperatingPoint {
    return new OperatingPoint(this.name, this.options, this.least, this.bounded, this.sought)
  }
}

/**
 * The best sensitivity (recall) at a specificity of at least the one given.
 *
 * @throws argument.range, argument.unknown
 */
export function sensitivityAtSpecificity(
  config: OperatingPointConfig & { readonly specificity: number },
): ConfusionMetric & Described {
  return operatingPoint('sensitivityAtSpecificity', config, 'specificity', specificityOf, recallOf)
}

/**
 * The best specificity at a sensitivity (recall) of at least the one given.
 *
 * @throws argument.range, argument.unknown
 */
export function specificityAtSensitivity(
  config: OperatingPointConfig & { readonly sensitivity: number },
): ConfusionMetric & Described {
  return operatingPoint('specificityAtSensitivity', config, 'sensitivity', recallOf, specificityOf)
}

/**
 * The best precision at a recall of at least the one given.
 *
 * @throws argument.range, argument.unknown
 */
export function precisionAtRecall(
  config: OperatingPointConfig & { readonly recall: number },
): ConfusionMetric & Described {
  return operatingPoint('precisionAtRecall', config, 'recall', recallOf, precisionOf)
}

/**
 * The best recall at a precision of at least the one given.
 *
 * @throws argument.range, argument.unknown
 */
export function recallAtPrecision(
  config: OperatingPointConfig & { readonly precision: number },
): ConfusionMetric & Described {
  return operatingPoint('recallAtPrecision', config, 'precision', precisionOf, recallOf)
}

function operatingPoint(
  className: string,
  config: OperatingPointConfig,
  key: string,
  bounded: (counts: Counts) => Tensor,
  sought: (counts: Counts) => Tensor,
): ConfusionMetric & Described {
  return defineMetric(
    className,
    config,
    [key, 'numThresholds', 'classId'],
    (name) => {
      const { numThresholds = 200, classId } = config
      const least = (config as Record<string, unknown>)[key]
      checkInterval(className, key, least, { minimum: 0, limit: 1 + Number.EPSILON })
      checkInteger(className, 'numThresholds', numThresholds, 1)
      if (classId !== undefined) checkInteger(className, 'classId', classId, 0)
      const thresholds = numThresholds === 1 ? [0.5] : [0, ...evenly(numThresholds), 1]
      return new OperatingPoint(name, { thresholds, classId }, least as number, bounded, sought)
    },
    'up',
  )
}

/** The thresholds between 0 and 1, which are left out, of a number of them in all. */
function evenly(count: number): number[] {
  return Array.from({ length: Math.max(0, count - 2) }, (_, i) => (i + 1) / (count - 1))
}

/** All but the last, and all but the first, of what belongs to the thresholds. */
function before(x: Tensor): Tensor {
  return slice(x, [0], [x.size - 1])
}

function after(x: Tensor): Tensor {
  return slice(x, [1], [x.size - 1])
}

/**
 * The area under precision over recall, by Davis and Goadrich's interpolation (2006): between two thresholds true and false positives change
 * in a constant ratio.
 */
function interpolatedPrecision({ truePositives, falsePositives, falseNegatives }: Counts): Tensor {
  const found = add(truePositives, falsePositives)
  const change = subtract(before(truePositives), after(truePositives))
  const slope = divideNoNan(change, maximum(subtract(before(found), after(found)), 0))
  const intercept = subtract(after(truePositives), multiply(slope, after(found)))
  const both = greater(minimum(before(found), after(found)), 0)
  const ratio = where(both, divideNoNan(before(found), maximum(after(found), 0)), 1)
  const area = multiply(slope, add(change, multiply(intercept, log(ratio))))
  const all = maximum(add(after(truePositives), after(falseNegatives)), 0)
  return sum(divideNoNan(area, all))
}
