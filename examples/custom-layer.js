// A layer of one's own, with weights, a configuration and a place in a saved model.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as lw from 'layerwise'

/** What it is given plus what two dense layers make of it: a residual block. */
class Residual extends lw.layers.Layer {
  constructor(config) {
    super(config)
    this.units = config.units
  }

  build([, features]) {
    this.hidden = lw.layers.dense({ units: this.units, activation: 'relu' })
    this.back = lw.layers.dense({ units: features })
    this.scale = this.addWeight({ name: 'scale', shape: [], initializer: 'ones' })
  }

  call(x) {
    return lw.ops.add(x, lw.ops.multiply(this.back.apply(this.hidden.apply(x)), this.scale))
  }

  // What the constructor takes to make an equal layer: with it, models with this layer can be saved.
  getConfig() {
    return { ...super.getConfig(), units: this.units }
  }
}

lw.seed(1)
const { x, y } = lw.datasets.digits()
const model = lw.sequential({
  layers: [
    new Residual({ units: 32, inputShape: [64] }),
    new Residual({ units: 32 }),
    lw.layers.dense({ units: 10, activation: 'softmax' }),
  ],
})
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
model.summary()
await model.fit(x, y, { epochs: 8, validationSplit: 0.2, seed: 1 })

const path = join(tmpdir(), `residual-${process.pid}.safetensors`)
await model.save(path)
const loaded = await lw.loadModel(path, { customObjects: { Residual } })
await rm(path)
const before = await model.evaluate(x, y)
const after = await loaded.evaluate(x, y)
console.log(`accuracy ${before.accuracy.toFixed(3)}, after loading ${after.accuracy.toFixed(3)}`)
