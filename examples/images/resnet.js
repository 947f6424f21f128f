// A small residual network names what coloured images show: the photographs of CIFAR where its folder is given, else synthetic shapes.
import * as lw from 'layerwise'
import { shapeNames, shapes } from './shapes.js'

const batchSize = 64

export async function resnet({ epochs = 10, cifar, samples, draw }) {
  const { data, train, test, classNames } = cifar ? photographs(cifar, samples) : await synthetic(samples)
  console.log(
    `\nA residual network tells ${classNames.length} classes of coloured images apart. Data: ${data}.\n`,
  )
  const steps = epochs * Math.ceil(train.y.size / batchSize)
  const model = createModel(classNames.length, steps)
  model.summary()

  // Augmentation: in every epoch training sees each image otherwise, so that it learns what the class does not depend on.
  const first = (images, count) => lw.ops.slice(images, [0, 0, 0, 0], [count, ...images.shape.slice(1)])
  const augmented = model.layers
    .filter(({ name }) => name.startsWith('random'))
    .reduce(
      (images, layer) => layer.apply(images, { training: true }),
      lw.ops.repeat(first(train.x, 1), 4, { axis: 0 }),
    )
  console.log('\nOne image as training sees it:')
  draw(
    'augmented',
    lw.ops.divide(augmented, 255),
    [1, 2, 3, 4].map((i) => `epoch ${i}`),
  )

  console.log(`\nTraining on ${train.y.size} images.`)
  const start = performance.now()
  await model.fit(train.x, train.y, { epochs, batchSize })
  const seconds = (performance.now() - start) / 1000
  const { accuracy } = await model.evaluate(test.x, test.y)
  console.log(
    `It names ${(100 * accuracy).toFixed(1)} % of ${test.y.size} other images correctly. Data: ${data}.`,
  )

  const eight = first(test.x, 8)
  const guesses = await lw.ops.argmax(await model.predict(eight), { axis: -1 }).data()
  console.log('\nUnseen images, and what it takes them for:')
  const labels = Array.from(guesses, (guess) => classNames[guess])
  draw('unseen', eight, labels)
  return { data, testAccuracy: accuracy, seconds }
}

async function synthetic(samples = 4000) {
  const [train, test] = [await shapes(samples), await shapes(1000)]
  return { data: 'synthetic shapes', train, test, classNames: shapeNames }
}

function photographs(folder, samples) {
  const { train, test, classNames } = lw.data.cifar(folder)
  const count = Math.min(samples ?? train.y.size, train.y.size)
  const part = {
    x: lw.ops.slice(train.x, [0, 0, 0, 0], [count, 32, 32, 3]),
    y: lw.ops.slice(train.y, [0], [count]),
  }
  const numbers = Array.from({ length: 1 + lw.ops.max(test.y).item() }, (_, i) => `class ${i}`)
  return { data: `CIFAR in ${folder}`, train: part, test, classNames: classNames ?? numbers }
}

// He et al., "Deep residual learning for image recognition" (2015): a block adds what it computes to its input, so that the gradient finds a
// short way to every layer. Batch normalization keeps all numbers in a range in which a large learning rate works.
function createModel(classes, steps) {
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
  const inputs = lw.input({ shape: [32, 32, 3] })
  const flipped = lw.layers.randomFlip({ mode: 'horizontal' }).apply(inputs)
  const moved = lw.layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: 'nearest' })
  const scaled = lw.layers.rescaling({ scale: 1 / 127.5, offset: -1 }).apply(moved.apply(flipped))
  let x = relu(conv(scaled, 16, 3, 2))
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
