// Times training steps of the MLP workloads on TensorFlow.js: node tfjs_steps.mjs [--backend wasm|cpu] [--seconds S] [WORKLOAD …]
// Prints the lines of `npm run -s bench -- steps`, with the same fields. The weights and the data follow from the formula of
// bench/workloads.ts, and so does the loss of the tenth step.
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs'

// Units of the layers, size of the batch, optimizer.
const workloads = {
  'digits-mlp': [[64, 64, 32, 10], 32, adam],
  'mnist-mlp': [[784, 512, 256, 10], 128, adam],
  'wide-mlp': [[1024, 4096, 4096, 1000], 256, momentum],
}
const leastSamples = 2

function adam() {
  return tf.train.adam(1e-3, 0.9, 0.999, 1e-8)
}

function momentum() {
  return tf.train.momentum(0.1, 0.9)
}

/** A number in [0, 1), from a position and the number of the stream. */
function hashed(position, stream) {
  let word = Math.imul(position + 1 + stream * 0x9e3779b1, 2654435761)
  word = Math.imul(word ^ (word >>> 15), 2246822519)
  word = Math.imul(word ^ (word >>> 13), 3266489917)
  return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32
}

function filled(shape, element) {
  return tf.tensor(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => element(i)),
    shape,
  )
}

function trainingStep(name) {
  const [units, batch, makeOptimizer] = workloads[name]
  const layers = units.slice(1).map((outputs, layer) => {
    const inputs = units[layer]
    const limit = Math.sqrt(6 / inputs)
    const kernel = filled([inputs, outputs], (i) => (hashed(i, layer) * 2 - 1) * limit)
    return { kernel: tf.variable(kernel), bias: tf.variable(tf.zeros([outputs])) }
  })
  const x = filled([batch, units[0]], (i) => hashed(i, 1000))
  const labels = tf.tensor1d(Int32Array.from({ length: batch }, (_, row) => row % units.at(-1)))
  const y = tf.oneHot(labels, units.at(-1)).toFloat()
  const optimizer = makeOptimizer()
  const loss = () => {
    const logits = layers.reduce((input, { kernel, bias }, layer) => {
      const output = tf.add(tf.matMul(input, kernel), bias)
      return layer === layers.length - 1 ? output : tf.relu(output)
    }, x)
    return tf.losses.softmaxCrossEntropy(y, logits)
  }
  return () => tf.tidy(() => optimizer.minimize(loss, true).dataSync()[0])
}

async function useBackend(name) {
  if (name === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(join(dirname(main), sep))
  }
  if (!(await tf.setBackend(name))) throw new Error(`There is no backend '${name}'.`)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: 'string', default: 'wasm' }, seconds: { type: 'string', default: '3' } },
})
await useBackend(values.backend)
for (const name of positionals.length > 0 ? positionals : Object.keys(workloads)) {
  const step = trainingStep(name)
  // The first ten steps show that the work is the same, and warm up.
  let loss10
  for (let i = 0; i < 10; i++) loss10 = step()
  const times = []
  const end = performance.now() + Number(values.seconds) * 1e3
  while (performance.now() < end || times.length < leastSamples) {
    const start = performance.now()
    step()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const rounded = (value, digits) => Number(value.toFixed(digits))
  const line = {
    peer: `tfjs-${tf.version.tfjs}-${values.backend}`,
    workload: name,
    threads: 1,
    stepsPerCall: 1,
    ms: rounded(times[times.length >> 1], 4),
    min_ms: rounded(times[0], 4),
    mean_ms: rounded(times.reduce((a, b) => a + b) / times.length, 4),
    steps: times.length,
    loss10: rounded(loss10, 6),
  }
  console.log(JSON.stringify(line))
}
