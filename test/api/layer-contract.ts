import { expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { type layerFactories, layerFrom } from '../../ts/layers/registry.js'
import { integers, uniform } from '../../ts/ops/samples.js'
import type { Shape } from '../../ts/shape.js'
import { backends } from '../backends.js'
import { expectClose, expectError } from '../expect.js'
import { tensorOf } from '../parity/program.js'

/** What is expected of a layer; the rest of the contract is the same for all. */
export interface LayerContract {
  /** The name of its factory. */
  readonly layer: keyof typeof layerFactories
  readonly config?: Readonly<Record<string, unknown>>
  /** The shape of the input, or of each input, the batch included. */
  readonly input: Shape | readonly Shape[]
  /** For layers of integers: the inputs go from 0 up to but not including it. */
  readonly integers?: number
  readonly output: Shape
  /** Name (of a layer within: 'layer/name'), shape, and whether training updates it (default true), in Keras's order. */
  readonly weights?: readonly (readonly [name: string, shape: Shape, trainable?: boolean])[]
  /** Shapes that the layer refuses; the built layer refuses them too. */
  readonly refuses: readonly (Shape | readonly Shape[])[]
}

type Inputs = lw.Tensor & readonly lw.Tensor[]

const isList = (shape: Shape | readonly Shape[]): shape is readonly Shape[] => Array.isArray(shape[0])

/**
 * Tests what every layer must do: it makes the output that it infers and has these weights, comes again from its configuration, computes the same
 * within models and on each executor, and refuses options and inputs that do not fit.
 */
export function testLayer(contract: LayerContract): void {
  const { layer: className, config = {}, output, weights = [], refuses } = contract
  const make = (options: object = config) => layerFrom({ className, config: { ...options } })
  const data = (shape: Shape, stream: number) =>
    tensorOf(
      contract.integers ? integers(shape, 0, contract.integers, stream) : uniform(shape, -2, 2, stream),
    )
  const inputsOf = (given: Shape | readonly Shape[]) =>
    (isList(given) ? given.map(data) : data(given, 0)) as Inputs

  test(`${className} keeps the contract of layers`, async () => {
    const results: lw.Tensor[][] = []
    for (const backend of backends) {
      lw.setBackend(backend)
      lw.seed(1)
      const layer = make()
      const x = inputsOf(contract.input)
      for (const shape of refuses) await expectError('layer.input', () => make().apply(inputsOf(shape)))

      expect(layer.apply(x).shape).toEqual(output)
      expect(layer.weights.map(({ name, shape, trainable }) => [name, shape, trainable])).toEqual(
        weights.map(([name, shape, trainable = true]) => [
          name.includes('/') ? name : `${layer.name}/${name}`,
          shape,
          trainable,
        ]),
      )
      const dtype = contract.integers ? 'int32' : 'float32'
      const placeholders = [x].flat().map(({ shape }) => lw.input({ shape: shape.slice(1), dtype }))
      const placeholder = layer.apply(
        (isList(contract.input) ? placeholders : placeholders[0]) as lw.Placeholder,
      )
      expect(placeholder.shape).toEqual([null, ...output.slice(1)])
      for (const shape of refuses) await expectError('layer.input', () => layer.apply(inputsOf(shape)))

      layer.setWeights(layer.weights.map(({ shape }, i) => tensorOf(uniform(shape, 0.5, 1.5, 10 + i))))
      const y = layer.apply(x)
      const again = make(layer.getConfig())
      expect(again.getConfig()).toEqual(layer.getConfig())
      again.apply(x)
      again.setWeights(layer.getWeights())
      expect(again.apply(x).dataSync()).toEqual(y.dataSync())
      const models = modelsOf(layer, placeholders, placeholder)
      for (const model of models) expect((await model.predict(x)).dataSync()).toEqual(y.dataSync())
      results.push([y, layer.apply(x, { training: true })])
      if (layer.trainableWeights.length > 0) await trainOnce(models[0] as lw.Model, x, y)
      results.at(-1)?.push(...layer.getWeights())
    }
    const [first, ...others] = results as [lw.Tensor[], ...lw.Tensor[][]]
    for (const other of others)
      first.forEach((tensor, i) => expectClose(other[i] as lw.Tensor, tensor.dataSync()))
    await expectError('argument.unknown', () => make({ ...config, colour: 1 }), { argument: 'colour' })
  })
}

/** Models that give what the layer gives: it alone in a chain, if it takes one input, and the graph between placeholders. */
function modelsOf(
  layer: lw.layers.Layer,
  inputs: readonly lw.Placeholder[],
  outputs: lw.Placeholder,
): readonly lw.Model[] {
  const [x] = inputs as [lw.Placeholder]
  if (inputs.length > 1) return [lw.model({ inputs, outputs })]
  return [lw.model({ inputs: x, outputs }), lw.sequential({ layers: [x, layer] })]
}

/** One step of training towards half of the output. */
async function trainOnce(model: lw.Model, x: Inputs, y: lw.Tensor): Promise<void> {
  const former = model.getWeights().map((weight) => weight.arraySync())
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  await model.fit(x, lw.ops.multiply(y, 0.5), { epochs: 1, batchSize: y.shape[0] as number, verbose: 0 })
  expect(model.getWeights().map((weight) => weight.arraySync())).not.toEqual(former)
}
