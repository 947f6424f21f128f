import { executor } from '../executors/choice.js'
import { recordInto } from '../graph/trace.js'
import type { LossWeights } from '../losses/reduction.js'
import { add, cast, divideNoNan } from '../ops/index.js'
import type { Shape } from '../shape.js'
import { filled, type Tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import { weightedSum } from './weighted-sum.js'

/** What every metric can be given. */
export interface MetricConfig {
  /** What logs call it (default: the name of its factory). */
  readonly name?: string
}

/**
 * A number that training reports. Its state is in variables: `update` is part of the training program and changes them, `result` reads
 * them.
 */
export abstract class Metric {
  /** Whether more or less is better, for callbacks that watch it; undefined where nothing says so. */
  direction: 'up' | 'down' | undefined
  readonly #state: Variable[] = []

  constructor(readonly name: string) {}

  /** Takes a batch into account. `weights` say how much each sample counts, and which positions do. */
  abstract update(yTrue: Tensor, yPred: Tensor, weights?: LossWeights): void

  /** The metric over all batches since the last `reset`: a scalar. */
  abstract result(): Tensor

  /** The same metric with a state of its own. */
  abstract clone(): Metric

  /** What the constructor, or the factory, takes to make an equal one. */
  getConfig(): Record<string, unknown> {
    return { name: this.name }
  }

  toString(): string {
    return `${this.constructor.name} '${this.name}'`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** Forgets all batches. */
  reset(): void {
    for (const variable of this.#state) variable.assign(filled(variable.shape, 0, variable.executor.float64))
  }

  /** A float32 variable of zeros, for constructors. */
  protected addState(name: string, shape: Shape = []): Variable {
    const variable = recordInto(
      undefined,
      () => new Variable(filled(shape, 0, executor().float64), `${this.name}/${name}`, false),
    )
    this.#state.push(variable)
    return variable
  }
}

/** The mean over all samples of a function of targets and outputs: one value for each sample, of any dtype but uint8. */
export class MeanMetric extends Metric {
  readonly #total = this.addState('total')
  readonly #count = this.addState('count')

  constructor(
    name: string,
    protected readonly values: (yTrue: Tensor, yPred: Tensor) => Tensor,
  ) {
    super(name)
  }

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    const values = cast(this.values(yTrue, yPred), 'float32')
    const { total, count } = weightedSum(this.name, values, weights)
    this.#total.assign(add(this.#total, total))
    this.#count.assign(add(this.#count, count))
  }

  override result(): Tensor {
    return divideNoNan(this.#total.read(), this.#count.read())
  }

  override clone(): MeanMetric {
    return Object.assign(new MeanMetric(this.name, this.values), { direction: this.direction })
  }
}
