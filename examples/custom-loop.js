// A training loop of one's own: the step is an ordinary function, compiled by lw.jit, with nothing hidden in it.
import * as lw from 'layerwise'

lw.seed(1)
const { x, y } = lw.datasets.digits()
const hidden = lw.layers.dense({ units: 32, activation: 'relu', inputShape: [64] })
const model = lw.sequential({ layers: [hidden, lw.layers.dense({ units: 10 })] })
const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
const optimizer = lw.optimizers.adam({ learningRate: 0.01 })
const trainStep = lw.jit(() => {
  const rows = lw.ops.cast(lw.random.uniform([32], { maxval: x.shape[0] }), 'int32')
  const [xBatch, yBatch] = [lw.ops.take(x, rows), lw.ops.take(y, rows)]
  const lossOf = () => loss(yBatch, model.apply(xBatch, { training: true }))
  const [value, gradients] = lw.valueAndGrad(lossOf)(model.trainableWeights)
  optimizer.apply(gradients, model.trainableWeights)
  return value
})
const losses = await trainStep.run([], { steps: 300 }) // 300 steps in one call, off the JavaScript thread
console.log((await losses.data()).slice(-1)[0])
