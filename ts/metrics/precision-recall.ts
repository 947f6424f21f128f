import type { Described } from '../described.js'
import { checkInteger } from '../options.js'
import type { Tensor } from '../tensor.js'
import {
  ConfusionMetric,
  type ConfusionOptions,
  type Counts,
  checkThresholds,
  precisionOf,
  recallOf,
} from './confusion.js'
import { defineMetric } from './define.js'
import type { MetricConfig } from './metric.js'

/** A confusion metric that is a plain function of the counts. */
class CountsMetric extends ConfusionMetric {
  constructor(
    name: string,
    options: ConfusionOptions,
    private readonly value: (counts: Counts) => Tensor,
  ) {
    super(name, options)
  }

  protected override of(counts: Counts): Tensor {
    return this.value(counts)
  }

  override clone(): CountsMetric {
    return new CountsMetric(this.name, this.options, this.value)
  }
}

export interface CountsConfig extends MetricConfig {
  /** Above which outputs are positive (default 0.5); the result has one element for each of several. */
  readonly thresholds?: number | readonly number[]
}

/**
 * The number of outputs above the threshold whose targets are 1.
 *
 * @throws argument.range, argument.unknown
 */
export function truePositives(config: CountsConfig = {}): ConfusionMetric & Described {
  return countsMetric('truePositives', config, (counts) => counts.truePositives)
}

/**
 * The number of outputs above the threshold whose targets are 0.
 *
 * @throws argument.range, argument.unknown
 */
export function falsePositives(config: CountsConfig = {}): ConfusionMetric & Described {
  return countsMetric('falsePositives', config, (counts) => counts.falsePositives)
}

/**
 * The number of outputs not above the threshold whose targets are 0.
 *
 * @throws argument.range, argument.unknown
 */
export function trueNegatives(config: CountsConfig = {}): ConfusionMetric & Described {
  return countsMetric('trueNegatives', config, (counts) => counts.trueNegatives)
}

/**
 * The number of outputs not above the threshold whose targets are 1.
 *
 * @throws argument.range, argument.unknown
 */
export function falseNegatives(config: CountsConfig = {}): ConfusionMetric & Described {
  return countsMetric('falseNegatives', config, (counts) => counts.falseNegatives)
}

export interface PrecisionConfig extends CountsConfig {
  /** Only the k largest outputs of a sample may be positive: all of them are, unless thresholds are given too. */
  readonly topK?: number
  /** Only this class counts. */
  readonly classId?: number
}

/**
 * The share of the outputs above the threshold whose targets are 1.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * const metric = lw.metrics.precision()
 * metric.update(lw.tensor([1, 0, 1]), lw.tensor([0.9, 0.8, 0.2]))
 * metric.result().item()   // 0.5
 */
export function precision(config: PrecisionConfig = {}): ConfusionMetric & Described {
  return countsMetric('precision', config, precisionOf, ['topK', 'classId'], 'up')
}

/**
 * The share of the targets that are 1 whose outputs are above the threshold.
 *
 * @throws argument.range, argument.unknown
 */
export function recall(config: PrecisionConfig = {}): ConfusionMetric & Described {
  return countsMetric('recall', config, recallOf, ['topK', 'classId'], 'up')
}

function countsMetric(
  className: string,
  config: PrecisionConfig,
  value: (counts: Counts) => Tensor,
  options: readonly string[] = [],
  direction?: 'up',
): ConfusionMetric & Described {
  const { topK, classId } = config
  return defineMetric(
    className,
    config,
    ['thresholds', ...options],
    (name) => {
      if (topK !== undefined) checkInteger(className, 'topK', topK, 1)
      if (classId !== undefined) checkInteger(className, 'classId', classId, 0)
      // Outputs that are not among the k largest are -∞, and the lowest float32 lies between.
      const usual = topK === undefined ? [0.5] : [-3.4e38]
      const { thresholds: given } = config
      const thresholds = given === undefined ? usual : checkThresholds(className, given)
      return new CountsMetric(name, { thresholds, topK, classId }, value)
    },
    direction,
  )
}
