import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'

const names = (namespace: object) => Object.keys(namespace).sort()

it('what is public is an explicit list', () => {
  expect(names(lw)).toEqual([
    'LayerwiseError',
    'Model',
    'Tensor',
    'Variable',
    'activations',
    'backend',
    'constraints',
    'customGradient',
    'data',
    'datasets',
    'grad',
    'info',
    'initializers',
    'input',
    'jit',
    'layers',
    'loadModel',
    'losses',
    'metrics',
    'model',
    'modelFromJSON',
    'ops',
    'optimizers',
    'random',
    'regularizers',
    'seed',
    'sequential',
    'setBackend',
    'setMemoryBudget',
    'setThreads',
    'tensor',
    'valueAndGrad',
    'variable',
  ])
  expect(names(lw.activations)).toEqual(['linear', 'relu', 'sigmoid', 'softmax', 'tanh'])
  expect(names(lw.constraints)).toEqual(['maxNorm', 'minMaxNorm', 'nonNeg', 'unitNorm'])
  expect(names(lw.data)).toEqual(['idx'])
  expect(names(lw.datasets)).toEqual(['digits'])
  expect(names(lw.initializers)).toEqual([
    'constant',
    'glorotNormal',
    'glorotUniform',
    'heNormal',
    'heUniform',
    'identity',
    'lecunNormal',
    'lecunUniform',
    'ones',
    'orthogonal',
    'randomNormal',
    'randomUniform',
    'truncatedNormal',
    'varianceScaling',
    'zeros',
  ])
  expect(names(lw.layers)).toEqual([
    'Layer',
    'activation',
    'add',
    'average',
    'dense',
    'dot',
    'dropout',
    'flatten',
    'identity',
    'input',
    'lambda',
    'maximum',
    'minimum',
    'multiply',
    'permute',
    'repeatVector',
    'reshape',
    'subtract',
    'unitNormalization',
  ])
  expect(names(lw.losses)).toEqual([
    'Loss',
    'binaryCrossentropy',
    'binaryFocalCrossentropy',
    'categoricalCrossentropy',
    'categoricalFocalCrossentropy',
    'categoricalGeneralizedCrossEntropy',
    'categoricalHinge',
    'cosineSimilarity',
    'dice',
    'hinge',
    'huber',
    'klDivergence',
    'logCosh',
    'meanAbsoluteError',
    'meanAbsolutePercentageError',
    'meanSquaredError',
    'meanSquaredLogarithmicError',
    'poisson',
    'sparseCategoricalCrossentropy',
    'squaredHinge',
    'tversky',
  ])
  expect(names(lw.metrics)).toEqual(['MeanMetric', 'Metric', 'accuracy'])
  expect(names(lw.optimizers)).toEqual(['Optimizer', 'adam', 'sgd'])
  expect(names(lw.random)).toEqual([
    'RandomGenerator',
    'bernoulli',
    'normal',
    'permutation',
    'truncatedNormal',
    'uniform',
  ])
  expect(names(lw.regularizers)).toEqual(['l1', 'l1l2', 'l2', 'orthogonalRegularizer'])
})
