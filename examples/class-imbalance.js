// Class imbalance: one sample in fifty is a fraud. Class weights make the model look for them.
import * as lw from 'layerwise'

lw.seed(1)

// Payments by amount, hour and distance, standardized; frauds are larger, later and farther away, with a good deal of overlap.
const samples = 5000
const isFraud = lw.ops.less(lw.random.uniform([samples]), 0.02)
const y = lw.ops.cast(isFraud, 'int32')
const shift = lw.ops.multiply(
  lw.ops.reshape(lw.ops.cast(isFraud, 'float32'), [samples, 1]),
  lw.tensor([[1.5, 0.8, 1.2]]),
)
const x = lw.ops.add(lw.random.normal([samples, 3]), shift)

function createModel() {
  const model = lw.sequential({
    layers: [
      lw.layers.dense({ units: 16, activation: 'relu', inputShape: [3] }),
      lw.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

/** How many of the frauds a model finds, and how many of its alarms are frauds. */
async function judge(model) {
  const predicted = await lw.ops.argmax(await model.predict(x), { axis: -1 }).data()
  const truth = await y.data()
  const count = (condition) => predicted.filter((_, i) => condition(predicted[i], truth[i])).length
  const found = count((p, t) => p === 1 && t === 1)
  return {
    recall: found / count((_, t) => t === 1),
    precision:
      found /
      Math.max(
        1,
        count((p) => p === 1),
      ),
  }
}

const options = { epochs: 20, seed: 1, verbose: 0 }
const plain = createModel()
await plain.fit(x, y, options)
const weighted = createModel()
// As if each fraud were there fifty times, so that both classes count the same.
await weighted.fit(x, y, { ...options, classWeight: { 0: 1, 1: 50 } })

const percent = (share) => `${(100 * share).toFixed(0)} %`
for (const [name, model] of Object.entries({ plain, weighted })) {
  const { accuracy } = await model.evaluate(x, y)
  const { recall, precision } = await judge(model)
  console.log(
    `${name}: accuracy ${percent(accuracy)}, finds ${percent(recall)} of the frauds, ${percent(precision)} of its alarms are right`,
  )
}
