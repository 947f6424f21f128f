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

const contracts: readonly LayerContract[] = [
  { layer: 'activation', config: { activation: 'tanh' }, input: [2, 3], output: [2, 3], refuses: [] },
  {
    layer: 'activityRegularization',
    config: { l1: 0.1, l2: 0.2 },
    input: [2, 3],
    output: [2, 3],
    refuses: [],
  },
  { layer: 'add', ...merged },
  {
    layer: 'alphaDropout',
    config: { rate: 0.5, noiseShape: [null, 3, 1], seed: 1 },
    input: [2, 3, 4],
    output: [2, 3, 4],
    refuses: [],
  },
  { layer: 'average', ...merged },
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
    layer: 'flatten',
    config: { dataFormat: 'channelsFirst' },
    input: [2, 3, 4, 5],
    output: [2, 60],
    refuses: [[]],
  },
  { layer: 'gaussianDropout', config: { rate: 0.5, seed: 1 }, input: [2, 3], output: [2, 3], refuses: [] },
  { layer: 'gaussianNoise', config: { stddev: 0.5, seed: 1 }, input: [2, 3], output: [2, 3], refuses: [] },
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
  { layer: 'maximum', ...merged },
  { layer: 'minimum', ...merged },
  { layer: 'multiply', ...merged },
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
  { layer: 'repeatVector', config: { n: 3 }, input: [2, 5], output: [2, 3, 5], refuses: [[2, 5, 1], [2]] },
  {
    layer: 'reshape',
    config: { targetShape: [3, -1] },
    input: [2, 12],
    output: [2, 3, 4],
    refuses: [[2, 13], []],
  },
  {
    layer: 'rmsNormalization',
    config: { axis: 1 },
    input: [2, 3, 4],
    output: [2, 3, 4],
    weights: [['scale', [3]]],
    refuses: [[2]],
  },
  { layer: 'softmax', config: { axis: [1, 2] }, input: [2, 3, 4], output: [2, 3, 4], refuses: [[2, 3]] },
  { layer: 'subtract', ...merged },
  {
    layer: 'unitNormalization',
    config: { axis: [1, -1] },
    input: [2, 3, 4],
    output: [2, 3, 4],
    refuses: [[2]],
  },
]

for (const contract of contracts) testLayer(contract)

it('every layer has a contract', () => {
  expect(contracts.map(({ layer }) => layer)).toEqual(Object.keys(layerFactories).sort())
})
