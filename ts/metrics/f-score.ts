import type { Described } from '../described.js'
import { fail } from '../errors.js'
import { epsilon } from '../losses/epsilon.js'
import { checkSameShape } from '../losses/ranks.js'
import type { LossWeights } from '../losses/reduction.js'
import {
  absolute,
  add,
  cast,
  divide,
  greater,
  greaterEqual,
  max,
  mean,
  multiply,
  subtract,
  sum,
} from '../ops/index.js'
import { checkPositive } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { defineMetric } from './define.js'
import { Metric, type MetricConfig } from './metric.js'
import { elementWeights } from './weighted-sum.js'

export interface F1ScoreConfig extends MetricConfig {
  /**
   * How the scores of the classes become one: 'micro' counts all classes together, 'macro' is their mean, 'weighted' weighs them by how many
   * targets there are; null (default) keeps them.
   */
  readonly average?: 'micro' | 'macro' | 'weighted' | null
  /** Above which outputs are positive; default: the largest output of each sample is. */
  readonly threshold?: number
}

export interface FBetaScoreConfig extends F1ScoreConfig {
  /** How much more recall counts than precision (default 1). */
  readonly beta?: number
}

interface Options {
  readonly average: 'micro' | 'macro' | 'weighted' | null
  readonly threshold: number | undefined
  readonly beta: number
}

/** The state, which has the number of classes that the first batch shows. */
interface State {
  readonly truePositives: Variable
  readonly falsePositives: Variable
  readonly falseNegatives: Variable
  readonly targets: Variable
}

class FBetaScore extends Metric {
  #state: State | undefined

  constructor(
    name: string,
    private readonly options: Options,
  ) {
    super(name)
  }

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    checkSameShape(this.name, yTrue, yPred)
    if (yPred.rank !== 2) {
      const expected = 'targets and an output [batch, classes]'
      fail('shape.mismatch', { op: this.name, expected, got: [yTrue.shape, yPred.shape] })
    }
    const { average, threshold } = this.options
    const shape = average === 'micro' ? [] : yPred.shape.slice(1)
    this.#state ??= {
      truePositives: this.addState('truePositives', shape),
      falsePositives: this.addState('falsePositives', shape),
      falseNegatives: this.addState('falseNegatives', shape),
      targets: this.addState('targets', shape),
    }
    const targets = cast(yTrue, 'float32')
    const predicted = threshold === undefined ? largest(yPred) : cast(greater(yPred, threshold), 'float32')
    const weight = elementWeights(this.name, weights, targets)
    const count = (variable: Variable, values: Tensor) => {
      const weighted = weight ? multiply(values, weight) : values
      variable.assign(add(variable, sum(weighted, { axis: average === 'micro' ? null : 0 })))
    }
    count(this.#state.truePositives, multiply(predicted, targets))
    count(this.#state.falsePositives, multiply(predicted, subtract(1, targets)))
    count(this.#state.falseNegatives, multiply(subtract(1, predicted), targets))
    count(this.#state.targets, targets)
  }

  override result(): Tensor {
    const { average, beta } = this.options
    const { truePositives, falsePositives, falseNegatives, targets } = this.#state ?? {}
    if (!truePositives || !falsePositives || !falseNegatives || !targets) return cast(0, 'float32')
    const share = (part: Tensor | Variable, whole: Tensor) => divide(part, add(whole, epsilon))
    const precision = share(truePositives, add(truePositives, falsePositives))
    const recall = share(truePositives, add(truePositives, falseNegatives))
    const quotient = share(multiply(precision, recall), add(multiply(precision, beta * beta), recall))
    const scores = multiply(quotient, 1 + beta * beta)
    if (average === 'weighted') return sum(multiply(scores, share(targets, sum(targets))))
    return average === null ? scores : mean(scores)
  }

  override clone(): FBetaScore {
    return new FBetaScore(this.name, this.options)
  }
}

/**
 * The harmonic mean of precision and recall, weighted by beta, for one-hot or multi-hot targets [batch, classes].
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.metrics.fBetaScore({ beta: 2, average: 'macro', threshold: 0.5 })
 */
export function fBetaScore(config: FBetaScoreConfig = {}): Metric & Described {
  return fScore('fBetaScore', config, ['average', 'threshold', 'beta'])
}

/**
 * The harmonic mean of precision and recall, for one-hot or multi-hot targets [batch, classes].
 *
 * @throws argument.range, argument.unknown
 */
export function f1Score(config: F1ScoreConfig = {}): Metric & Described {
  return fScore('f1Score', config, ['average', 'threshold'])
}

function fScore(className: string, config: FBetaScoreConfig, options: readonly string[]): Metric & Described {
  return defineMetric(
    className,
    config,
    options,
    (name) => {
      const { average = null, threshold, beta = 1 } = config
      if (![null, 'micro', 'macro', 'weighted'].includes(average)) {
        const expected = "'micro', 'macro', 'weighted' or null"
        fail('argument.range', { op: className, argument: 'average', expected, got: average })
      }
      checkPositive(className, 'beta', beta)
      if (threshold !== undefined) checkPositive(className, 'threshold', threshold, 1 + Number.EPSILON)
      return new FBetaScore(name, { average, threshold, beta })
    },
    'up',
  )
}

/** 1 at the largest output of each row, unless it is zero. */
function largest(yPred: Tensor): Tensor {
  const top = greaterEqual(yPred, max(yPred, { axis: -1, keepdims: true }))
  return multiply(cast(top, 'float32'), cast(greater(absolute(yPred), 1e-9), 'float32'))
}
