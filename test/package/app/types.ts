import * as lw from 'layerwise'

const model: lw.Model = lw.sequential({ layers: [lw.layers.dense({ units: 3, inputShape: [2] })] })
model.compile({ optimizer: lw.optimizers.sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' })
const output: lw.Tensor = await model.predict(lw.tensor([[1, 2]]))
export const shape: readonly number[] = output.shape

// @ts-expect-error: the key is units
lw.layers.dense({ unit: 3 })
