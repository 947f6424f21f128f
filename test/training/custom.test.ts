import { expect, it, vi } from 'vitest'
import { executor } from '../../ts/executors/choice.js'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { dense } = lw.layers
const quiet = { verbose: 0, shuffle: false } as const
const x = lw.tensor([
  [1, 2],
  [3, 4],
  [5, 6],
  [0, 1],
  [2, 2],
])
const y = lw.tensor([[1], [0], [1], [1], [0]])

class Plain extends lw.Model {
  readonly hidden = dense({
    units: 3,
    activation: 'tanh',
    kernelInitializer: lw.initializers.constant({ value: 0.1 }),
  })
  readonly out = dense({ units: 1, kernelInitializer: 'ones' })

  override call(x: lw.Tensor): lw.Tensor {
    return this.out.apply(this.hidden.apply(x))
  }
}

/** Minimizes the loss by hand, as the training of every model does, and counts its steps. */
class ByHand extends Plain {
  readonly total = new lw.metrics.MeanMetric('total', (_, yPred) => yPred)

  override get metrics() {
    return [this.total]
  }

  override trainStep({ x, y, sampleWeight }: lw.StepData): lw.StepResults {
    let predicted: lw.Tensor | undefined
    const lossOf = (_weights: readonly lw.Variable[]) => {
      predicted = this.apply(x as lw.Tensor, { training: true })
      return this.computeLoss({ y, sampleWeight }, predicted)
    }
    const weights = this.trainableWeights
    const [loss, gradients] = lw.valueAndGrad(lossOf)(weights)
    this.optimizer.apply(gradients as readonly lw.Tensor[], weights)
    this.total.update(y as lw.Tensor, predicted as lw.Tensor)
    return { loss, total: this.total.result() }
  }
}

const config = () =>
  ({ optimizer: lw.optimizers.sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' }) as const
const values = (model: lw.Model) => model.getWeights().flatMap((weight) => [...weight.dataSync()])

describeOnEachBackend("a model's own training step", () => {
  it('takes the place of the usual one, and gives the logs of the last step', async () => {
    const [own, usual] = [new ByHand(), new Plain()]
    for (const model of [own, usual]) model.compile(config())
    const sampleWeight = [1, 2, 0, 1, 1]
    for (const data of [[x, y] as const, [new Set([[x, y, sampleWeight] as const]), undefined] as never]) {
      const weights = data[1] && { sampleWeight }
      const options = { ...quiet, epochs: 3, batchSize: data[1] && 2, ...weights }
      const logs = (await own.fit(...data, options)).history
      await usual.fit(...data, options)
      expectClose(lw.tensor(values(own)), values(usual), 1e-5)
      expect([Object.keys(logs), logs.loss?.length]).toEqual([['loss', 'total'], 3])
      expect(own.total.result().item()).toBeCloseTo(logs.total?.at(-1) as number, 6)
    }
    const { loss } = await own.evaluate(x, y, { verbose: 0 })
    expect(loss).toBeCloseTo((await usual.evaluate(x, y, { verbose: 0 })).loss, 5)
  })

  it('can do without targets and without a loss', async () => {
    class Autoencoder extends lw.Model {
      readonly code = dense({ units: 1 })
      readonly image = dense({ units: 2 })
      override call(x: lw.Tensor): lw.Tensor {
        return this.image.apply(this.code.apply(x))
      }
      #error(x: lw.Tensor): lw.Tensor {
        return lw.ops.mean(lw.ops.square(lw.ops.subtract(this.apply(x), x)))
      }
      override trainStep({ x }: lw.StepData): lw.StepResults {
        const weights = this.trainableWeights
        const [error, gradients] = lw.valueAndGrad((_: readonly lw.Variable[]) =>
          this.#error(x as lw.Tensor),
        )(weights)
        this.optimizer.apply(gradients as readonly lw.Tensor[], weights)
        return { error }
      }
      override testStep({ x }: lw.StepData): lw.StepResults {
        return { error: this.#error(x as lw.Tensor) }
      }
    }
    const model = new Autoencoder()
    model.compile({ optimizer: lw.optimizers.adam({ learningRate: 0.05 }) })
    const { history } = await model.fit(x, undefined, { ...quiet, epochs: 200 })
    expect(history.error?.at(-1)).toBeLessThan((history.error?.[0] as number) / 4)
    const { error } = await model.evaluate(x, undefined, { verbose: 0 })
    expect(error).toBeLessThanOrEqual(history.error?.at(-1) as number)
    expect(Object.keys(await model.trainOnBatch(x))).toEqual(['error'])
  })
})

describeOnEachBackend('compiling again', () => {
  const createModel = () =>
    lw.sequential({
      layers: [
        dense({ units: 8, activation: 'tanh', inputShape: [2] }),
        dense({ units: 8, activation: 'tanh' }),
        dense({ units: 1 }),
      ],
    })

  it('keeps the weights, and is when trainable takes effect', async () => {
    const model = createModel()
    model.compile(config())
    await model.fit(x, y, quiet)
    const before = values(model)
    model.compile({ ...config(), optimizer: 'adam' })
    expect(values(model)).toEqual(before)
    model.layers[0]!.trainable = false
    await model.fit(x, y, quiet)
    expect(values(model)[0]).not.toBe(before[0])
    model.compile(config())
    const settled = values(model)
    await model.fit(x, y, quiet)
    expect(values(model).slice(0, 24)).toEqual(settled.slice(0, 24))
    expect(values(model).slice(24)).not.toEqual(settled.slice(24))
  })

  it('leaves the gradients of frozen layers out of the program', async () => {
    const compile = vi.spyOn(executor(), 'compile')
    const productsOf = async (frozen: number) => {
      const model = createModel()
      for (const layer of model.layers.slice(0, frozen)) layer.trainable = false
      model.compile(config())
      compile.mockClear()
      await model.fit(x, y, quiet)
      const programs = compile.mock.calls.map(([{ instructions }]) => instructions)
      return Math.max(...programs.map((list) => list.filter(({ op }) => op.name === 'matmul').length))
    }
    // Forward 3; of each trained layer the kernel's gradient, and that of its input where a layer below is trained.
    expect([await productsOf(0), await productsOf(1), await productsOf(2)]).toEqual([8, 6, 4])
    compile.mockRestore()
  })

  it('ends with the averages of the weights, where the optimizer keeps them', async () => {
    const train = async (useEma: boolean) => {
      const model = lw.sequential({
        layers: [dense({ units: 1, kernelInitializer: 'ones', inputShape: [2] })],
      })
      const optimizer = lw.optimizers.sgd({ learningRate: 0.01, ...(useEma && { useEma, emaMomentum: 0.5 }) })
      model.compile({ optimizer, loss: 'meanSquaredError' })
      const seen: number[][] = []
      const callbacks = { onEpochEnd: () => seen.push(values(model)) }
      await model.fit(x, y, { ...quiet, epochs: 2, callbacks })
      return { seen, last: values(model) }
    }
    const [plain, averaged] = [await train(false), await train(true)]
    expect(averaged.seen).toEqual(plain.seen)
    expect(plain.last).toEqual(plain.seen[1])
    expect(averaged.last).not.toEqual(plain.last)
  })

  it('says why it has no options for how steps run', async () => {
    const runEagerly = { ...config(), runEagerly: true } as never
    const error = await expectError('argument.unknown', () => createModel().compile(runEagerly))
    expect(error.message).toMatch(/no option 'runEagerly': a training step is always one program/)
  })
})
