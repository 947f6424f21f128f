// Teaches a network to read handwritten digits, from 64 pixels to one of ten classes.
//
//   npx layerwise digits [--seed 1] [--epochs 60] [--backend native|reference] [--json]
import { parseArgs } from 'node:util'
import * as lw from 'layerwise'

const text = { type: 'string' }
const { values: options } = parseArgs({
  allowPositionals: true,
  options: { seed: text, epochs: text, backend: text, json: { type: 'boolean' } },
})
const { seed = 1, epochs = 60 } = options
if (options.backend) lw.setBackend(options.backend)
lw.seed(Number(seed)) // from here on, all that is random repeats: the split, the first weights, the order of samples

// The data: x [1797, 64] holds the pixels of each image, from 0 to 1, and y [1797] the digit that it shows.
const { x, y } = lw.datasets.digits()
const learnt = Math.floor(0.8 * y.size)
const inOrder = Int32Array.from({ length: y.size }, (_, i) => i)
const shuffled = await lw.random.permutation(y.size).data()

// A model is a chain of layers. Each makes a new representation of the one before, by weights that training finds; heNormal draws first
// weights that suit relu. The softmax of the last layer makes ten probabilities.
function createModel() {
  const relu = { activation: 'relu', kernelInitializer: 'heNormal' }
  const model = lw.sequential({
    layers: [
      lw.layers.dense({ units: 64, ...relu, inputShape: [64] }),
      lw.layers.dense({ units: 64, ...relu }),
      lw.layers.dense({ units: 32, ...relu }),
      lw.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  // The loss tells how wrong the probabilities are. The optimizer moves every weight against its gradient, so that the loss falls.
  const optimizer = lw.optimizers.adam({ learningRate: 1e-3 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

// Training shows the model 32 samples at a time, and all of them again in every epoch. The accuracy is measured on the other samples.
async function trainAndTest(model, order) {
  const pick = (rows) => [lw.ops.take(x, lw.tensor(rows)), lw.ops.take(y, lw.tensor(rows))]
  const start = performance.now()
  await model.fit(...pick(order.slice(0, learnt)), { epochs: Number(epochs), batchSize: 32 })
  const seconds = (performance.now() - start) / 1000
  const [xTest, yTest] = pick(order.slice(learnt))
  const { accuracy } = await model.evaluate(xTest, yTest)
  console.log(`It reads ${percent(accuracy)} of the other ${yTest.size} correctly.`)
  return { accuracy, seconds, xTest, yTest }
}

const percent = (share) => `${(100 * share).toFixed(1)} %`
const bar = (share) => '█'.repeat(Math.round(8 * share)).padEnd(8, '·')
const bars = (units) => {
  const height = (unit) => Math.ceil((8 * Math.max(0, unit)) / Math.max(...units, 1e-9))
  return Array.from(units, (unit) => ' ▁▂▃▄▅▆▇█'[height(unit)]).join('')
}
const drawRow = (pixels) => pixels.map((pixel) => ' ░▒▓█'[Math.round(4 * pixel)].repeat(2)).join('')

const { backend, isa, threads } = lw.info()
const model = createModel()
console.log(`${y.size} handwritten digits · ${backend} executor, ${isa}, threads: ${threads}\n`)
model.summary()
console.log(`\nTraining on ${learnt} digits, drawn at random.`)
const { xTest, yTest, accuracy, seconds } = await trainAndTest(model, shuffled)
console.log(`\nTraining anew, on the first ${learnt} digits: the others were written by other people.`)
const otherWriters = (await trainAndTest(createModel(), inOrder)).accuracy

// What the first model takes three of its unseen digits for.
console.log('\nThree unseen digits, and the most probable classes of each:\n')
const three = lw.ops.take(xTest, lw.tensor(new Int32Array([0, 1, 2])))
const images = await lw.ops.reshape(three, [3, 8, 8]).array()
const truth = await yTest.data()
const probabilities = await (await model.predict(three)).array()
const columns = images.map((image, i) => {
  const classes = probabilities[i].map((p, digit) => ({ p, digit })).sort((a, b) => b.p - a.p)
  const guesses = classes.slice(0, 3).map(({ p, digit }) => `${digit} ${bar(p)} ${percent(p)}`)
  return [...image.map(drawRow), '', `written: ${truth[i]}`, ...guesses].map((line) => line.padEnd(24))
})
for (const row of columns[0].keys()) console.log(`  ${columns.map((lines) => lines[row]).join('')}`)

// What each layer makes of the first one: its representation.
console.log('\nThe first one on its way through the layers, a bar for each unit:\n')
let representation = lw.ops.take(three, lw.tensor(new Int32Array([0])))
console.log(`  ${'pixels'.padEnd(9)}${bars(await representation.data())}`)
for (const layer of model.layers) {
  representation = layer.apply(representation)
  console.log(`  ${layer.name.padEnd(9)}${bars(await representation.data())}`)
}
console.log(`  ${'digit'.padEnd(9)}0123456789`)
if (options.json) {
  console.log(JSON.stringify({ testAccuracy: accuracy, otherWriters, seconds, backend, isa, threads }))
}
