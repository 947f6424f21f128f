import type { Described } from '../described.js'
import type { LossWeights } from '../losses/reduction.js'
import { add, cast, divideNoNan, multiply, sum as total } from '../ops/index.js'
import { Tensor } from '../tensor.js'
import { defineMetric } from './define.js'
import { Metric, type MetricConfig } from './metric.js'
import { elementWeights, weightedSum } from './weighted-sum.js'

/** A metric of values that are given as they are, not of targets and an output. */
export abstract class ValuesMetric extends Metric {
  /** Takes values [batch, …] into account, as many times as their weights say. */
  override update(values: Tensor, weights: Tensor | LossWeights = {}): void {
    this.take(cast(values, 'float32'), weights instanceof Tensor ? { sampleWeight: weights } : weights)
  }

  protected abstract take(values: Tensor, weights: LossWeights): void
}

class Mean extends ValuesMetric {
  readonly #total = this.addState('total')
  readonly #count = this.addState('count')

  protected override take(values: Tensor, weights: LossWeights): void {
    const { total, count } = weightedSum(this.name, values, weights)
    this.#total.assign(add(this.#total, total))
    this.#count.assign(add(this.#count, count))
  }

  override result(): Tensor {
    return divideNoNan(this.#total.read(), this.#count.read())
  }

  override clone(): Mean {
    return new Mean(this.name)
  }
}

/**
 * The mean of values.
 *
 * @throws argument.unknown
 *
 * @example
 * const metric = lw.metrics.mean()
 * metric.update(lw.tensor([1, 3, 5]), { sampleWeight: [1, 1, 0] })
 * metric.result().item()   // 2
 */
export function mean(config: MetricConfig = {}): ValuesMetric & Described {
  return defineMetric('mean', config, [], (name) => new Mean(name))
}

class Sum extends ValuesMetric {
  readonly #total = this.addState('total')

  protected override take(values: Tensor, weights: LossWeights): void {
    const weight = elementWeights(this.name, weights, values)
    this.#total.assign(add(this.#total, total(weight ? multiply(values, weight) : values)))
  }

  override result(): Tensor {
    return this.#total.read()
  }

  override clone(): Sum {
    return new Sum(this.name)
  }
}

/**
 * The sum of values.
 *
 * @throws argument.unknown
 */
export function sum(config: MetricConfig = {}): ValuesMetric & Described {
  return defineMetric('sum', config, [], (name) => new Sum(name))
}
