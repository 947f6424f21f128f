import { fromRegistry, type Serialized } from '../described.js'
import { activation } from './activation.js'
import { activityRegularization } from './activity-regularization.js'
import { alphaDropout } from './alpha-dropout.js'
import { batchNormalization } from './batch-normalization.js'
import { dense } from './dense.js'
import { dot } from './dot.js'
import { dropout } from './dropout.js'
import { flatten } from './flatten.js'
import { gaussianDropout, gaussianNoise } from './gaussian-noise.js'
import { identity } from './identity.js'
import { lambda } from './lambda.js'
import type { Layer } from './layer.js'
import { layerNormalization } from './layer-normalization.js'
import { add, average, maximum, minimum, multiply, subtract } from './merge.js'
import { permute } from './permute.js'
import { prelu } from './prelu.js'
import { repeatVector } from './repeat-vector.js'
import { reshape } from './reshape.js'
import { rmsNormalization } from './rms-normalization.js'
import { softmax } from './softmax.js'
import { unitNormalization } from './unit-normalization.js'

/** The layers by the public names of their factories. */
export const layerFactories = {
  activation,
  activityRegularization,
  add,
  alphaDropout,
  average,
  batchNormalization,
  dense,
  dot,
  dropout,
  flatten,
  gaussianDropout,
  gaussianNoise,
  identity,
  lambda,
  layerNormalization,
  maximum,
  minimum,
  multiply,
  permute,
  prelu,
  repeatVector,
  reshape,
  rmsNormalization,
  softmax,
  subtract,
  unitNormalization,
} as const

/** A layer from its serialized form. */
export function layerFrom(serialized: Serialized): Layer {
  return fromRegistry<Layer>('layer', serialized, layerFactories)
}
