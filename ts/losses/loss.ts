import type { Tensor } from '../tensor.js'

/** What training minimizes: a function of the targets and the model's output that gives one number, or one for each sample. */
export interface Loss {
  (yTrue: Tensor, yPred: Tensor): Tensor
  /** What the targets are: class numbers or values, which are checked before training; for other losses unknown. */
  readonly targets?: 'classes' | 'values'
}
