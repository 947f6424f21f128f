import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as lw from '../../ts/index.js'
import { decodeSafetensors, encodeSafetensors } from '../../ts/io/safetensors.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { dense, dropout, flatten } = lw.layers
const quiet = { verbose: 0 } as const
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-models-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string) => join(folder, `${name}.safetensors`)

const x = lw.random.uniform([40, 5], { seed: 1 })
const y = lw.tensor(Int32Array.from({ length: 40 }, (_, i) => i % 3))
const bits = (tensors: readonly lw.Tensor[]) =>
  tensors.map((t) => Buffer.from(t.dataSync().buffer).toString('hex'))

class Scale extends lw.layers.Layer {
  declare scale: lw.Variable
  readonly by: number

  constructor(config: lw.layers.LayerConfig & { by: number }) {
    super(config)
    this.by = config.by
  }

  override build(inputShape: lw.PartialShape): void {
    this.scale = this.addWeight({ name: 'scale', shape: [inputShape.at(-1) as number], initializer: 'ones' })
  }

  override call(x: lw.Tensor): lw.Tensor {
    return lw.ops.multiply(lw.ops.multiply(x, this.scale), this.by)
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), by: this.by }
  }
}

class TwoPaths extends lw.Model {
  readonly wide = dense({ units: 3, activation: 'tanh' })
  readonly deep = [dense({ units: 4, activation: 'relu' }), dense({ units: 3 })]

  override call(x: lw.Tensor): lw.Tensor {
    return lw.ops.softmax(
      lw.ops.add(
        this.wide.apply(x),
        this.deep.reduce((h, layer) => layer.apply(h), x),
      ),
    )
  }
}

/** Two inputs, a nested model, a shared layer, a layer of one's own and two outputs. */
function createGraph(): lw.Model {
  const a = lw.input({ shape: [5], name: 'a' })
  const b = lw.input({ shape: [5], name: 'b' })
  const encoder = lw.sequential({
    name: 'encoder',
    layers: [dense({ units: 4, inputShape: [5] }), dropout({ rate: 0.5 })],
  })
  const scaled = new Scale({ by: 2 }).apply(encoder.apply(a))
  const merged = lw.layers.add().apply([scaled, encoder.apply(b)])
  const scores = dense({ units: 3, activation: lw.activations.softmax, name: 'scores' })
  return lw.model({ inputs: { a, b }, outputs: [scores.apply(merged), scores.apply(scaled)], name: 'graph' })
}

