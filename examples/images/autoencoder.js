// A denoising autoencoder learns what digits look like by taking noise off them.
import * as lw from 'layerwise'

export async function autoencoder({ epochs = 60, draw }) {
  const x = lw.datasets.digits().x.reshape([-1, 8, 8, 1])
  const learnt = Math.floor(0.8 * x.shape[0])
  const order = lw.random.permutation(x.shape[0])
  const [train, test] = lw.ops.split(lw.ops.take(x, order), [learnt])

  console.log('\nAn autoencoder takes the noise off handwritten digits.\n')
  const model = createModel()
  model.summary()
  console.log(`\nTraining on ${learnt} digits, each with other noise in every epoch.`)
  const start = performance.now()
  await model.fit(train, train, { epochs, batchSize: 32 })
  const seconds = (performance.now() - start) / 1000

  // The noise is a layer that does nothing outside of training, unless it is told to.
  const noisy = model.layers[0].apply(test, { training: true })
  const cleaned = await model.predict(noisy)
  const error = (images) => lw.ops.mean(lw.ops.square(lw.ops.subtract(images, test))).item()
  const [noise, remaining] = [error(noisy), error(cleaned)]
  console.log(
    `The mean square error of the other ${test.shape[0]} falls from ${noise.toFixed(3)} to ${remaining.toFixed(3)}.`,
  )

  console.log('\nFour of them, with noise, and cleaned:')
  const rows = { original: test, noisy, cleaned }
  const pictures = Object.values(rows).map((images) => lw.ops.slice(images, [0, 0, 0, 0], [4, 8, 8, 1]))
  const labels = Object.keys(rows).flatMap((name) => Array(4).fill(name))
  draw('denoised', lw.ops.concatenate(pictures, { axis: 0 }), labels)
  return { noise, remaining, seconds }
}

// The first half makes an image smaller and deeper, so that only what digits have in common gets through; the second half draws it anew.
function createModel() {
  const relu = { kernelSize: 3, padding: 'same', activation: 'relu' }
  const model = lw.sequential({
    layers: [
      lw.input({ shape: [8, 8, 1] }),
      lw.layers.gaussianNoise({ stddev: 0.4 }),
      lw.layers.conv2d({ filters: 32, ...relu }),
      lw.layers.maxPooling2d(),
      lw.layers.conv2d({ filters: 32, ...relu }),
      lw.layers.maxPooling2d(),
      lw.layers.conv2dTranspose({ filters: 32, strides: 2, ...relu }),
      lw.layers.conv2dTranspose({ filters: 32, strides: 2, ...relu }),
      lw.layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same', activation: 'sigmoid' }),
    ],
  })
  model.compile({ optimizer: lw.optimizers.adam({ learningRate: 2e-3 }), loss: 'meanSquaredError' })
  return model
}
