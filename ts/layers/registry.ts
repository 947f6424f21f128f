import { fromRegistry, isSerialized, type Serialized } from '../described.js'
import { fail } from '../errors.js'
import { activation } from './activation.js'
import { activityRegularization } from './activity-regularization.js'
import {
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
} from './adaptive-pooling.js'
import { alphaDropout } from './alpha-dropout.js'
import { batchNormalization } from './batch-normalization.js'
import { centerCrop } from './center-crop.js'
import { concatenate } from './concatenate.js'
import { conv1d, conv2d, conv3d } from './conv.js'
import { conv1dTranspose, conv2dTranspose, conv3dTranspose } from './conv-transpose.js'
import { cutMix } from './cut-mix.js'
import { dense } from './dense.js'
import { depthwiseConv1d, depthwiseConv2d, separableConv1d, separableConv2d } from './depthwise-conv.js'
import { dot } from './dot.js'
import { dropout } from './dropout.js'
import { einsumDense } from './einsum-dense.js'
import { embedding } from './embedding.js'
import { flatten } from './flatten.js'
import { gaussianDropout, gaussianNoise } from './gaussian-noise.js'
import {
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from './global-pooling.js'
import { groupNormalization } from './group-normalization.js'
import { identity } from './identity.js'
import { lambda } from './lambda.js'
import { Layer } from './layer.js'
import { layerNormalization } from './layer-normalization.js'
import { cropping1d, cropping2d, cropping3d, zeroPadding1d, zeroPadding2d, zeroPadding3d } from './margins.js'
import { masking } from './masking.js'
import { add, average, maximum, minimum, multiply, subtract } from './merge.js'
import { mixUp } from './mix-up.js'
import { normalization } from './normalization.js'
import { permute } from './permute.js'
import {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
} from './pooling.js'
import { prelu } from './prelu.js'
import { randomBrightness } from './random-brightness.js'
import { randomContrast } from './random-contrast.js'
import { randomCrop } from './random-crop.js'
import { randomErasing } from './random-erasing.js'
import { randomFlip } from './random-flip.js'
import { randomRotation } from './random-rotation.js'
import { randomTranslation } from './random-translation.js'
import { randomZoom } from './random-zoom.js'
import { elu, leakyReLU, relu } from './rectifiers.js'
import { repeatVector } from './repeat-vector.js'
import { rescaling } from './rescaling.js'
import { reshape } from './reshape.js'
import { resizing } from './resizing.js'
import { rmsNormalization } from './rms-normalization.js'
import { softmax } from './softmax.js'
import { spatialDropout1d, spatialDropout2d, spatialDropout3d } from './spatial-dropout.js'
import { spectralNormalization } from './spectral-normalization.js'
import { unitNormalization } from './unit-normalization.js'
import { upSampling1d, upSampling2d, upSampling3d } from './up-sampling.js'

/** The layers by the public names of their factories. */
export const layerFactories = {
  activation,
  activityRegularization,
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
  add,
  alphaDropout,
  average,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  batchNormalization,
  centerCrop,
  concatenate,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  cropping1d,
  cropping2d,
  cropping3d,
  cutMix,
  dense,
  depthwiseConv1d,
  depthwiseConv2d,
  dot,
  dropout,
  einsumDense,
  elu,
  embedding,
  flatten,
  gaussianDropout,
  gaussianNoise,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  groupNormalization,
  identity,
  lambda,
  layerNormalization,
  leakyReLU,
  masking,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  maximum,
  minimum,
  mixUp,
  multiply,
  normalization,
  permute,
  prelu,
  randomBrightness,
  randomContrast,
  randomCrop,
  randomErasing,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
  relu,
  repeatVector,
  rescaling,
  reshape,
  resizing,
  rmsNormalization,
  separableConv1d,
  separableConv2d,
  softmax,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
  spectralNormalization,
  subtract,
  unitNormalization,
  upSampling1d,
  upSampling2d,
  upSampling3d,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
} as const

/** A layer from its serialized form. */
export function layerFrom(serialized: Serialized): Layer {
  return fromRegistry<Layer>('layer', serialized, layerFactories)
}

/** The layer that a layer is given to keep, as itself or in serialized form. */
export function layerWithin(op: string, given: Layer | Serialized): Layer {
  const layer: unknown = isSerialized(given) ? layerFrom(given) : given
  if (layer instanceof Layer) return layer
  const expected = 'a layer, such as lw.layers.dense({ units: 10 })'
  return fail('argument.type', { op, argument: 'layer', expected, got: given })
}
