import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { dense, embedding, flatten, spectralNormalization } = lw.layers

describeOnEachBackend('spectralNormalization', () => {
  const x = lw.random.uniform([6, 3], { seed: 1 })
  const y = lw.random.uniform([6, 2], { seed: 2 })

  it('comes to the largest singular value 1, which a rotation and stretching shows', async () => {
    const layer = spectralNormalization({ layer: dense({ units: 2 }), inputShape: [2] })
    const point = lw.tensor([[1, 2]])
    layer.apply(point)
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)]
    layer.kernel.assign([
      [5 * c, -2 * s],
      [5 * s, 2 * c],
    ])
    await lw.jit((x: lw.Tensor) => layer.apply(x, { training: true })).run([point], { steps: 40 })
    expectClose(layer.kernel.read(), [c, -0.4 * s, s, 0.4 * c], 1e-5)
    expectClose(layer.vectorU.read().absolute(), [1, 0], 1e-5)
    expect(layer.apply(point).dataSync()).toEqual(layer.layer.apply(point).dataSync())
  })

  it('is trained as the layer would be that has the normalized kernel', async () => {
    const normalized = spectralNormalization({ layer: dense({ units: 2 }), powerIterations: 30 })
    const models = [normalized, dense({ units: 2 })].map((layer) =>
      lw.sequential({ layers: [lw.input({ shape: [3] }), layer] }),
    ) as readonly lw.Model[] as [lw.Model, lw.Model]
    const [kernel, u, bias] = models[0].getWeights() as [lw.Tensor, lw.Tensor, lw.Tensor]
    normalized.apply(x, { training: true })
    models[1].setWeights([normalized.kernel.read(), bias])
    models[0].setWeights([kernel, u, bias])
    for (const model of models) {
      model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' })
      await model.fit(x, y, { epochs: 1, batchSize: 6, shuffle: false, verbose: 0 })
    }
    const [trained, , alsoBias] = models[0].getWeights() as [lw.Tensor, lw.Tensor, lw.Tensor]
    const [wanted, wantedBias] = models[1].getWeights() as [lw.Tensor, lw.Tensor]
    expectClose(trained, wanted.dataSync(), 1e-5)
    expectClose(alsoBias, wantedBias.dataSync(), 1e-5)
  })

  it('leaves a kernel of zeros, and everything outside of training, as it is', () => {
    const layer = spectralNormalization({ layer: dense({ units: 2, kernelInitializer: 'zeros' }) })
    layer.apply(x)
    const [kernel, u] = layer.getWeights() as [lw.Tensor, lw.Tensor]
    layer.apply(x, { training: true })
    expect(layer.kernel.read().dataSync()).toEqual(kernel.dataSync())
    expect(layer.vectorU.read().dataSync()).toEqual(u.dataSync())
    layer.kernel.assign(lw.ops.add(kernel, 3))
    layer.apply(x)
    expect(layer.vectorU.read().dataSync()).toEqual(u.dataSync())
  })

  it('normalizes embeddings', () => {
    const layer = spectralNormalization({
      layer: embedding({ inputDim: 5, outputDim: 3 }),
      powerIterations: 50,
    })
    const ids = lw.tensor(Int32Array.from([0, 4, 2]), [3, 1])
    expect(layer.apply(ids, { training: true }).shape).toEqual([3, 1, 3])
    const table = layer.kernel.read().arraySync() as number[][]
    const [u] = layer.vectorU.read().arraySync() as [number[]]
    expectClose(lw.ops.norm(lw.ops.matmul(table, lw.ops.transpose([u]))), [1], 1e-4)
  })

  it('is saved with the layer within', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-spectral-'))
    try {
      const model = lw.sequential({
        layers: [
          lw.input({ shape: [3] }),
          spectralNormalization({ layer: dense({ units: 2, activation: 'tanh' }) }),
        ],
      })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      await model.fit(x, y, { epochs: 2, verbose: 0 })
      const path = join(folder, 'model.safetensors')
      await model.save(path)
      const same = await lw.loadModel(path)
      expect((await same.predict(x)).dataSync()).toEqual((await model.predict(x)).dataSync())
      expect(same.getWeights().map((weight) => weight.dataSync())).toEqual(
        model.getWeights().map((weight) => weight.dataSync()),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses what has no kernel', async () => {
    const op = 'spectralNormalization'
    await expectError('argument.type', () => spectralNormalization({ layer: flatten(), name: op }).apply(x), {
      op,
    })
    await expectError('argument.type', () => spectralNormalization({ layer: 'dense' as never }), { op })
    await expectError('argument.range', () =>
      spectralNormalization({ layer: flatten(), powerIterations: 1e9 }),
    )
    await expectError(
      'argument.range',
      () => spectralNormalization({ layer: dense({ units: 1 }), powerIterations: 0 }),
      {
        op,
      },
    )
  })
})
