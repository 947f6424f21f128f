import { fail } from '../errors.js'
import { alignRanks, checkSameShape } from '../losses/ranks.js'
import type { LossWeights } from '../losses/reduction.js'
import { toTensor } from '../ops/apply.js'
import {
  add,
  cast,
  divideNoNan,
  greater,
  matmul,
  multiply,
  reshape,
  slice,
  subtract,
  sum,
} from '../ops/index.js'
import { checkInterval } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { Metric } from './metric.js'
import { onlyTopK } from './top-k.js'
import { elementWeights } from './weighted-sum.js'

/** Which outputs count as positive. */
export interface ConfusionOptions {
  readonly thresholds: readonly number[]
  /** Only the k largest outputs of a sample may be positive. */
  readonly topK?: number | undefined
  /** Only this class counts. */
  readonly classId?: number | undefined
}

/** Weighted numbers of true and false positives and negatives, for each of some thresholds: float32 [thresholds]. */
export interface Counts {
  readonly truePositives: Tensor
  readonly falsePositives: Tensor
  readonly trueNegatives: Tensor
  readonly falseNegatives: Tensor
}

/** The base of metrics that are functions of the confusion matrix of a yes-or-no question. */
export abstract class ConfusionMetric extends Metric {
  readonly #truePositives: Variable
  readonly #falsePositives: Variable
  readonly #positives = this.addState('positives')
  readonly #negatives = this.addState('negatives')

  constructor(
    name: string,
    protected readonly options: ConfusionOptions,
  ) {
    super(name)
    const shape = [options.thresholds.length]
    this.#truePositives = this.addState('truePositives', shape)
    this.#falsePositives = this.addState('falsePositives', shape)
  }

  /** The metric's value from the counts of all batches: one for each threshold, or a scalar. */
  protected abstract of(counts: Counts): Tensor

  override update(yTrue: Tensor, yPred: Tensor, weights: LossWeights = {}): void {
    const { thresholds, topK, classId } = this.options
    let [targets, output] = alignRanks(cast(yTrue, 'float32'), cast(yPred, 'float32'))
    checkSameShape(this.name, targets, output)
    if (topK !== undefined) output = onlyTopK(this.name, output, topK)
    if (classId !== undefined) [targets, output] = [ofClass(targets, classId), ofClass(output, classId)]
    const weight = elementWeights(this.name, weights, targets)
    const weighted = (x: Tensor) => (weight ? multiply(x, weight) : x)
    const [positive, negative] = [weighted(targets), weighted(subtract(1, targets))]
    // [thresholds, elements] · [elements, 1]: the weights of what lies above each threshold.
    const bounds = reshape(toTensor(this.name, thresholds), [thresholds.length, 1])
    const above = cast(greater(reshape(output, [1, output.size]), bounds), 'float32')
    const sumsOf = (x: Tensor) => reshape(matmul(above, reshape(x, [x.size, 1])), [thresholds.length])
    this.#truePositives.assign(add(this.#truePositives, sumsOf(positive)))
    this.#falsePositives.assign(add(this.#falsePositives, sumsOf(negative)))
    this.#positives.assign(add(this.#positives, sum(positive)))
    this.#negatives.assign(add(this.#negatives, sum(negative)))
  }

  override result(): Tensor {
    const [truePositives, falsePositives] = [this.#truePositives.read(), this.#falsePositives.read()]
    const result = this.of({
      truePositives,
      falsePositives,
      trueNegatives: subtract(this.#negatives, falsePositives),
      falseNegatives: subtract(this.#positives, truePositives),
    })
    return result.size === 1 ? reshape(result, []) : result
  }
}

/** true positives / (true and false positives), 0 where there are none. */
export function precisionOf({ truePositives, falsePositives }: Counts): Tensor {
  return divideNoNan(truePositives, add(truePositives, falsePositives))
}

/** true positives / all that are to be found, 0 where there are none. */
export function recallOf({ truePositives, falseNegatives }: Counts): Tensor {
  return divideNoNan(truePositives, add(truePositives, falseNegatives))
}

/** true negatives / all that are not to be found, 0 where there are none. */
export function specificityOf({ trueNegatives, falsePositives }: Counts): Tensor {
  return divideNoNan(trueNegatives, add(trueNegatives, falsePositives))
}

/** One or several thresholds, each from 0 to 1, as a list. */
export function checkThresholds(op: string, given: number | readonly number[]): readonly number[] {
  const thresholds = [given].flat()
  if (thresholds.length === 0) {
    fail('argument.range', { op, argument: 'thresholds', expected: 'at least one number', got: given })
  }
  for (const threshold of thresholds) {
    checkInterval(op, 'thresholds', threshold, { minimum: 0, limit: 1 + Number.EPSILON })
  }
  return thresholds
}

function ofClass(x: Tensor, classId: number): Tensor {
  const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? classId : 0))
  return slice(x, begin, [...x.shape.slice(0, -1), 1])
}
