import { afterAll, expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { layerFactories } from '../../ts/layers/registry.js'
import { type LayerContract, testLayer } from './layer-contract.js'

const former = lw.backend()
afterAll(() => lw.setBackend(former))

const merged = {
  input: [
    [2, 3, 4],
    [2, 4],
  ],
  output: [2, 3, 4],
  refuses: [
    [2, 4],
    [
      [2, 3],
      [2, 4],
    ],
    [
      [2, 3],
      [5, 3],
    ],
  ],
} as const

/** What the pooling layers have in common, by the number of spatial axes. */
const pooled = (spatial: number) =>
  ({
    config: { poolSize: 2, strides: 1, padding: 'same' },
    input: [2, ...[5, 4, 3].slice(0, spatial), 3],
    output: [2, ...[5, 4, 3].slice(0, spatial), 3],
    refuses: [[2, 3]],
  }) as const
const pooledAdaptively = (spatial: number) =>
  ({
    config: { outputSize: 2 },
    input: [2, ...[5, 4, 3].slice(0, spatial), 3],
    output: [2, ...[2, 2, 2].slice(0, spatial), 3],
    refuses: [[2, 3]],
  }) as const
const pooledGlobally = (spatial: number) =>
  ({ input: [2, ...[5, 4, 3].slice(0, spatial), 6], output: [2, 6], refuses: [[2, 3]] }) as const

/** What the layers that change images at random have in common. */
const augmented = {
  input: [3, 5, 4, 2],
  output: [3, 5, 4, 2],
  refuses: [[3, 5], [2, 3, 5, 4, 2], [[3, 5, 4, 2]]],
} as const

const contracts: readonly LayerContract[] = [
  { layer: 'activation', config: { activation: 'tanh' }, input: [2, 3], output: [2, 3], refuses: [] },
  {
    layer: 'activityRegularization',
    config: { l1: 0.1, l2: 0.2 },
    input: [2, 3],
    output: [2, 3],
    refuses: [],
  },
  { layer: 'adaptiveAveragePooling1d', ...pooledAdaptively(1) },
  { layer: 'adaptiveAveragePooling2d', ...pooledAdaptively(2) },
  { layer: 'adaptiveAveragePooling3d', ...pooledAdaptively(3) },
  { layer: 'adaptiveMaxPooling1d', ...pooledAdaptively(1) },
  { layer: 'adaptiveMaxPooling2d', ...pooledAdaptively(2) },
  { layer: 'adaptiveMaxPooling3d', ...pooledAdaptively(3) },
  { layer: 'add', ...merged },
  {
    layer: 'alphaDropout',
    config: { rate: 0.5, noiseShape: [null, 3, 1], seed: 1 },
    input: [2, 3, 4],
    output: [2, 3, 4],
    refuses: [],
  },
  { layer: 'average', ...merged },
  { layer: 'averagePooling1d', ...pooled(1) },
  { layer: 'averagePooling2d', ...pooled(2) },
  { layer: 'averagePooling3d', ...pooled(3) },
  {
    layer: 'batchNormalization',
    config: { axis: 1, momentum: 0.5, gammaRegularizer: 'l2', movingMeanInitializer: 'ones' },
    input: [2, 3, 4],
    output: [2, 3, 4],
    weights: [
      ['gamma', [3]],
      ['beta', [3]],
      ['movingMean', [3], false],
      ['movingVariance', [3], false],
    ],
    refuses: [[2]],
  },
  {
    layer: 'centerCrop',
    config: { height: 3, width: 2 },
    input: [2, 6, 4, 3],
    output: [2, 3, 2, 3],
    refuses: [[2, 6]],
  },
  {
    layer: 'concatenate',
    config: { axis: 1 },
    input: [
      [2, 3, 4],
      [2, 5, 4],
    ],
    output: [2, 8, 4],
    refuses: [
      [2, 3, 4],
      [
        [2, 3, 4],
        [2, 3, 5],
      ],
      [[2], [2]],
    ],
  },
  {
    layer: 'conv1d',
    config: {
      filters: 4,
      kernelSize: 3,
      padding: 'causal',
      kernelRegularizer: 'l2',
      biasConstraint: 'nonNeg',
    },
    input: [2, 7, 3],
    output: [2, 7, 4],
    weights: [
      ['kernel', [3, 3, 4]],
      ['bias', [4]],
    ],
    refuses: [[2, 7]],
  },
  {
    layer: 'conv1dTranspose',
    config: { filters: 4, kernelSize: 3, strides: 2 },
    input: [2, 5, 3],
    output: [2, 11, 4],
    weights: [
      ['kernel', [3, 4, 3]],
      ['bias', [4]],
    ],
    refuses: [[2, 3]],
  },
  {
    layer: 'conv2d',
    config: { filters: 4, kernelSize: [3, 2], strides: 2, groups: 2, activation: 'relu' },
    input: [2, 7, 5, 6],
    output: [2, 3, 2, 4],
    weights: [
      ['kernel', [3, 2, 3, 4]],
      ['bias', [4]],
    ],
    refuses: [
      [2, 7, 6],
      [2, 2, 5, 6],
      [2, 7, 1, 6],
    ],
  },
  {
    layer: 'conv2dTranspose',
    config: { filters: 4, kernelSize: 3, strides: 2, padding: 'same', outputPadding: 1 },
    input: [2, 5, 4, 3],
    output: [2, 10, 8, 4],
    weights: [
      ['kernel', [3, 3, 4, 3]],
      ['bias', [4]],
    ],
    refuses: [[2, 3, 3]],
  },
  {
    layer: 'conv3d',
    config: { filters: 4, kernelSize: 2, useBias: false },
    input: [2, 4, 3, 5, 2],
    output: [2, 3, 2, 4, 4],
    weights: [['kernel', [2, 2, 2, 2, 4]]],
    refuses: [[2, 7, 6, 2]],
  },
  {
    layer: 'conv3dTranspose',
    config: { filters: 2, kernelSize: [1, 2, 1], strides: [2, 1, 1] },
    input: [2, 2, 3, 4, 3],
    output: [2, 4, 4, 4, 2],
    weights: [
      ['kernel', [1, 2, 1, 2, 3]],
      ['bias', [2]],
    ],
    refuses: [[2, 3, 3]],
  },
  { layer: 'cropping1d', input: [2, 5, 3], output: [2, 3, 3], refuses: [[2, 2, 3]] },
  {
    layer: 'cropping2d',
    config: { cropping: [1, [0, 2]] },
    input: [2, 5, 4, 3],
    output: [2, 3, 2, 3],
    refuses: [[2, 5, 2, 3]],
  },
  {
    layer: 'cropping3d',
    config: { cropping: [[1, 0], 1, 0] },
    input: [2, 5, 4, 3, 2],
    output: [2, 4, 2, 3, 2],
    refuses: [[2, 5]],
  },
  { layer: 'cutMix', config: { factor: 0.5, seed: 1 }, ...augmented },
  {
    layer: 'dense',
    config: { units: 5, kernelRegularizer: 'l2', biasConstraint: 'nonNeg' },
    input: [2, 3, 4],
    output: [2, 3, 5],
    weights: [
      ['kernel', [4, 5]],
      ['bias', [5]],
    ],
    refuses: [[4]],
  },
  {
    layer: 'depthwiseConv1d',
    config: { kernelSize: 3, depthMultiplier: 2, depthwiseRegularizer: 'l1' },
    input: [2, 5, 3],
    output: [2, 3, 6],
    weights: [
      ['kernel', [3, 3, 2]],
      ['bias', [6]],
    ],
    refuses: [
      [2, 3],
      [2, 2, 3],
    ],
  },
  {
    layer: 'depthwiseConv2d',
    config: { kernelSize: 3, padding: 'same' },
    input: [2, 5, 4, 3],
    output: [2, 5, 4, 3],
    weights: [
      ['kernel', [3, 3, 3, 1]],
      ['bias', [3]],
    ],
    refuses: [[2, 3]],
  },
  {
    layer: 'dot',
    config: { axes: [2, 1], normalize: true },
    input: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    output: [2, 3, 5],
    refuses: [
      [2, 3, 4],
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      [
        [2, 4],
        [2, 4],
      ],
      [
        [2, 3, 4],
        [3, 4, 5],
      ],
    ],
  },
  {
    layer: 'dropout',
    config: { rate: 0.5, noiseShape: [null, 1], seed: 1 },
    input: [2, 3],
    output: [2, 3],
    refuses: [],
  },
  {
    layer: 'einsumDense',
    config: { equation: '...x,xhd->...hd', outputShape: [2, 5], biasAxes: 'd', kernelRegularizer: 'l2' },
    input: [2, 3, 4],
    output: [2, 3, 2, 5],
    weights: [
      ['kernel', [4, 2, 5]],
      ['bias', [5]],
    ],
    refuses: [[]],
  },
  { layer: 'elu', config: { alpha: 0.5 }, input: [2, 3], output: [2, 3], refuses: [] },
  {
    layer: 'embedding',
    config: { inputDim: 7, outputDim: 5, embeddingsInitializer: 'ones', maskZero: true },
    input: [2, 3],
    integers: 7,
    output: [2, 3, 5],
    weights: [['embeddings', [7, 5]]],
    refuses: [],
  },
  {
    layer: 'flatten',
    config: { dataFormat: 'channelsFirst' },
    input: [2, 3, 4, 5],
    output: [2, 60],
    refuses: [[]],
  },
  { layer: 'gaussianDropout', config: { rate: 0.5, seed: 1 }, input: [2, 3], output: [2, 3], refuses: [] },
  { layer: 'gaussianNoise', config: { stddev: 0.5, seed: 1 }, input: [2, 3], output: [2, 3], refuses: [] },
  { layer: 'globalAveragePooling1d', ...pooledGlobally(1) },
  { layer: 'globalAveragePooling2d', ...pooledGlobally(2) },
  { layer: 'globalAveragePooling3d', ...pooledGlobally(3) },
  { layer: 'globalMaxPooling1d', ...pooledGlobally(1) },
  { layer: 'globalMaxPooling2d', ...pooledGlobally(2) },
  { layer: 'globalMaxPooling3d', ...pooledGlobally(3) },
  {
    layer: 'groupNormalization',
    config: { groups: 2, axis: 1 },
    input: [2, 6, 3],
    output: [2, 6, 3],
    weights: [
      ['gamma', [6]],
      ['beta', [6]],
    ],
    refuses: [[2, 5, 3], [2]],
  },
  { layer: 'identity', input: [2, 3], output: [2, 3], refuses: [] },
  { layer: 'lambda', config: { function: lw.ops.square }, input: [2, 3], output: [2, 3], refuses: [] },
  {
    layer: 'layerNormalization',
    config: { axis: [1, -1], betaConstraint: 'nonNeg' },
    input: [2, 3, 4, 5],
    output: [2, 3, 4, 5],
    weights: [
      ['gamma', [3, 5]],
      ['beta', [3, 5]],
    ],
    refuses: [[2]],
  },
  { layer: 'leakyReLU', config: { negativeSlope: 0.1 }, input: [2, 3], output: [2, 3], refuses: [] },
  { layer: 'masking', config: { maskValue: 1 }, input: [2, 3, 4], output: [2, 3, 4], refuses: [[2]] },
  { layer: 'maxPooling1d', ...pooled(1) },
  { layer: 'maxPooling2d', ...pooled(2) },
  { layer: 'maxPooling3d', ...pooled(3) },
  { layer: 'maximum', ...merged },
  { layer: 'minimum', ...merged },
  { layer: 'mixUp', config: { alpha: 1, seed: 1 }, ...augmented },
  { layer: 'multiply', ...merged },
  {
    layer: 'normalization',
    config: { axis: [1, -1], invert: true },
    input: [2, 3, 4, 5],
    output: [2, 3, 4, 5],
    weights: [
      ['mean', [3, 5], false],
      ['variance', [3, 5], false],
      ['count', [], false],
    ],
    refuses: [[2]],
  },
  {
    layer: 'permute',
    config: { dims: [3, 1, 2] },
    input: [2, 3, 4, 5],
    output: [2, 5, 3, 4],
    refuses: [[2, 3, 4]],
  },
  {
    layer: 'prelu',
    config: { sharedAxes: [1], alphaConstraint: 'nonNeg' },
    input: [2, 3, 4],
    output: [2, 3, 4],
    weights: [['alpha', [1, 4]]],
    refuses: [[2]],
  },
  { layer: 'randomBrightness', config: { factor: 0.5, valueRange: [-1, 2], seed: 1 }, ...augmented },
  { layer: 'randomContrast', config: { factor: [0.2, 0.7], valueRange: [-1, 2], seed: 1 }, ...augmented },
  { layer: 'randomCrop', config: { height: 3, width: 2, seed: 1 }, ...augmented, output: [3, 3, 2, 2] },
  {
    layer: 'randomErasing',
    config: { factor: [0.5, 1], scale: 0.9, fillValue: [1, 2], seed: 1 },
    ...augmented,
  },
  { layer: 'randomFlip', config: { mode: 'vertical', seed: 1 }, ...augmented },
  { layer: 'randomRotation', config: { factor: 0.1, fillMode: 'wrap', seed: 1 }, ...augmented },
  {
    layer: 'randomTranslation',
    config: { heightFactor: 0.3, widthFactor: [0.1, 0.2], fillValue: 1, seed: 1 },
    ...augmented,
  },
  {
    layer: 'randomZoom',
    config: { heightFactor: 0.3, widthFactor: [-0.5, 0], interpolation: 'nearest', seed: 1 },
    ...augmented,
  },
  {
    layer: 'relu',
    config: { maxValue: 1, negativeSlope: 0.1, threshold: 0.5 },
    input: [2, 3],
    output: [2, 3],
    refuses: [],
  },
  { layer: 'repeatVector', config: { n: 3 }, input: [2, 5], output: [2, 3, 5], refuses: [[2, 5, 1], [2]] },
  {
    layer: 'rescaling',
    config: { scale: [0.5, 2, 3], offset: -1 },
    input: [2, 4, 3],
    output: [2, 4, 3],
    refuses: [[2, 4], [3]],
  },
  {
    layer: 'reshape',
    config: { targetShape: [3, -1] },
    input: [2, 12],
    output: [2, 3, 4],
    refuses: [[2, 13], []],
  },
  {
    layer: 'resizing',
    config: { height: 4, width: 7, interpolation: 'bicubic', padToAspectRatio: true, fillValue: 0.5 },
    input: [2, 5, 3, 2],
    output: [2, 4, 7, 2],
    refuses: [[2, 5]],
  },
  {
    layer: 'rmsNormalization',
    config: { axis: 1 },
    input: [2, 3, 4],
    output: [2, 3, 4],
    weights: [['scale', [3]]],
    refuses: [[2]],
  },
  {
    layer: 'separableConv1d',
    config: { filters: 4, kernelSize: 3, pointwiseConstraint: 'nonNeg' },
    input: [2, 5, 3],
    output: [2, 3, 4],
    weights: [
      ['depthwiseKernel', [3, 3, 1]],
      ['pointwiseKernel', [1, 3, 4]],
      ['bias', [4]],
    ],
    refuses: [[2, 3]],
  },
  {
    layer: 'separableConv2d',
    config: { filters: 4, kernelSize: [2, 3], depthMultiplier: 2, strides: 2 },
    input: [2, 5, 4, 3],
    output: [2, 2, 1, 4],
    weights: [
      ['depthwiseKernel', [2, 3, 3, 2]],
      ['pointwiseKernel', [1, 1, 6, 4]],
      ['bias', [4]],
    ],
    refuses: [
      [2, 3],
      [2, 5, 2, 3],
    ],
  },
  { layer: 'softmax', config: { axis: [1, 2] }, input: [2, 3, 4], output: [2, 3, 4], refuses: [[2, 3]] },
  {
    layer: 'spatialDropout1d',
    config: { rate: 0.5, seed: 1 },
    input: [2, 5, 3],
    output: [2, 5, 3],
    refuses: [[2, 5]],
  },
  {
    layer: 'spatialDropout2d',
    config: { rate: 0.5, dataFormat: 'channelsFirst', seed: 1 },
    input: [2, 3, 5, 4],
    output: [2, 3, 5, 4],
    refuses: [[2, 5]],
  },
  {
    layer: 'spatialDropout3d',
    config: { rate: 0.5, seed: 2 },
    input: [1, 2, 3, 2, 4],
    output: [1, 2, 3, 2, 4],
    refuses: [[2, 5]],
  },
  {
    layer: 'spectralNormalization',
    config: { layer: { className: 'dense', config: { name: 'within', units: 4 } }, powerIterations: 2 },
    input: [2, 3],
    output: [2, 4],
    weights: [
      ['within/kernel', [3, 4]],
      ['vectorU', [1, 4], false],
      ['within/bias', [4]],
    ],
    refuses: [[3], [2]],
  },
  { layer: 'subtract', ...merged },
  {
    layer: 'unitNormalization',
    config: { axis: [1, -1] },
    input: [2, 3, 4],
    output: [2, 3, 4],
    refuses: [[2]],
  },
  { layer: 'upSampling1d', input: [2, 5, 3], output: [2, 10, 3], refuses: [[2, 5]] },
  {
    layer: 'upSampling2d',
    config: { size: [1, 3], dataFormat: 'channelsFirst' },
    input: [2, 5, 3, 2],
    output: [2, 5, 3, 6],
    refuses: [[2, 5]],
  },
  { layer: 'upSampling3d', input: [1, 2, 3, 2, 2], output: [1, 4, 6, 4, 2], refuses: [[2, 5]] },
  {
    layer: 'zeroPadding1d',
    config: { padding: [2, 1] },
    input: [2, 5, 3],
    output: [2, 8, 3],
    refuses: [[2, 5]],
  },
  {
    layer: 'zeroPadding2d',
    config: { padding: [1, [0, 2]] },
    input: [2, 5, 4, 3],
    output: [2, 7, 6, 3],
    refuses: [[2, 5]],
  },
  { layer: 'zeroPadding3d', input: [1, 2, 3, 2, 2], output: [1, 4, 5, 4, 2], refuses: [[2, 5]] },
]

for (const contract of contracts) testLayer(contract)

it('every layer has a contract', () => {
  expect(contracts.map(({ layer }) => layer)).toEqual(Object.keys(layerFactories).sort())
})
