// Two inputs and a shared layer: do two images show the same digit?
import * as lw from 'layerwise'

lw.seed(1)
const { x, y } = lw.datasets.digits()
const digits = await y.data()

// Pairs of images: half of them of one digit, half of any two.
const byDigit = Array.from({ length: 10 }, (_, digit) =>
  [...digits.keys()].filter((i) => digits[i] === digit),
)
const draw = await lw.random.uniform([3, 6000]).array()
const pairs = draw[0].map((_, k) => {
  const first = Math.floor(draw[0][k] * digits.length)
  const choices = draw[1][k] < 0.5 ? byDigit[digits[first]] : [...digits.keys()]
  return [first, choices[Math.floor(draw[2][k] * choices.length)]]
})
const images = (side) => lw.ops.take(x, lw.tensor(Int32Array.from(pairs, (pair) => pair[side])))
const same = lw.tensor(Int32Array.from(pairs, ([a, b]) => Number(digits[a] === digits[b])))

// One encoder reads both images, so what it learns about one side holds for the other.
const encoder = lw.sequential({
  name: 'encoder',
  layers: [
    lw.layers.dense({ units: 64, activation: 'relu', inputShape: [64] }),
    lw.layers.dense({ units: 32, activation: 'relu' }),
  ],
})
const left = lw.input({ shape: [64], name: 'left' })
const right = lw.input({ shape: [64], name: 'right' })
const difference = lw.layers.subtract().apply([encoder.apply(left), encoder.apply(right)])
const distance = lw.layers.lambda({ function: lw.ops.square, name: 'square' }).apply(difference)
const answer = lw.layers.dense({ units: 2, activation: 'softmax', name: 'same' }).apply(distance)
const model = lw.model({ inputs: { left, right }, outputs: answer, name: 'comparison' })
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
model.summary()

const inputs = { left: images(0), right: images(1) }
const history = await model.fit(inputs, same, { epochs: 12, validationSplit: 0.2, seed: 1, verbose: 0 })
console.log(history)
console.log(
  `${(100 * history.history.val_accuracy.at(-1)).toFixed(1)} % of the unseen pairs are judged correctly`,
)
