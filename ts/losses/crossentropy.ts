import {
  absolute,
  add,
  clip,
  divide,
  log,
  maximum,
  multiply,
  negative,
  softplus,
  subtract,
  sum,
} from '../ops/index.js'
import type { Tensor } from '../tensor.js'
import { epsilon } from './epsilon.js'

/** -(t · log p + (1 - t) · log(1 - p)) of probabilities p, which are kept off 0 and 1. */
export function binaryTerms(yTrue: Tensor, yPred: Tensor): Tensor {
  const p = clip(yPred, epsilon, 1 - epsilon)
  return negative(add(multiply(yTrue, log(p)), multiply(subtract(1, yTrue), log(subtract(1, p)))))
}

/** The same of p = sigmoid(logits), without overflow or loss of digits. */
export function binaryTermsOfLogits(yTrue: Tensor, logits: Tensor): Tensor {
  const positive = subtract(maximum(logits, 0), multiply(logits, yTrue))
  return add(positive, softplus(negative(absolute(logits))))
}

/** Scores divided by their sum over the last axis, kept off 0 and 1. */
export function normalized(scores: Tensor): Tensor {
  return clip(divide(scores, sum(scores, { axis: -1, keepdims: true })), epsilon, 1 - epsilon)
}

/** Targets drawn towards the uniform distribution of some number of classes. */
export function smoothed(yTrue: Tensor, labelSmoothing: number, classes: number): Tensor {
  return labelSmoothing === 0 ? yTrue : add(multiply(yTrue, 1 - labelSmoothing), labelSmoothing / classes)
}
