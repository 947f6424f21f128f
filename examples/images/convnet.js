// A convolutional network reads handwritten digits as pictures, and shows what its filters see.
import * as lw from 'layerwise'

export async function convnet({ epochs = 60, draw }) {
  // The data as images [1797, 8, 8, 1]: height, width, and one channel, the ink.
  const { x: pixels, y } = lw.datasets.digits()
  const x = pixels.reshape([-1, 8, 8, 1])
  const learnt = Math.floor(0.8 * y.size)
  const inOrder = Int32Array.from({ length: y.size }, (_, i) => i)
  const shuffled = await lw.random.permutation(y.size).data()

  async function trainAndTest(model, order) {
    const pick = (rows) => [lw.ops.take(x, lw.tensor(rows)), lw.ops.take(y, lw.tensor(rows))]
    const start = performance.now()
    await model.fit(...pick(order.slice(0, learnt)), { epochs, batchSize: 32 })
    const seconds = (performance.now() - start) / 1000
    const [xTest, yTest] = pick(order.slice(learnt))
    const { accuracy } = await model.evaluate(xTest, yTest)
    console.log(`It reads ${(100 * accuracy).toFixed(1)} % of the other ${yTest.size} correctly.`)
    return { accuracy, seconds, xTest, yTest }
  }

  console.log(`\nA convolutional network reads ${y.size} handwritten digits.\n`)
  const model = createModel()
  model.summary()
  console.log(`\nTraining on ${learnt} digits, drawn at random.`)
  const { xTest, yTest, accuracy, seconds } = await trainAndTest(model, shuffled)
  console.log(`\nTraining anew, on the first ${learnt} digits: the others were written by other people.`)
  const otherWriters = (await trainAndTest(createModel(), inOrder)).accuracy

  // What the filters of the first layer that answer most make of an unseen digit: brighter where they find what they look for.
  const image = lw.ops.slice(xTest, [0, 0, 0, 0], [1, 8, 8, 1])
  const maps = lw.ops.transpose(model.layers[0].apply(image), [3, 1, 2, 0]) // one for each of the 32 filters
  const strongest = lw.ops.topK(maps.sum({ axis: [1, 2, 3] }), 3).indices
  const filters = Array.from(await strongest.data(), (filter) => `filter ${filter}`)
  console.log(
    `\nAn unseen ${(await yTest.data())[0]}, and what the three most excited of 32 filters find in it:`,
  )
  const pictures = lw.ops.concatenate([image, lw.ops.take(maps, strongest)], { axis: 0 })
  draw('filters', pictures, ['pixels', ...filters], 'auto')
  return { testAccuracy: accuracy, otherWriters, seconds }
}

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
