// Teaches a convolutional network to read handwritten digits as pictures, and shows what its filters see.
//
//   npx layerwise images [--seed 1] [--epochs 60] [--backend native|reference] [--json]
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

// The data as images [1797, 8, 8, 1]: height, width, and one channel, the ink.
const { x: pixels, y } = lw.datasets.digits()
const x = pixels.reshape([-1, 8, 8, 1])
const learnt = Math.floor(0.8 * y.size)
const inOrder = Int32Array.from({ length: y.size }, (_, i) => i)
const shuffled = await lw.random.permutation(y.size).data()

// A convolution looks at every 3 × 3 window with the same filters: what one learns of a stroke in a corner it knows everywhere. Pooling
// keeps the strongest answer of each 2 × 2, so that a stroke may move a little. Dropout makes the last layer look at all of them.
function createModel() {
  const conv = (filters) => lw.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' })
  const model = lw.sequential({
    layers: [
      lw.input({ shape: [8, 8, 1] }),
      conv(32),
      lw.layers.maxPooling2d(),
      conv(64),
      lw.layers.maxPooling2d(),
      lw.layers.flatten(),
      lw.layers.dropout({ rate: 0.5 }),
      lw.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  const optimizer = lw.optimizers.adam({ learningRate: 1e-3 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

async function trainAndTest(model, order) {
  const pick = (rows) => [lw.ops.take(x, lw.tensor(rows)), lw.ops.take(y, lw.tensor(rows))]
  const start = performance.now()
  await model.fit(...pick(order.slice(0, learnt)), { epochs: Number(epochs), batchSize: 32 })
  const seconds = (performance.now() - start) / 1000
  const [xTest, yTest] = pick(order.slice(learnt))
  const { accuracy } = await model.evaluate(xTest, yTest)
  console.log(`It reads ${(100 * accuracy).toFixed(1)} % of the other ${yTest.size} correctly.`)
  return { accuracy, seconds, xTest, yTest }
}

const { backend, isa, threads } = lw.info()
const model = createModel()
console.log(`${y.size} handwritten digits · ${backend} executor, ${isa}, threads: ${threads}\n`)
model.summary()
console.log(`\nTraining on ${learnt} digits, drawn at random.`)
const { xTest, yTest, accuracy, seconds } = await trainAndTest(model, shuffled)
console.log(`\nTraining anew, on the first ${learnt} digits: the others were written by other people.`)
const otherWriters = (await trainAndTest(createModel(), inOrder)).accuracy

// What the filters of the first layer that answer most make of an unseen digit: brighter where they find what they look for.
const image = lw.ops.slice(xTest, [0, 0, 0, 0], [1, 8, 8, 1])
const maps = model.layers[0].apply(image).reshape([8, 8, 32])
const strongest = Array.from(await lw.ops.argsort(lw.ops.negative(maps.sum({ axis: [0, 1] }))).data()).slice(
  0,
  4,
)
const draw = (rows, most) =>
  rows.map((row) => row.map((value) => ' ░▒▓█'[Math.round((4 * value) / most)].repeat(2)).join(''))
const pictures = [draw(await image.reshape([8, 8]).array(), 1)]
for (const filter of strongest) {
  const map = lw.ops.take(maps, lw.tensor(new Int32Array([filter])), { axis: 2 }).reshape([8, 8])
  pictures.push(draw(await map.array(), Math.max(1e-9, map.max().item())))
}
console.log(
  `\nAn unseen ${(await yTest.data())[0]}, and what the four most excited of 32 filters find in it:\n`,
)
const titles = ['pixels', ...strongest.map((filter) => `filter ${filter}`)]
console.log(`  ${titles.map((title) => title.padEnd(20)).join('')}`)
for (const row of pictures[0].keys())
  console.log(`  ${pictures.map((lines) => lines[row].padEnd(20)).join('')}`)
if (options.json) {
  console.log(JSON.stringify({ testAccuracy: accuracy, otherWriters, seconds, backend, isa, threads }))
}
