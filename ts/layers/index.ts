/** The layers, as `lw.layers`. */
export { type Activation, type ActivationConfig, activation } from './activation.js'
export {
  type ActivityRegularization,
  type ActivityRegularizationConfig,
  activityRegularization,
} from './activity-regularization.js'
export {
  type AdaptiveAveragePooling1d,
  type AdaptiveAveragePooling2d,
  type AdaptiveAveragePooling3d,
  type AdaptiveMaxPooling1d,
  type AdaptiveMaxPooling2d,
  type AdaptiveMaxPooling3d,
  type AdaptivePoolingConfig,
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
} from './adaptive-pooling.js'
export { type AlphaDropout, type AlphaDropoutConfig, alphaDropout } from './alpha-dropout.js'
export {
  type BatchNormalization,
  type BatchNormalizationConfig,
  batchNormalization,
} from './batch-normalization.js'
export { type CenterCrop, type CenterCropConfig, centerCrop } from './center-crop.js'
export { type Concatenate, type ConcatenateConfig, concatenate } from './concatenate.js'
export { type Conv1d, type Conv2d, type Conv3d, type ConvConfig, conv1d, conv2d, conv3d } from './conv.js'
export {
  type Conv1dTranspose,
  type Conv2dTranspose,
  type Conv3dTranspose,
  type ConvTransposeConfig,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
} from './conv-transpose.js'
export { type CutMix, type CutMixConfig, cutMix } from './cut-mix.js'
export { type Dense, type DenseConfig, dense } from './dense.js'
export {
  type DepthwiseConv1d,
  type DepthwiseConv2d,
  type DepthwiseConvConfig,
  depthwiseConv1d,
  depthwiseConv2d,
  type SeparableConv1d,
  type SeparableConv2d,
  type SeparableConvConfig,
  separableConv1d,
  separableConv2d,
} from './depthwise-conv.js'
export { type Dot, type DotConfig, dot } from './dot.js'
export { type Dropout, type DropoutConfig, dropout } from './dropout.js'
export { type EinsumDense, type EinsumDenseConfig, einsumDense } from './einsum-dense.js'
export { type Embedding, type EmbeddingConfig, embedding } from './embedding.js'
export { type Flatten, type FlattenConfig, flatten } from './flatten.js'
export {
  type GaussianDropout,
  type GaussianDropoutConfig,
  type GaussianNoise,
  type GaussianNoiseConfig,
  gaussianDropout,
  gaussianNoise,
} from './gaussian-noise.js'
export {
  type GlobalAveragePooling1d,
  type GlobalAveragePooling2d,
  type GlobalAveragePooling3d,
  type GlobalMaxPooling1d,
  type GlobalMaxPooling2d,
  type GlobalMaxPooling3d,
  type GlobalPoolingConfig,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from './global-pooling.js'
export {
  type GroupNormalization,
  type GroupNormalizationConfig,
  groupNormalization,
} from './group-normalization.js'
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
  type Cropping1d,
  type Cropping2d,
  type Cropping3d,
  type CroppingConfig,
  cropping1d,
  cropping2d,
  cropping3d,
  type Margins,
  type ZeroPadding1d,
  type ZeroPadding2d,
  type ZeroPadding3d,
  type ZeroPaddingConfig,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
} from './margins.js'
export { type Masking, type MaskingConfig, masking } from './masking.js'
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
export { type MixUp, type MixUpConfig, mixUp } from './mix-up.js'
export {
  type AdaptData,
  type Normalization,
  type NormalizationConfig,
  normalization,
} from './normalization.js'
export { type Permute, type PermuteConfig, permute } from './permute.js'
export {
  type AveragePooling1d,
  type AveragePooling2d,
  type AveragePooling3d,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  type MaxPooling1d,
  type MaxPooling2d,
  type MaxPooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  type PoolingConfig,
} from './pooling.js'
export { type Prelu, type PreluConfig, prelu } from './prelu.js'
export { type RandomBrightness, type RandomBrightnessConfig, randomBrightness } from './random-brightness.js'
export { type RandomContrast, type RandomContrastConfig, randomContrast } from './random-contrast.js'
export { type RandomCrop, type RandomCropConfig, randomCrop } from './random-crop.js'
export { type RandomErasing, type RandomErasingConfig, randomErasing } from './random-erasing.js'
export { type FlipMode, type RandomFlip, type RandomFlipConfig, randomFlip } from './random-flip.js'
export { type RandomRotation, type RandomRotationConfig, randomRotation } from './random-rotation.js'
export {
  type RandomTranslation,
  type RandomTranslationConfig,
  randomTranslation,
} from './random-translation.js'
export { type RandomZoom, type RandomZoomConfig, randomZoom } from './random-zoom.js'
export {
  type Elu,
  type EluConfig,
  elu,
  type LeakyReLU,
  type LeakyReLUConfig,
  leakyReLU,
  type Relu,
  type ReluConfig,
  relu,
} from './rectifiers.js'
export { type RepeatVector, type RepeatVectorConfig, repeatVector } from './repeat-vector.js'
export { type Rescaling, type RescalingConfig, rescaling } from './rescaling.js'
export { type Reshape, type ReshapeConfig, reshape } from './reshape.js'
export { type Resizing, type ResizingConfig, resizing } from './resizing.js'
export { type RmsNormalization, type RmsNormalizationConfig, rmsNormalization } from './rms-normalization.js'
export { type Softmax, type SoftmaxConfig, softmax } from './softmax.js'
export {
  type SpatialDropout1d,
  type SpatialDropout2d,
  type SpatialDropout3d,
  type SpatialDropoutConfig,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from './spatial-dropout.js'
export {
  type SpectralNormalization,
  type SpectralNormalizationConfig,
  spectralNormalization,
} from './spectral-normalization.js'
export {
  type UnitNormalization,
  type UnitNormalizationConfig,
  unitNormalization,
} from './unit-normalization.js'
export {
  type UpSampling1d,
  type UpSampling1dConfig,
  type UpSampling2d,
  type UpSampling2dConfig,
  type UpSampling3d,
  type UpSamplingConfig,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from './up-sampling.js'
