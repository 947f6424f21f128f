// Three networks that see: one reads handwritten digits, one names what coloured images show, and one takes the noise off digits.
//
//   npx layerwise images [--only convnet|resnet|autoencoder …] [--cifar FOLDER] [--samples N] [--png FOLDER]
//                        [--seed 1] [--epochs N] [--backend native|reference] [--json]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as lw from 'layerwise'
import { autoencoder } from './images/autoencoder.js'
import { convnet } from './images/convnet.js'
import { resnet } from './images/resnet.js'

const parts = { convnet, resnet, autoencoder }
const text = { type: 'string' }
const { values: options } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(parts) },
    ...{
      cifar: text,
      samples: text,
      png: text,
      seed: text,
      epochs: text,
      backend: text,
      json: { type: 'boolean' },
    },
  },
})
const unknown = options.only.find((name) => !Object.hasOwn(parts, name))
if (unknown) throw new Error(`There is no part '${unknown}': --only takes ${Object.keys(parts).join(', ')}.`)
if (options.png) mkdirSync(options.png, { recursive: true })
if (options.backend) lw.setBackend(options.backend)
const { backend, isa, threads } = lw.info()
console.log(`${backend} executor, ${isa}, threads: ${threads}`)

/** Draws images in the terminal, and also as a file where a folder is given. */
function draw(name, images, labels, range) {
  console.log()
  lw.draw(images, { labels, range, columns: 4 })
  if (options.png) lw.draw(images, { path: join(options.png, `${name}.png`), range, columns: 4, scale: 4 })
}

const number = (value) => value && Number(value)
const settings = {
  epochs: number(options.epochs),
  samples: number(options.samples),
  cifar: options.cifar,
  draw,
}
const results = {}
for (const name of options.only) {
  lw.seed(Number(options.seed ?? 1)) // from here on, all that is random repeats: the data, the first weights, the order of samples
  results[name] = await parts[name](settings)
}
if (options.json) {
  const { convnet: digits, ...others } = results
  console.log(JSON.stringify({ ...digits, ...others, backend, isa, threads }))
}
