import { inspect } from 'node:util'
import { expect, it, vi } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

const { dense, flatten } = lw.layers
const quiet = { verbose: 0 } as const
const zeros = (...shape: number[]) => lw.tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)
const classes = lw.tensor(new Int32Array([0, 1, 2, 0]))

function classifier(config: { activation?: 'softmax' | 'linear'; loss?: lw.losses.LossIdentifier } = {}) {
  const { activation = 'softmax', loss = 'sparseCategoricalCrossentropy' } = config
  const model = lw.sequential({
    layers: [
      dense({ units: 5, activation: 'relu', inputShape: [4], name: 'first' }),
      dense({ units: 3, activation }),
    ],
  })
  model.compile({ optimizer: 'adam', loss })
  return model
}

describeOnEachBackend('what beginners get wrong is answered with the cure', () => {
  it('x of another shape than inputShape', async () => {
    const model = classifier()
    const message = async (x: lw.Tensor, of: lw.Model = model) =>
      (await expectError('layer.input', () => of.fit(x, zeros(x.shape[0] as number), quiet))).message
    expect(await message(zeros(4, 7))).toBe(
      "Layer 'first' takes an input [null, 4], got [4, 7]. A sample of x has shape [7], but the inputShape of the model is [4].",
    )
    expect(await message(zeros(4))).toContain(
      'It looks like one sample: a batch of it is lw.ops.expandDims(x, 0).',
    )
    expect(await message(zeros(3, 2, 2))).toContain('lw.ops.reshape(x, [3, 4])')
    expect(await message(zeros(3, 2, 2))).toContain('lw.layers.flatten() as the first layer')
    const images = lw.sequential({ layers: [flatten({ inputShape: [8, 8, 1] }), dense({ units: 3 })] })
    images.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    expect(await message(zeros(3, 8, 8), images)).toContain('lw.ops.expandDims(x, -1) adds the last axis.')
    expect(await message(zeros(3, 64), images)).toContain('lw.ops.reshape(x, [3, 8, 8, 1])')
  })

  it.each([
    ['sparseCategoricalCrossentropy', 'softmax', classes],
    ['categoricalCrossentropy', 'softmax', zeros(4, 3)],
    ['binaryCrossentropy', 'sigmoid', zeros(4, 3)],
    ['categoricalFocalCrossentropy', 'softmax', zeros(4, 3)],
    ['binaryFocalCrossentropy', 'sigmoid', zeros(4, 3)],
  ] as const)('%s of a last layer without %s', async (loss, activation, y) => {
    const model = classifier({ activation: 'linear', loss })
    for (const run of [() => model.fit(zeros(4, 4), y, quiet), () => model.evaluate(zeros(4, 4), y)]) {
      const error = await expectError('loss.logits', run, { op: loss, activation })
      expect(error.message).toContain(`activation: '${activation}', or the loss { fromLogits: true }`)
    }
    const fromLogits = lw.losses[loss]({ fromLogits: true })
    await classifier({ activation: 'linear', loss: fromLogits }).fit(zeros(4, 4), y, quiet)
    expect(model.optimizer.iterations).toBe(0)
  })

  it('one-hot rows against class numbers, and the other way round', async () => {
    const oneHot = lw.ops.oneHot(classes, 3)
    const rows = await expectError('labels.shape', () => classifier().fit(zeros(4, 4), oneHot, quiet))
    expect(rows.message).toMatch(/categoricalCrossentropy|argmax/)
    const numbers = await expectError('labels.shape', () =>
      classifier({ loss: 'categoricalCrossentropy' }).fit(zeros(4, 4), classes, quiet),
    )
    expect(numbers.message).toMatch(/sparseCategoricalCrossentropy|oneHot/)
  })

  it('class numbers for a loss of values', async () => {
    const model = classifier({ loss: 'meanSquaredError' })
    const error = await expectError('labels.shape', () => model.fit(zeros(4, 4), classes, quiet))
    expect(error.message).toContain("use 'sparseCategoricalCrossentropy'")
    const regression = await expectError('labels.shape', () => model.fit(zeros(4, 4), [0.5, 1, 2, 3], quiet))
    expect(regression.message).not.toContain('sparse')
  })

  it('weights that a former training spoiled', async () => {
    const model = classifier()
    const broken = await expectError('training.nonfinite', () => model.fit([[0, NaN, 0, 0]], [1], quiet), {
      row: 0,
    })
    expect(broken.message).toContain('x is not finite in row 0')
    const spoiled = await expectError('training.nonfinite', () => model.fit(zeros(4, 4), classes, quiet))
    expect(spoiled.message).toContain('The weights were not finite before this step')
  })

  it('names in Keras’s spelling, and its abbreviations', async () => {
    const compile =
      (loss: string, optimizer = 'adam') =>
      () =>
        classifier().compile({ optimizer: optimizer as 'adam', loss: loss as 'huber' })
    await expectError('name.unknown', compile('mse'), { nearest: 'meanSquaredError' })
    await expectError('name.unknown', compile('mean_absolute_error'), { nearest: 'meanAbsoluteError' })
    await expectError('name.unknown', compile('huber', 'Adam'), { nearest: 'adam' })
    await expectError('argument.unknown', () => dense({ units: 1, kernel_initializer: 'zeros' } as never), {
      nearest: 'kernelInitializer',
    })
  })

  it('the batch in inputShape, a list in place of options, tensors taken for arrays', async () => {
    const withBatch = () => dense({ units: 1, inputShape: [null, 4] as never })
    await expectError('argument.range', withBatch, { argument: 'inputShape', got: [null, 4] })
    const list = await expectError('argument.type', () => lw.sequential([dense({ units: 1 })] as never))
    expect(list.message).toContain('{ layers: […] }')
    const row = await expectError('tensor.index', () => (zeros(2) as unknown as number[])[0])
    expect(row.message).toContain('await x.array()')
    const length = await expectError('tensor.index', () => (zeros(2) as unknown as number[]).length)
    expect(length.message).toContain('x.shape[0]')
  })

  it('a promise that was not awaited', async () => {
    const model = classifier()
    const training = model.fit(zeros(4, 4), classes, quiet) as unknown as { history: { loss: number[] } }
    const error = await expectError('promise.unawaited', () => training.history.loss)
    expect(error.message).toBe(
      'fit gives a promise, which has no history. Write await before it: const result = await model.fit(…).',
    )
    expect(inspect(training)).toBe('Promise of fit: write await before it to get its result')
    const prediction = model.predict(zeros(1, 4)) as unknown as number[] & lw.Tensor
    await expectError('promise.unawaited', () => prediction[0], { method: 'predict' })
    await expectError('promise.unawaited', () => prediction.shape, { property: 'shape' })
    await expectError('promise.unawaited', () => prediction.dataSync(), { property: 'dataSync' })
    await expectError('promise.unawaited', () => `${prediction}`)
    await expectError('promise.unawaited', () => (prediction as unknown as number) + 1)
    const scores = model.evaluate(zeros(4, 4), classes) as unknown as lw.Logs
    await expectError('promise.unawaited', () => scores.loss, { method: 'evaluate' })
    await expectError('promise.unawaited', () => [...prediction])
    expect(Object.keys(await (training as unknown as Promise<lw.History>)).length).toBeGreaterThan(1)
    expect((await (prediction as unknown as Promise<lw.Tensor>)).shape).toEqual([1, 3])
    expect((await (scores as unknown as Promise<lw.Logs>)).loss).toBeGreaterThan(0)
  })
})

