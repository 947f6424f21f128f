import type { Described } from '../described.js'
import { fail } from '../errors.js'
import { classLabels } from '../losses/class-labels.js'
import { logitsOf } from '../losses/logits.js'
import { alignRanks, checkSameShape } from '../losses/ranks.js'
import {
  absolute,
  argmax,
  cast,
  equal,
  expandDims,
  greater,
  less,
  multiply,
  oneHot,
  reshape,
  sum,
  where,
} from '../ops/index.js'
import { checkInteger, checkInterval } from '../options.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { defineMetric } from './define.js'
import { MeanMetric, type MetricConfig } from './metric.js'

/**
 * The share of samples that the output gets right. Which form it takes follows from the shapes, as in Keras: binaryAccuracy for an output with a
 * last axis of 1, sparseCategoricalAccuracy for targets that are class numbers, else categoricalAccuracy.
 *
 * @throws argument.unknown
 *
 * @example
 * const metric = lw.metrics.accuracy()
 * metric.update(lw.tensor([0, 1]), lw.tensor([[0.9, 0.1], [0.8, 0.2]]))
 * metric.result().item()   // 0.5
 */
export function accuracy(config: MetricConfig = {}): MeanMetric & Described {
  const values = (yTrue: Tensor, yPred: Tensor): Tensor => {
    if (yPred.shape.at(-1) === 1 && yPred.rank > 1) return binaryMatches('accuracy', yTrue, yPred, 0.5)
    const oneHotTargets = yTrue.rank > 1 && sameShape(yTrue.shape, yPred.shape)
    return oneHotTargets ? oneHotMatches('accuracy', yTrue, yPred) : sparseMatches('accuracy', yTrue, yPred)
  }
  return defineMetric('accuracy', config, [], (name) => new MeanMetric(name, values), 'up')
}

/**
 * The share of outputs that are on the same side of `threshold` as their targets, which are 0 or 1.
 *
 * @param config threshold (default 0.5); name
 * @throws argument.range, argument.unknown
 */
export function binaryAccuracy(
  config: MetricConfig & { readonly threshold?: number } = {},
): MeanMetric & Described {
  const { threshold = 0.5 } = config
  checkInterval('binaryAccuracy', 'threshold', threshold, { minimum: 0, limit: 1 + Number.EPSILON })
  const values = (yTrue: Tensor, yPred: Tensor) => binaryMatches('binaryAccuracy', yTrue, yPred, threshold)
  return defineMetric('binaryAccuracy', config, ['threshold'], (name) => new MeanMetric(name, values), 'up')
}

/**
 * The share of samples whose largest output is at the largest target: for one-hot targets.
 *
 * @throws argument.unknown
 */
export function categoricalAccuracy(config: MetricConfig = {}): MeanMetric & Described {
  const values = (yTrue: Tensor, yPred: Tensor) => oneHotMatches('categoricalAccuracy', yTrue, yPred)
  return defineMetric('categoricalAccuracy', config, [], (name) => new MeanMetric(name, values), 'up')
}

/**
 * The share of samples whose largest output is at the true class: for targets that are class numbers.
 *
 * @throws argument.unknown
 */
export function sparseCategoricalAccuracy(config: MetricConfig = {}): MeanMetric & Described {
  const values = (yTrue: Tensor, yPred: Tensor) => sparseMatches('sparseCategoricalAccuracy', yTrue, yPred)
  return defineMetric('sparseCategoricalAccuracy', config, [], (name) => new MeanMetric(name, values), 'up')
}

/** How many of the largest outputs count (default 5). */
export interface TopKConfig extends MetricConfig {
  readonly k?: number
}

/**
 * The share of samples whose true class is among the k largest outputs: for one-hot targets.
 *
 * @throws argument.range, argument.unknown
 */
export function topKCategoricalAccuracy(config: TopKConfig = {}): MeanMetric & Described {
  const { k = 5 } = config
  checkInteger('topKCategoricalAccuracy', 'k', k, 1)
  const values = (yTrue: Tensor, yPred: Tensor) => {
    checkSameShape('topKCategoricalAccuracy', yTrue, yPred)
    return topKMatches(argmaxOfRows(cast(yTrue, 'float32')), yPred, k)
  }
  return defineMetric('topKCategoricalAccuracy', config, ['k'], (name) => new MeanMetric(name, values), 'up')
}

/**
 * The share of samples whose true class is among the k largest outputs: for targets that are class numbers.
 *
 * @throws argument.range, argument.unknown
 */
export function sparseTopKCategoricalAccuracy(config: TopKConfig = {}): MeanMetric & Described {
  const { k = 5 } = config
  checkInteger('sparseTopKCategoricalAccuracy', 'k', k, 1)
  const values = (yTrue: Tensor, yPred: Tensor) =>
    topKMatches(classLabels('sparseTopKCategoricalAccuracy', yTrue, yPred), yPred, k)
  return defineMetric(
    'sparseTopKCategoricalAccuracy',
    config,
    ['k'],
    (name) => new MeanMetric(name, values),
    'up',
  )
}

function binaryMatches(op: string, yTrue: Tensor, yPred: Tensor, threshold: number): Tensor {
  const [targets, output] = alignRanks(cast(yTrue, 'float32'), cast(yPred, 'float32'))
  checkSameShape(op, targets, output)
  return equal(targets, cast(greater(output, threshold), 'float32'))
}

function oneHotMatches(op: string, yTrue: Tensor, yPred: Tensor): Tensor {
  checkSameShape(op, yTrue, yPred)
  return matches(op, argmaxOfRows(cast(yTrue, 'float32')), yPred)
}

function sparseMatches(op: string, yTrue: Tensor, yPred: Tensor): Tensor {
  return matches(op, classLabels(op, yTrue, yPred), yPred)
}

/** Whether the largest output is at the label: bool, of the output's shape without its last axis. */
function matches(op: string, labels: Tensor, yPred: Tensor): Tensor {
  if ((yPred.shape.at(-1) ?? 1) < 2) {
    const expected = 'an output [batch, classes] with two classes or more'
    fail('shape.mismatch', { op, expected, got: [yPred.shape] })
  }
  // The largest logit is where the largest probability is.
  const predicted = argmaxOfRows(logitsOf(yPred) ?? yPred)
  return reshape(equal(predicted, labels), yPred.shape.slice(0, -1))
}

/** Whether fewer than k outputs are larger than the label's. */
function topKMatches(labels: Tensor, yPred: Tensor, k: number): Tensor {
  const classes = yPred.shape.at(-1) as number
  const scores = rowsOf(yPred)
  const ofLabel = sum(where(equal(oneHot(labels, classes), 1), scores, 0), { axis: 1 })
  const larger = sum(cast(greater(scores, expandDims(ofLabel, 1)), 'float32'), { axis: 1 })
  const finite = cast(less(absolute(ofLabel), Infinity), 'float32')
  const among = multiply(cast(less(larger, k), 'float32'), finite)
  return reshape(among, yPred.shape.slice(0, -1))
}

function argmaxOfRows(x: Tensor): Tensor {
  return argmax(rowsOf(x), { axis: 1 })
}

function rowsOf(x: Tensor): Tensor {
  const classes = x.shape.at(-1) as number
  return reshape(x, [x.size / Math.max(1, classes), classes])
}
