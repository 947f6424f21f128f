// A small residual network names the shapes in coloured images.
import * as lw from 'layerwise'
import { shapeNames, shapes } from './shapes.js'

const batchSize = 64

export async function resnet({ epochs = 12, samples = 4000, draw }) {
  console.log('\nA residual network names shapes in synthetic images: drawn by formulas, not photographed.\n')
  const train = await shapes(samples)
  const test = await shapes(1000)
  const model = createModel(
    train.x.shape.slice(1),
    shapeNames.length,
    epochs * Math.ceil(samples / batchSize),
  )
  model.summary()
  console.log(`\nTraining on ${train.y.size} images.`)
  const start = performance.now()
  await model.fit(train.x, train.y, { epochs, batchSize })
  const seconds = (performance.now() - start) / 1000
  const { accuracy } = await model.evaluate(test.x, test.y)
  console.log(`It names ${(100 * accuracy).toFixed(1)} % of ${test.y.size} other synthetic images correctly.`)

  const few = lw.ops.slice(test.x, [0, 0, 0, 0], [8, ...test.x.shape.slice(1)])
  const guesses = await lw.ops.argmax(await model.predict(few), { axis: -1 }).data()
  console.log('\nUnseen images, and what it takes them for:')
  draw(
    'shapes',
    few,
    Array.from(guesses, (guess) => shapeNames[guess]),
  )
  return { data: 'synthetic shapes', testAccuracy: accuracy, seconds }
}

// He et al., "Deep residual learning for image recognition" (2015): a block adds what it computes to its input, so that the gradient finds a
// short way to every layer. Batch normalization keeps all numbers in a range in which a large learning rate works.
function createModel(inputShape, classes, steps) {
  const conv = (x, filters, kernelSize, strides = 1) => {
    const settings = { padding: 'same', useBias: false, kernelInitializer: 'heNormal' }
    const layer = lw.layers.conv2d({ filters, kernelSize, strides, ...settings })
    return lw.layers.batchNormalization({ momentum: 0.9 }).apply(layer.apply(x))
  }
  const relu = (x) => lw.layers.relu().apply(x)
  const block = (x, filters, strides) => {
    const inner = relu(conv(x, filters, 3, strides))
    const skip = strides === 1 ? x : conv(x, filters, 1, strides)
    return relu(lw.layers.add().apply([conv(inner, filters, 3), skip]))
  }
  const inputs = lw.input({ shape: inputShape })
  let x = relu(conv(inputs, 16, 3, 2))
  for (const [filters, strides] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ])
    x = block(x, filters, strides)
  const pooled = lw.layers.globalAveragePooling2d().apply(x)
  const outputs = lw.layers.dense({ units: classes, activation: 'softmax' }).apply(pooled)
  const model = lw.model({ inputs, outputs })
  const learningRate = lw.optimizers.schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: steps })
  const optimizer = lw.optimizers.sgd({ learningRate, momentum: 0.9 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}
