import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import { binaryCrossentropy, binaryFocalCrossentropy } from './binary-crossentropy.js'
import {
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
} from './categorical-crossentropy.js'
import { circle } from './circle.js'
import { categoricalHinge, hinge, squaredHinge } from './hinge.js'
import { type CustomLoss, Loss, type LossFunction, wrapLoss } from './loss.js'
import { dice, tversky } from './overlap.js'
import {
  cosineSimilarity,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from './regression.js'
import { sparseCategoricalCrossentropy } from './sparse-categorical-crossentropy.js'

const losses = {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  categoricalHinge,
  circle,
  cosineSimilarity,
  dice,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
  tversky,
} as const

/** The losses that `compile` knows by name. */
export type LossName = keyof typeof losses

/** What `compile` takes for a loss: a name, what a factory gave, an object or function of one's own, or the serialized form. */
export type LossIdentifier = LossName | CustomLoss | Loss | Serialized

/** A loss by its name, as what it is, or in serialized form. */
export function getLoss(given: LossIdentifier): LossFunction {
  refuseFactory('loss', given, losses)
  if (typeof given === 'function') return 'values' in given ? (given as LossFunction) : wrapLoss(given)
  if (given instanceof Loss) return wrapLoss(given)
  const made = fromRegistry<LossFunction | Loss>('loss', given, losses)
  return made instanceof Loss ? wrapLoss(made) : made
}
