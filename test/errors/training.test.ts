import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { dense } = lw.layers
const x = lw.tensor([
  [0, 1],
  [1, 0],
  [1, 1],
])
const y = lw.tensor(new Int32Array([0, 1, 2]))
const quiet = { verbose: 0 } as const

function createModel(config: Partial<Parameters<lw.Model['compile']>[0]> = {}) {
  const layers = [dense({ units: 3, activation: 'softmax', inputShape: [2], name: 'scores' })]
  const model = lw.sequential({ name: 'classifier', layers })
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', ...config })
  return model
}

/** ES2024's ArrayBuffer, which Node has before TypeScript's es2023 library. */
function resizableBuffer(bytes: number): ArrayBuffer {
  const Resizable = ArrayBuffer as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer
  return new Resizable(bytes, { maxByteLength: 2 * bytes })
}

describeOnEachBackend('errors of training', () => {
  it('compile: unknown names and options', async () => {
    await expectError('name.unknown', () => createModel({ optimizer: 'adma' as never }), { nearest: 'adam' })
    await expectError('name.unknown', () => createModel({ loss: 'sparseCategoricalCrossEntropi' as never }), {
      nearest: 'sparseCategoricalCrossentropy',
    })
    await expectError('name.unknown', () => createModel({ metrics: ['acuracy' as never] }), {
      nearest: 'accuracy',
    })
    await expectError('argument.unknown', () => createModel({ metric: [] } as never), { nearest: 'metrics' })
    await expectError('argument.type', () => createModel({ metrics: 'accuracy' as never }))
    await expectError('argument.type', () => createModel({ loss: lw.losses.meanSquaredError as never }), {
      argument: 'meanSquaredError',
    })
    await expectError('argument.type', () => createModel({ optimizer: lw.optimizers.adam as never }))
    await expectError('argument.type', () => createModel({ metrics: [lw.metrics.accuracy as never] }))
    await expectError('argument.range', () => createModel({ metrics: ['accuracy', 'accuracy'] }))
  })

  it('missing compile', async () => {
    const model = lw.sequential({ layers: [dense({ units: 3, inputShape: [2] })] })
    await expectError('model.uncompiled', () => model.fit(x, y), { method: 'fit' })
    await expectError('model.uncompiled', () => model.evaluate(x, y), { method: 'evaluate' })
  })

  it('options out of range', async () => {
    const model = createModel()
    for (const epochs of [0, -1, 1.5, NaN, '3' as never]) {
      await expectError('argument.range', () => model.fit(x, y, { epochs }), { argument: 'epochs' })
    }
    await expectError('argument.range', () => model.fit(x, y, { batchSize: 0 }), { argument: 'batchSize' })
    await expectError('argument.range', () => model.evaluate(x, y, { batchSize: 0.5 }))
    await expectError('argument.range', () => model.predict(x, { batchSize: -3 }))
    for (const validationSplit of [1, -0.1, NaN]) {
      const fields = { argument: 'validationSplit' }
      await expectError('argument.range', () => model.fit(x, y, { validationSplit }), fields)
    }
    await expectError('argument.range', () => model.fit(x, y, { validationSplit: 0.9 }))
    await expectError('argument.type', () => model.fit(x, y, { seed: 0.5, ...quiet }), { argument: 'seed' })
    await expectError('argument.unknown', () => model.fit(x, y, { epoch: 3 } as never), { nearest: 'epochs' })
    await expectError('argument.unknown', () => model.evaluate(x, y, { epochs: 1 } as never))
    await expectError('argument.range', () => model.fit(x, y, { verbose: 3 as never }), {
      argument: 'verbose',
    })
    await expectError('argument.range', () => model.predict(x, { verbose: true as never }))
    for (const options of [{ signal: 'stop' as never }, { shuffle: 1 as never }]) {
      await expectError('argument.type', () => model.fit(x, y, options))
    }
    await expectError('argument.type', () => model.evaluate(x, y, { signal: {} as never }))
    await expectError('argument.type', () => model.fit(x, y, { callbacks: { onEpochEnd: 3 as never } }))
    await expectError('argument.unknown', () => model.predict(x, { batch: 3 } as never), {
      nearest: 'batchSize',
    })
  })

  it('x that does not fit the model names the layer', async () => {
    const model = createModel()
    for (const run of [
      () => model.fit([[1, 2, 3]], [0]),
      () => model.evaluate([[1, 2, 3]], [0]),
      () => model.predict([[1, 2, 3]]),
    ]) {
      const error = await expectError('layer.input', run, { layer: 'scores', got: [1, 3] })
      expect(error.message).toContain("Layer 'scores' takes an input [null, 2], got [1, 3].")
    }
    await expectError('layer.input', () => model.predict([1, 2]))
    await expectError('data.rows', () => model.predict(new Float32Array(5)), { sample: [2], got: 5 })
    await expectError('shape.length', () => model.predict({ data: [1, 2, 3], shape: [2, 2] }))
    await expectError('shape.ragged', () => model.predict([[1, 2], [3]]))
  })

  it('data that is missing, empty, unequal or of another kind', async () => {
    const model = createModel()
    await expectError('data.length', () => model.fit(x, [0, 1]), { x: 3, y: 2 })
    await expectError('data.empty', () =>
      model.fit(lw.tensor(new Float32Array(0), [0, 2]), new Int32Array(0)),
    )
    await expectError('data.empty', () => model.predict([]))
    await expectError('data.empty', () => model.evaluate([], quiet))
    await expectError('data.empty', () => model.predict(new Set<number[][]>()))
    await expectError('data.targets', () => model.fit(x as never), { op: 'fit' })
    await expectError('argument.type', () => model.fit('x' as never, y), { argument: 'x' })
    await expectError('argument.type', () => model.fit(5, y), { argument: 'x' })
    await expectError('argument.type', () => model.fit(x, y, { validationData: [x] as never }))
  })

  it('labels that are no classes of the output, before the first step', async () => {
    const model = createModel()
    const cases = [
      ['labels.range', [0, 1, 3], { row: 2, got: 3, classes: 3 }],
      ['labels.range', [0, -1, 2], { row: 1, got: -1 }],
      ['labels.integer', [0.5, 1, 2], { row: 0, got: 0.5 }],
      ['labels.nan', [0, NaN, 2], { row: 1 }],
      [
        'labels.shape',
        [
          [0, 1],
          [1, 0],
          [0, 1],
        ],
        { got: [3, 2] },
      ],
    ] as const
    for (const [code, labels, fields] of cases) {
      await expectError(code, () => model.fit(x, labels, quiet), fields)
      await expectError(code, () => model.evaluate(x, labels), fields)
      await expectError(code, () => model.fit(x, y, { validationData: [x, labels], ...quiet }), fields)
    }
    expect(model.optimizer.iterations).toBe(0)
  })

  it('targets of another shape than the output, or NaN', async () => {
    const model = createModel({ loss: 'meanSquaredError' })
    await expectError('labels.shape', () => model.fit(x, y, quiet), { expected: [null, 3], got: [3] })
    const targets = lw.tensor(new Float32Array(9).fill(NaN), [3, 3])
    await expectError('labels.nan', () => model.fit(x, targets, quiet), { row: 0 })
  })

  it('iterables of something else than batches', async () => {
    const model = createModel()
    const batches = (...items: unknown[]) => new Set(items) as never
    await expectError('data.batch', () => model.fit(batches([[[1, 2]]]), quiet), { batch: 0 })
    await expectError('data.batch', () => model.fit(batches(3), quiet))
    await expectError('labels.range', () => model.fit(batches([[[1, 2]], [7]]), quiet), {
      got: 7,
      op: 'fit, batch 0',
    })
    await expectError('data.stream', () => model.fit(batches(), { batchSize: 3 }), { argument: 'batchSize' })
    const split = { validationSplit: 0.5 }
    await expectError('data.stream', () => model.fit(batches(), split), { argument: 'validationSplit' })
    const generator = (function* () {
      yield [[[1, 2]], [0]] as const
    })()
    const error = await expectError('data.exhausted', () => model.fit(generator, { epochs: 2, ...quiet }), {
      epoch: 2,
    })
    expect(error.message).toContain('starts anew')
    const once = (function* () {
      yield [[[1, 2]], [0]] as const
    })()
    const options = { epochs: 2, validationData: once, ...quiet }
    await expectError('data.exhausted', () => model.fit(x, y, options), { argument: 'validationData' })
    await expectError('data.stream', () => model.evaluate(batches(), { batchSize: 3 }))
    await expectError('data.stream', () => model.predict(new Set([[[1, 2]]]), { batchSize: 3 }))
  })

  it('a loss that is not finite stops the training, naming epoch, step and the row of x', async () => {
    const diverging = createModel({
      optimizer: lw.optimizers.sgd({ learningRate: 1e38 }),
      loss: 'meanSquaredError',
    })
    const targets = lw.tensor([
      [1e30, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ])
    const error = await expectError(
      'training.nonfinite',
      () => diverging.fit(x, targets, { batchSize: 1, shuffle: false, ...quiet }),
      {
        epoch: 1,
        step: 1,
      },
    )
    expect(error.message).toContain('learning rate')
    const broken = [
      [0, 1],
      [NaN, 0],
      [1, 1],
    ]
    const options = { batchSize: 1, shuffle: false, ...quiet }
    await expectError('training.nonfinite', () => createModel().fit(broken, y, options), {
      epoch: 1,
      step: 2,
      row: 1,
    })
  })

  it('a second fit while the first one runs', async () => {
    const model = createModel()
    const training = model.fit(x, y, quiet)
    await expectError('training.busy', () => model.fit(x, y, quiet), { model: 'classifier' })
    await training
    await model.fit(x, y, quiet)
  })

  it('a model without weights to train', async () => {
    const model = lw.sequential({
      layers: [lw.layers.activation({ activation: 'softmax', inputShape: [2] })],
    })
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    await expectError('model.untrainable', () => model.fit(x, [0, 1, 1], quiet))
  })

  it('arrays over buffers that were transferred, can be resized or are shared', async () => {
    const model = createModel()
    const detached = new Float32Array(6)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    const resizable = new Float32Array(resizableBuffer(24))
    const shared = new Float32Array(new SharedArrayBuffer(24))
    for (const [problem, data] of Object.entries({ detached, resizable, shared })) {
      await expectError('buffer.unusable', () => model.fit(data, y, quiet), { problem })
      await expectError('buffer.unusable', () => model.predict({ data, shape: [3, 2] }), { problem })
    }
  })

  it('a custom layer that reads values while it is traced is told why it cannot', async () => {
    class Peeking extends lw.layers.Layer {
      override call(x: lw.Tensor): lw.Tensor {
        return x.dataSync().length > 3 ? x : lw.ops.negative(x)
      }
    }
    const model = lw.sequential({ layers: [new Peeking(), dense({ units: 3 })] })
    const error = await expectError('trace.read', () => model.predict(x), { method: 'dataSync' })
    expect(error.message).toContain('traced')
  })

  it('the memory budget ends a training before its first step, and the model goes on when it is raised', async () => {
    const model = createModel()
    lw.setMemoryBudget(64)
    const { fields } = await expectError('memory.budget', () => model.fit(x, y, quiet), { budget: 64 })
    expect(fields.needed).toBeGreaterThan(64)
    lw.setMemoryBudget(2 ** 30)
    expect(model.optimizer.iterations).toBe(0)
    await model.fit(x, y, quiet)
    expect(model.optimizer.iterations).toBe(1)
  })
})
