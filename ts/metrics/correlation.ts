import type { Described } from '../described.js'
import { epsilon } from '../losses/epsilon.js'
import { alignRanks, checkSameShape } from '../losses/ranks.js'
import { add, cast, divide, mean, multiply, square, std, subtract, var as variance } from '../ops/index.js'
import type { Tensor } from '../tensor.js'
import { defineMetric } from './define.js'
import { MeanMetric, type MetricConfig } from './metric.js'

export interface CorrelationConfig extends MetricConfig {
  /** The axis along which targets and outputs are compared (default -1). */
  readonly axis?: number
}

/**
 * The mean of Pearson's correlation of targets and output along an axis; NaN where one of them is constant.
 *
 * @throws argument.unknown
 */
export function pearsonCorrelation(config: CorrelationConfig = {}): MeanMetric & Described {
  return correlation('pearsonCorrelation', config, (yTrue, yPred, axis) => {
    const along = { axis, keepdims: true }
    const standard = (x: Tensor) => divide(subtract(x, mean(x, along)), std(x, along))
    return mean(multiply(standard(yTrue), standard(yPred)), { axis })
  })
}

/**
 * The mean of Lin's concordance correlation (1989) of targets and output along an axis: 1 where they are equal.
 *
 * @throws argument.unknown
 */
export function concordanceCorrelation(config: CorrelationConfig = {}): MeanMetric & Described {
  return correlation('concordanceCorrelation', config, (yTrue, yPred, axis) => {
    const along = { axis, keepdims: true }
    const [targets, outputs] = [mean(yTrue, along), mean(yPred, along)]
    const covariance = multiply(subtract(yTrue, targets), subtract(yPred, outputs))
    const spread = add(
      add(variance(yTrue, along), variance(yPred, along)),
      square(subtract(targets, outputs)),
    )
    return mean(divide(multiply(covariance, 2), add(spread, epsilon)), { axis })
  })
}

function correlation(
  className: string,
  config: CorrelationConfig,
  along: (yTrue: Tensor, yPred: Tensor, axis: number) => Tensor,
): MeanMetric & Described {
  const { axis = -1 } = config
  const values = (yTrue: Tensor, yPred: Tensor) => {
    const [targets, output] = alignRanks(cast(yTrue, 'float32'), yPred)
    checkSameShape(className, targets, output)
    return along(targets, output, axis)
  }
  return defineMetric(className, config, ['axis'], (name) => new MeanMetric(name, values), 'up')
}
