import type { Described } from '../described.js'
import {
  type BinaryCrossentropyConfig,
  binaryCrossentropy as binaryCrossentropyLoss,
} from '../losses/binary-crossentropy.js'
import {
  type CategoricalCrossentropyConfig,
  categoricalCrossentropy as categoricalCrossentropyLoss,
} from '../losses/categorical-crossentropy.js'
import {
  categoricalHinge as categoricalHingeLoss,
  hinge as hingeLoss,
  squaredHinge as squaredHingeLoss,
} from '../losses/hinge.js'
import type { LossConfig, LossFunction } from '../losses/loss.js'
import { alignRanks } from '../losses/ranks.js'
import * as regression from '../losses/regression.js'
import {
  type SparseCategoricalCrossentropyConfig,
  sparseCategoricalCrossentropy as sparseCategoricalCrossentropyLoss,
} from '../losses/sparse-categorical-crossentropy.js'
import { cast, sqrt } from '../ops/index.js'
import type { Tensor } from '../tensor.js'
import { defineMetric } from './define.js'
import { MeanMetric, type MetricConfig } from './metric.js'

/** The mean of (target - output)², as the loss of that name. */
export function meanSquaredError(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('meanSquaredError', config, regression.meanSquaredError)
}

/** The mean of |target - output|, as the loss of that name. */
export function meanAbsoluteError(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('meanAbsoluteError', config, regression.meanAbsoluteError)
}

/** The mean of 100 · |target - output| / |target|, as the loss of that name. */
export function meanAbsolutePercentageError(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('meanAbsolutePercentageError', config, regression.meanAbsolutePercentageError)
}

/** The mean of (log(target + 1) - log(output + 1))², as the loss of that name. */
export function meanSquaredLogarithmicError(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('meanSquaredLogarithmicError', config, regression.meanSquaredLogarithmicError)
}

/** The mean of log(cosh(output - target)), as the loss of that name. */
export function logCoshError(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('logCoshError', config, regression.logCosh)
}

/** The mean of Σ target · log(target / output), as the loss of that name. */
export function klDivergence(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('klDivergence', config, regression.klDivergence)
}

/** The mean of output - target · log(output), as the loss of that name. */
export function poisson(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('poisson', config, regression.poisson)
}

/** The mean of max(1 - target · output, 0), as the loss of that name. */
export function hinge(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('hinge', config, hingeLoss)
}

/** The mean of max(1 - target · output, 0)², as the loss of that name. */
export function squaredHinge(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('squaredHinge', config, squaredHingeLoss)
}

/** The mean of max(1 + the largest wrong score - the true one, 0), as the loss of that name. */
export function categoricalHinge(config: MetricConfig = {}): MeanMetric & Described {
  return ofLoss('categoricalHinge', config, categoricalHingeLoss)
}

/**
 * The mean of the loss of that name.
 *
 * @param config name, and what the loss takes but its reduction
 * @throws argument.*
 */
export function binaryCrossentropy(
  config: MetricConfig & Omit<BinaryCrossentropyConfig, 'reduction' | 'axis'> = {},
): MeanMetric & Described {
  return ofLoss('binaryCrossentropy', config, binaryCrossentropyLoss, ['fromLogits', 'labelSmoothing'])
}

/**
 * The mean of the loss of that name.
 *
 * @param config name, and what the loss takes but its reduction
 * @throws argument.*
 */
export function categoricalCrossentropy(
  config: MetricConfig & Omit<CategoricalCrossentropyConfig, 'reduction'> = {},
): MeanMetric & Described {
  return ofLoss('categoricalCrossentropy', config, categoricalCrossentropyLoss, [
    'fromLogits',
    'labelSmoothing',
    'axis',
  ])
}

/**
 * The mean of the loss of that name.
 *
 * @param config name, and what the loss takes but its reduction
 * @throws argument.*
 */
export function sparseCategoricalCrossentropy(
  config: MetricConfig & Omit<SparseCategoricalCrossentropyConfig, 'reduction'> = {},
): MeanMetric & Described {
  return ofLoss('sparseCategoricalCrossentropy', config, sparseCategoricalCrossentropyLoss, [
    'fromLogits',
    'ignoreClass',
    'axis',
  ])
}

/**
 * The mean cosine of the angle between target and output, along an axis (default -1).
 *
 * @throws argument.unknown
 */
export function cosineSimilarity(
  config: MetricConfig & { readonly axis?: number } = {},
): MeanMetric & Described {
  return defineMetric(
    'cosineSimilarity',
    config,
    ['axis'],
    (name) => {
      const { axis = -1 } = config
      const values = (yTrue: Tensor, yPred: Tensor) => {
        const [targets, output] = alignRanks(cast(yTrue, 'float32'), yPred)
        return regression.cosineOf('cosineSimilarity', targets, output, axis)
      }
      return new MeanMetric(name, values)
    },
    'up',
  )
}

/** The square root of a mean. */
class RootMetric extends MeanMetric {
  override result(): Tensor {
    return sqrt(super.result())
  }

  override clone(): RootMetric {
    return new RootMetric(this.name, this.values)
  }
}

/** The square root of the mean of (target - output)². */
export function rootMeanSquaredError(config: MetricConfig = {}): MeanMetric & Described {
  const { values } = regression.meanSquaredError()
  return defineMetric('rootMeanSquaredError', config, [], (name) => new RootMetric(name, values), 'down')
}

/** The mean of the values of a loss. */
function ofLoss<Config extends LossConfig>(
  className: string,
  config: MetricConfig & Config,
  loss: (config: Config) => LossFunction,
  options: readonly string[] = [],
): MeanMetric & Described {
  const { name: _, ...given } = config
  return defineMetric(
    className,
    config,
    options,
    (name) => new MeanMetric(name, loss(given as unknown as Config).values),
    'down',
  )
}