describeOnEachBackend('models as JSON and in files', (backend) => {
  it('a sequential model goes through JSON', () => {
    const model = lw.sequential({
      layers: [
        flatten({ inputShape: [5, 1] }),
        dense({
          units: 4,
          activation: 'relu',
          kernelInitializer: lw.initializers.heNormal({ seed: 2 }),
          trainable: false,
        }),
        dense({ units: 3, activation: lw.activations.softmax }),
      ],
    })
    const json = JSON.parse(JSON.stringify(model))
    expect(json.className).toBe('sequential')
    expect(json.config.layers[1].config.kernelInitializer).toEqual({
      className: 'heNormal',
      config: { seed: 2 },
    })
    const copy = lw.modelFromJSON(json)
    expect(copy.toJSON()).toEqual(json)
    expect(copy.trainableWeights.length).toBe(2)
    copy.setWeights(model.getWeights())
    const input = lw.ops.reshape(x, [40, 5, 1])
    expect(bits([copy.apply(input)])).toEqual(bits([model.apply(input)]))
  })

  it('a sequential model whose input was met in data keeps its shape', async () => {
    const model = lw.sequential({ layers: [dense({ units: 2 })] })
    expect(lw.modelFromJSON(JSON.stringify(model)).built).toBe(false)
    await model.predict(x)
    expect(lw.modelFromJSON(JSON.stringify(model)).weights[0]?.shape).toEqual([5, 2])
  })

  it('a graph with several inputs and outputs, nested and shared layers goes through JSON and files', async () => {
    const model = createGraph()
    const copy = lw.modelFromJSON(JSON.stringify(model), { customObjects: { Scale } })
    expect(copy.toJSON()).toEqual(model.toJSON())
    expect(copy.weights.map(({ name, shape }) => [name, shape])).toEqual(
      model.weights.map(({ name, shape }) => [name, shape]),
    )
    await model.save(file('graph'))
    const loaded = await lw.loadModel(file('graph'), { customObjects: { Scale } })
    const inputs = { a: x, b: lw.ops.multiply(x, 3) }
    expect(bits(loaded.apply(inputs) as never)).toEqual(bits(model.apply(inputs) as never))
    await expectError('custom.missing', () => lw.loadModel(file('graph')), { name: 'Scale' })
  })

  it('a model by subclass is built for the inputs that it met', async () => {
    const model = new TwoPaths({ name: 'two' })
    await expectError('layer.unbuilt', () => model.save(file('two')))
    const expected = await model.predict(x)
    await model.save(file('two'))
    const loaded = await lw.loadModel(file('two'), { customObjects: { TwoPaths } })
    expect(bits([await loaded.predict(x)])).toEqual(bits([expected]))
    const { tensors } = await readTensors(file('two'))
    expect([...tensors.keys()]).toEqual([
      'dense/kernel',
      'dense/bias',
      'dense_1/kernel',
      'dense_1/bias',
      'dense_2/kernel',
      'dense_2/bias',
    ])
  })

  const schedule = lw.optimizers.schedules.cosineDecay({
    initialLearningRate: 0.02,
    decaySteps: 20,
    warmupSteps: 4,
    warmupTarget: 0.05,
  })
  it.each([
    ['adam', () => lw.optimizers.adam({ learningRate: 0.01, clipnorm: 0.5 }), ['momentum', 'velocity']],
    ['sgd', () => lw.optimizers.sgd({ momentum: 0.9, nesterov: true }), ['momentum']],
    ['nadam', () => lw.optimizers.nadam(), ['momentum', 'velocity']],
    [
      'rmsprop',
      () => lw.optimizers.rmsprop({ centered: true, momentum: 0.5 }),
      ['velocity', 'averageGradient', 'momentum'],
    ],
    [
      'adamw',
      () => lw.optimizers.adamw({ learningRate: schedule, weightDecay: 0.01 }),
      ['momentum', 'velocity'],
    ],
    ['lion', () => lw.optimizers.lion({ useEma: true, emaMomentum: 0.9 }), ['momentum', 'average']],
    ['ftrl', () => lw.optimizers.ftrl({ gradientAccumulationSteps: 2 }), ['accumulator', 'linear']],
  ] as const)('training after loading goes on as if it had never stopped: %s', async (name, make, slots) => {
    const model = lw.sequential({
      layers: [
        dense({ units: 8, activation: 'relu', inputShape: [5] }),
        dropout({ rate: 0.25, seed: 5 }),
        lw.layers.batchNormalization(),
        dropout({ rate: 0.25 }),
        dense({ units: 3, activation: 'softmax', kernelRegularizer: 'l2' }),
      ],
    })
    model.compile({ optimizer: make(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
    await model.fit(x, y, { epochs: 2, batchSize: 16, seed: 3, ...quiet })
    if (name !== 'adamw') model.optimizer.learningRate = 0.03
    await model.save(file(name))
    const loaded = await lw.loadModel(file(name))
    expect(loaded.optimizer.iterations).toBe(model.optimizer.iterations)
    expect(loaded.optimizer.learningRate).toBe(model.optimizer.learningRate)
    const further = { epochs: 2, batchSize: 16, seed: 4, ...quiet }
    const histories = [await model.fit(x, y, further), await loaded.fit(x, y, further)]
    expect(histories[1]?.history).toEqual(histories[0]?.history)
    expect(bits(loaded.getWeights())).toEqual(bits(model.getWeights()))
    const state = (m: lw.Model) => bits(m.optimizer.variables.map((variable) => variable.read()))
    expect(state(loaded)).toEqual(state(model))
    // Steps on single batches draw from the generator of the training, whose place is in the file.
    const batches = [await model.trainOnBatch(x, y), await loaded.trainOnBatch(x, y)]
    expect(batches[1]).toEqual(batches[0])
    const { tensors, metadata } = await readTensors(file(name))
    expect([...tensors.keys()]).toEqual(
      expect.arrayContaining(slots.map((slot) => `optimizer/dense/kernel/${slot}`)),
    )
    expect(JSON.parse(metadata.get('compile') as string).optimizer.className).toBe(name)
  })

  it.skipIf(backend === 'reference')(
    'a file that is written while a training runs is of one moment between two steps',
    async () => {
      // Each step takes 1 from the weight, so that it tells how many there were.
      const output = (_yTrue: lw.Tensor, yPred: lw.Tensor) => lw.ops.mean(yPred)
      const model = lw.sequential({
        layers: [dense({ units: 1, useBias: false, kernelInitializer: 'zeros', inputShape: [1] })],
      })
      model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 1 }), loss: output })
      const ones = lw.tensor(new Float32Array(5000).fill(1), [5000, 1])
      let training = true
      const fitted = model.fit(ones, ones, { epochs: 4, batchSize: 1, ...quiet }).finally(() => {
        training = false
      })
      while (training) {
        await model.save(file('running'))
        const { tensors } = await readTensors(file('running'))
        expect(tensors.get('dense/kernel')?.item()).toBe(
          -(tensors.get('optimizer/iterations')?.item() ?? NaN) || 0,
        )
      }
      await fitted
    },
  )

  it('functions of one’s own are named in the file and given again', async () => {
    const double = (t: lw.Tensor) => lw.ops.multiply(t, 2)
    const halved = (yTrue: lw.Tensor, yPred: lw.Tensor) =>
      lw.ops.mean(lw.ops.square(lw.ops.subtract(yTrue, yPred)))
    const model = lw.sequential({ layers: [dense({ units: 1, activation: double, inputShape: [5] })] })
    model.compile({ optimizer: 'sgd', loss: halved })
    await model.save(file('functions'))
    const customObjects = { double, halved }
    const loaded = await lw.loadModel(file('functions'), { customObjects })
    expect(bits([loaded.apply(x)])).toEqual(bits([model.apply(x)]))
    await expectError(
      'custom.missing',
      () => lw.loadModel(file('functions'), { customObjects: { double } }),
      {
        name: 'halved',
      },
    )
    const anonymous = lw.sequential({
      layers: [
        dense({
          units: 1,
          activation: (
            () => (t: lw.Tensor) =>
              t
          )(),
          inputShape: [5],
        }),
      ],
    })
    const error = await expectError('io.function', () => anonymous.save(file('anonymous')))
    expect(error.message).toMatch(
      /^sequential.*layers\[0\].*activation is a function or a class without a name/,
    )
  })

  it('losses and optimizers by classes of one’s own, and those of each output, go on as well', async () => {
    class Pinball extends lw.losses.Loss {
      readonly quantile: number
      constructor(config: { readonly quantile: number }) {
        super()
        this.quantile = config.quantile
      }
      override call(yTrue: lw.Tensor, yPred: lw.Tensor): lw.Tensor {
        const error = lw.ops.subtract(yTrue, yPred)
        const [over, under] = [this.quantile, this.quantile - 1].map((factor) =>
          lw.ops.multiply(error, factor),
        )
        return lw.ops.mean(lw.ops.maximum(over as lw.Tensor, under as lw.Tensor), { axis: -1 })
      }
      override getConfig() {
        return { quantile: this.quantile }
      }
    }
    class Follower extends lw.optimizers.Optimizer {
      constructor(config: { readonly learningRate?: number } = {}) {
        super('follower', config.learningRate ?? 0.1, ['former'])
      }
      protected override update(weight: lw.Tensor, gradient: lw.Tensor, [former]: readonly lw.Tensor[]) {
        const step = lw.ops.multiply(lw.ops.add(gradient, former as lw.Tensor), 0.1)
        return { weight: lw.ops.subtract(weight, step), slots: [gradient] }
      }
    }
    const a = lw.input({ shape: [5], name: 'a' })
    const outputs = {
      scores: dense({ units: 3, activation: 'softmax' }).apply(a),
      value: dense({ units: 1 }).apply(a),
    }
    const model = lw.model({ inputs: a, outputs })
    const loss = { scores: lw.losses.sparseCategoricalCrossentropy(), value: new Pinball({ quantile: 0.8 }) }
    model.compile({
      optimizer: new Follower(),
      loss,
      lossWeights: { value: 0.5 },
      metrics: { scores: ['accuracy'] },
    })
    const targets = { scores: y, value: lw.ops.take(x, 0, { axis: 1 }) }
    await model.fit(x, targets, { epochs: 2, seed: 1, ...quiet })
    await model.save(file('objectives'))
    const customObjects = { Pinball, Follower }
    const loaded = await lw.loadModel(file('objectives'), { customObjects })
    await loaded.save(file('objectives'))
    const again = await lw.loadModel(file('objectives'), { customObjects })
    const histories = await Promise.all(
      [model, again].map((each) => each.fit(x, targets, { epochs: 2, seed: 2, ...quiet })),
    )
    expect(histories[1]?.history).toEqual(histories[0]?.history)
    expect(bits(again.getWeights())).toEqual(bits(model.getWeights()))
    await expectError('custom.missing', () => lw.loadModel(file('objectives')))
  })

  it('weights go by name to a model of the same code, whatever was made before it', async () => {
    const create = () =>
      lw.sequential({ layers: [dense({ units: 4, inputShape: [5] }), dense({ units: 2 })] })
    const [model, other] = [create(), create()]
    expect(other.weights[0]?.name).not.toBe(model.weights[0]?.name)
    await model.saveWeights(file('weights'))
    expect([...(await readTensors(file('weights'))).tensors.keys()]).toEqual([
      'dense/kernel',
      'dense/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ])
    await other.loadWeights(file('weights'))
    expect(bits(other.getWeights())).toEqual(bits(model.getWeights()))
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    await model.fit(x, lw.ops.take(x, lw.tensor(new Int32Array([0, 1])), { axis: 1 }), quiet)
    await model.save(file('weights'))
    await other.loadWeights(file('weights'))
    expect(bits(other.getWeights())).toEqual(bits(model.getWeights()))
  })

  it('weights that do not fit are refused before any is set, or skipped', async () => {
    const create = (...units: number[]) =>
      lw.sequential({
        layers: units.map((n, i) => dense({ units: n, name: `d${i}`, ...(i === 0 && { inputShape: [5] }) })),
      })
    const model = create(4, 2)
    await model.saveWeights(file('fit'))
    const [wider, deeper] = [create(4, 3), create(4, 2, 2)]
    const before = bits(wider.getWeights())
    await expectError('io.weight', () => wider.loadWeights(file('fit')), {
      weight: 'd1/kernel',
      expected: 'float32 [4, 3]',
      got: 'float32 [4, 2]',
    })
    expect(bits(wider.getWeights())).toEqual(before)
    await expectError('io.names', () => deeper.loadWeights(file('fit')), {
      missing: ['d2/kernel', 'd2/bias'],
    })
    await expectError('io.names', () => create(4).loadWeights(file('fit')), {
      unexpected: ['d1/kernel', 'd1/bias'],
    })
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    await wider.loadWeights(file('fit'), { skipMismatch: true })
    expect(warned.mock.calls[0]?.[0]).toContain('d1/kernel, d1/bias')
    warned.mockRestore()
    expect(bits(wider.getWeights().slice(0, 2))).toEqual(bits(model.getWeights().slice(0, 2)))
    expect(bits(wider.getWeights().slice(2))).toEqual(before.slice(2))
  })

  it('files that were tampered with are refused, and allocate nothing large', async () => {
    const model = lw.sequential({ layers: [dense({ units: 2, name: 'd', inputShape: [5] })] })
    await model.save(file('honest'))
    const { tensors, metadata } = await readTensors(file('honest'))
    const altered = async (change: (text: string) => string, key = 'model') => {
      const changed = new Map(metadata).set(key, change(metadata.get(key) ?? ''))
      writeFileSync(file('altered'), Buffer.concat(encodeSafetensors({ tensors, metadata: changed })))
      return lw.loadModel(file('altered'))
    }
    await altered((text) => text)
    await expectError('io.size', () => altered((text) => text.replace('"units":2', '"units":400000000')))
    await expectError('io.weight', () => altered((text) => text.replace('"units":2', '"units":1')))
    await expectError('io.names', () => altered((text) => text.replace('"name":"d"', '"name":"e"')))
    await expectError('name.unknown', () => altered((text) => text.replace('"dense"', '"constructor"')))
    await expectError('argument.unknown', () =>
      altered((text) => text.replace('"units"', '"module":"fs","units"')),
    )
    await expectError('io.config', () =>
      altered((text) => text.replace('"units"', '"__proto__":{"x":1},"units"')),
    )
    await expectError('io.config', () => altered((text) => text.replace('"units"', '"units":3,"units"')))
    await expectError('io.config', () => altered(() => '[]'))
    await expectError('io.config', () => altered(() => '{"className":"sequential","config":{"layers":3}}'))
    await expectError('io.config', () => altered(() => '7', 'input'))
    await expectError('io.config', () => altered(() => '{"optimizer":', 'compile'))
    await expectError('io.config', () => altered(() => 'layerwise 2', 'format'))
    await expectError('custom.missing', () =>
      altered((text) => text.replace('"config":{"name":"d"', '"custom":true,"config":{"name":"d"')),
    )
    expect(({} as Record<string, unknown>).x).toBeUndefined()
    const bytes = readFileSync(file('honest'))
    writeFileSync(file('cut'), bytes.subarray(0, bytes.length - 1))
    await expectError('io.format', () => lw.loadModel(file('cut')))
    await expectError('io.read', () => lw.loadModel(file('missing')))
    await expectError('argument.type', () => lw.loadModel(3 as never))
    await expectError('argument.unknown', () => lw.loadModel(file('honest'), { customObject: {} } as never), {
      nearest: 'customObjects',
    })
    expect(lw.backend()).toBe(backend)
  })

  it('a layer of one’s own that drops its configuration is told how to keep it', async () => {
    class Forgetful extends lw.layers.Layer {
      constructor(readonly size: number) {
        super()
      }
      override call(x: lw.Tensor): lw.Tensor {
        return x
      }
    }
    const json = JSON.stringify(lw.sequential({ layers: [new Forgetful(3)] }))
    await expectError('custom.config', () => lw.modelFromJSON(json, { customObjects: { Forgetful } }))
  })
})

async function readTensors(path: string) {
  const bytes = Uint8Array.from(readFileSync(path))
  const read = async (offset: number, length: number) => bytes.slice(offset, offset + length)
  return decodeSafetensors({ path, size: bytes.length, read })
}
