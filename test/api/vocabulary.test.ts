import { expect, it } from 'vitest'
import { readFixture } from '../golden/fixtures.js'
import { camelCase } from '../vocabulary/names.js'
import { coverage, namesOf } from '../vocabulary/vocabulary.js'

it('Keras’s names are spelled in camelCase', () => {
  const spelled = {
    Dense: 'dense',
    LeakyReLU: 'leakyReLU',
    PReLU: 'prelu',
    ELU: 'elu',
    LSTM: 'lstm',
    GRUCell: 'gruCell',
    Conv2DTranspose: 'conv2dTranspose',
    GlobalAveragePooling1D: 'globalAveragePooling1d',
    RMSNormalization: 'rmsNormalization',
    RMSprop: 'rmsprop',
    SGD: 'sgd',
    CSVLogger: 'csvLogger',
    ReduceLROnPlateau: 'reduceLROnPlateau',
    KLDivergence: 'klDivergence',
    F1Score: 'f1Score',
    leaky_relu: 'leakyRelu',
    top_k: 'topK',
    log1p: 'log1p',
    l1_l2: 'l1L2',
    logical_and: 'logicalAnd',
  }
  expect(Object.fromEntries(Object.keys(spelled).map((name) => [name, camelCase(name)]))).toEqual(spelled)
})

it('no public name differs from Keras’s in its capitals alone', () => {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase()
  const strays = readFixture<{ module: string; names: string[][] }>('vocabulary.json').flatMap(
    ({ module, names }) => {
      const keras = new Map(names.flat().map((name) => [plain(name), [] as string[]]))
      for (const name of names.flat()) keras.get(plain(name))?.push(name, camelCase(name))
      const known = (name: string) => keras.get(plain(name))?.includes(name) ?? true
      return [...namesOf(module)].filter((name) => !known(name)).map((name) => `${module}.${name}`)
    },
  )
  expect(strays).toEqual([])
})

it('coverage finds what is there and what is not', () => {
  const layers = coverage().find(({ module }) => module === 'layers')
  expect(layers?.have).toEqual(expect.arrayContaining(['dense', 'dropout', 'layer']))
  expect(layers?.missing).toContain('jaxLayer')
  const losses = coverage().find(({ module }) => module === 'losses')
  expect(losses?.have.filter((name) => name === 'meanSquaredError').length).toBe(1)
})
