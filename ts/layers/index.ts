/** The layers, as `lw.layers`. */
export { type Activation, type ActivationConfig, activation } from './activation.js'
export {
  type ActivityRegularization,
  type ActivityRegularizationConfig,
  activityRegularization,
} from './activity-regularization.js'
export { type AlphaDropout, type AlphaDropoutConfig, alphaDropout } from './alpha-dropout.js'
export {
  type BatchNormalization,
  type BatchNormalizationConfig,
  batchNormalization,
} from './batch-normalization.js'
export { type Dense, type DenseConfig, dense } from './dense.js'
export { type Dot, type DotConfig, dot } from './dot.js'
export { type Dropout, type DropoutConfig, dropout } from './dropout.js'
export { type Flatten, type FlattenConfig, flatten } from './flatten.js'
export {
  type GaussianDropout,
  type GaussianDropoutConfig,
  type GaussianNoise,
  type GaussianNoiseConfig,
  gaussianDropout,
  gaussianNoise,
} from './gaussian-noise.js'
export { type Identity, identity } from './identity.js'
export { type InputConfig, input } from './input.js'
export type { InputSpec } from './input-spec.js'
export { type Lambda, type LambdaConfig, type LambdaFunction, lambda } from './lambda.js'
export { type CallOptions, type InputShape, Layer, type LayerConfig, type WeightOptions } from './layer.js'
export {
  type LayerNormalization,
  type LayerNormalizationConfig,
  layerNormalization,
} from './layer-normalization.js'
export {
  type Add,
  type Average,
  add,
  average,
  type Maximum,
  type Minimum,
  type Multiply,
  maximum,
  minimum,
  multiply,
  type Subtract,
  subtract,
} from './merge.js'
export { type Permute, type PermuteConfig, permute } from './permute.js'
export { type Prelu, type PreluConfig, prelu } from './prelu.js'
export { type RepeatVector, type RepeatVectorConfig, repeatVector } from './repeat-vector.js'
export { type Reshape, type ReshapeConfig, reshape } from './reshape.js'
export { type RmsNormalization, type RmsNormalizationConfig, rmsNormalization } from './rms-normalization.js'
export { type Softmax, type SoftmaxConfig, softmax } from './softmax.js'
export {
  type UnitNormalization,
  type UnitNormalizationConfig,
  unitNormalization,
} from './unit-normalization.js'