it('pixels from 0 to 255 are hinted at once, where no layer scales them', async () => {
  const pixels = Float32Array.from({ length: 16 }, (_, i) => i * 17)
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  try {
    const fit = (x: lw.Tensor, model: lw.Model = classifier()) => model.fit(x, classes, quiet)
    await fit(
      lw.tensor(
        pixels.map((value) => value / 255),
        [4, 4],
      ),
    )
    await fit(
      lw.tensor(
        pixels.map((_, i) => i),
        [4, 4],
      ),
    )
    await fit(
      lw.tensor(
        pixels.map((value) => -value),
        [4, 4],
      ),
    )
    const { flatten, dense, randomFlip, rescaling } = lw.layers
    const scaling = rescaling({ scale: 1 / 255 })
    for (const scaler of [scaling, lw.sequential({ layers: [randomFlip(), scaling] })]) {
      const scaled = lw.sequential({
        layers: [
          randomFlip({ inputShape: [2, 2, 1] }),
          scaler,
          flatten(),
          dense({ units: 3, activation: 'softmax' }),
        ],
      })
      scaled.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
      await fit(lw.tensor(pixels, [4, 2, 2, 1]), scaled)
    }
    expect(warned).not.toHaveBeenCalled()
    const bytes = lw.tensor(Uint8Array.from(pixels), [4, 4])
    await classifier().fit(lw.data.fromTensorSlices([bytes, classes]).batch(2), quiet)
    expect(warned).toHaveBeenCalledTimes(1)
    await fit(bytes)
    await fit(lw.tensor(pixels, [4, 4]))
    expect(warned.mock.calls.map(([text]) => text)).toEqual([
      'fit: x holds whole numbers from 0 to 255, as images do. Networks learn from inputs of about -1 to 1: ' +
        'begin the model with lw.layers.rescaling({ scale: 1 / 255 }).',
    ])
  } finally {
    warned.mockRestore()
  }
})
