// Regression: the strength of concrete by its mixture and age, from measurements with noise in them.
import * as lw from 'layerwise'

lw.seed(1)
const samples = 1000
const column = (minval, maxval) => lw.random.uniform([samples, 1], { minval, maxval })
const [cement, water, age] = [column(150, 500), column(120, 240), column(1, 90)] // kg/m³, kg/m³, days

// What a rule of thumb says the strength in MPa is, and what measuring adds to it.
const { add, divide, log, multiply, subtract } = lw.ops
const strength = add(multiply(multiply(divide(cement, water), log(add(age, 1))), 6), column(-2, 2))

// Features with mean 0 and spread 1: networks learn from inputs of about this size.
const features = lw.ops.concatenate([cement, water, age], { axis: 1 })
const mean = lw.ops.mean(features, { axis: 0 })
const spread = lw.ops.std(features, { axis: 0 })
const x = divide(subtract(features, mean), spread)

const model = lw.sequential({
  layers: [
    lw.layers.dense({ units: 32, activation: 'relu', inputShape: [3] }),
    lw.layers.dense({ units: 32, activation: 'relu' }),
    lw.layers.dense({ units: 1 }), // no activation: the output is any number
  ],
})
model.compile({ optimizer: lw.optimizers.adam({ learningRate: 0.01 }), loss: 'meanSquaredError' })
const history = await model.fit(x, strength, { epochs: 50, validationSplit: 0.2, seed: 1, verbose: 0 })
console.log(history)

// New mixtures take the mean and the spread of those that the model learnt from.
const mixtures = [
  [300, 150, 28],
  [300, 200, 28],
  [300, 150, 7],
]
const predicted = await model.predict(divide(subtract(lw.tensor(mixtures), mean), spread))
for (const [i, mpa] of (await predicted.data()).entries()) {
  const [cement, water, age] = mixtures[i]
  console.log(`${cement} kg cement, ${water} kg water, ${age} days: ${mpa.toFixed(1)} MPa`)
}
console.log(`typical error: ${Math.sqrt(history.history.val_loss.at(-1)).toFixed(2)} MPa`)
