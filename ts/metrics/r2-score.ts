import type { Described } from '../described.js'
import { fail } from '../errors.js'
import { alignRanks, checkSameShape } from '../losses/ranks.js'
import type { LossWeights } from '../losses/reduction.js'
import {
  absolute,
  add,
  broadcastTo,
  cast,
  divide,
  equal,
  greater,
  mean,
  multiply,
  square,
  subtract,
  sum,
  where,
} from '../ops/index.js'
import { checkInteger } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { defineMetric } from './define.js'
import { Metric, type MetricConfig } from './metric.js'
import { elementWeights } from './weighted-sum.js'

export interface R2ScoreConfig extends MetricConfig {
  /** How the scores of several outputs become one (default 'uniformAverage'); null keeps them. */
  readonly classAggregation?: 'uniformAverage' | 'varianceWeightedAverage' | null
  /** The number of independent variables, for the adjusted score (default 0: not adjusted). */
  readonly numRegressors?: number
}

interface State {
  readonly squares: Variable
  readonly sums: Variable
  readonly residuals: Variable
  readonly counts: Variable
}

class R2Score extends Metric {
  readonly #samples = this.addState('samples')
  #state: State | undefined

  constructor(
    name: string,
    private readonly options: Required<Omit<R2ScoreConfig, 'name'>>,
  ) {
    super(name)
  }

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    const [targets, output] = alignRanks(cast(yTrue, 'float32'), yPred)
    checkSameShape(this.name, targets, output)
    if (output.rank !== 2) {
      const expected = 'targets and an output [batch, values]'
      fail('shape.mismatch', { op: this.name, expected, got: [targets.shape, output.shape] })
    }
    const shape = output.shape.slice(1)
    this.#state ??= {
      squares: this.addState('squares', shape),
      sums: this.addState('sums', shape),
      residuals: this.addState('residuals', shape),
      counts: this.addState('counts', shape),
    }
    const weight = elementWeights(this.name, weights, targets) ?? broadcastTo(1, targets.shape)
    const count = (variable: Variable, values: Tensor) =>
      variable.assign(add(variable, sum(values, { axis: 0 })))
    const weighted = multiply(targets, weight)
    count(this.#state.sums, weighted)
    count(this.#state.squares, multiply(targets, weighted))
    count(this.#state.residuals, multiply(square(subtract(targets, output)), weight))
    count(this.#state.counts, weight)
    this.#samples.assign(add(this.#samples, targets.size))
  }

  override result(): Tensor {
    if (!this.#state) return cast(0, 'float32')
    const { squares, sums, residuals, counts } = this.#state
    const total = subtract(squares, divide(square(sums), counts))
    const raw = subtract(1, divide(residuals, total))
    const scores = where(equal(absolute(raw), Infinity), 0, raw)
    const { classAggregation, numRegressors } = this.options
    const score = aggregated(scores, total, classAggregation)
    if (numRegressors === 0) return score
    const freedom = subtract(this.#samples, numRegressors + 1)
    const adjusted = subtract(1, divide(multiply(subtract(1, score), subtract(this.#samples, 1)), freedom))
    return where(greater(freedom, 0), adjusted, score)
  }

  override clone(): R2Score {
    return new R2Score(this.name, this.options)
  }
}

function aggregated(scores: Tensor, variances: Tensor, how: R2ScoreConfig['classAggregation']): Tensor {
  if (how === null) return scores
  if (how === 'uniformAverage') return mean(scores)
  return divide(sum(multiply(scores, variances)), sum(variances))
}

/**
 * The coefficient of determination: 1 less the share of the targets' variance that the output leaves, for targets and outputs [batch, values].
 *
 * @throws argument.range, argument.unknown
 */
export function r2Score(config: R2ScoreConfig = {}): Metric & Described {
  return defineMetric(
    'r2Score',
    config,
    ['classAggregation', 'numRegressors'],
    (name) => {
      const { classAggregation = 'uniformAverage', numRegressors = 0 } = config
      if (![null, 'uniformAverage', 'varianceWeightedAverage'].includes(classAggregation)) {
        const expected = "'uniformAverage', 'varianceWeightedAverage' or null"
        fail('argument.range', {
          op: 'r2Score',
          argument: 'classAggregation',
          expected,
          got: classAggregation,
        })
      }
      checkInteger('r2Score', 'numRegressors', numRegressors, 0)
      return new R2Score(name, { classAggregation, numRegressors })
    },
    'up',
  )
}
