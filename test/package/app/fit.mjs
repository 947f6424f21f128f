// A worker thread that trains for a number of epochs and tells of each.
import { parentPort, workerData } from 'node:worker_threads'
import * as lw from 'layerwise'

const { x, y } = await lw.datasets.digits()
const model = lw.sequential({
  layers: [lw.layers.dense({ units: 10, activation: 'softmax', inputShape: [64] })],
})
model.compile({
  optimizer: lw.optimizers.adam({ learningRate: 1e-3 }),
  loss: 'sparseCategoricalCrossentropy',
})
const onEpochEnd = (epoch) => parentPort.postMessage({ backend: lw.backend(), epoch })
await model.fit(x, y, { epochs: workerData, batchSize: 32, verbose: 0, callbacks: [{ onEpochEnd }] })
