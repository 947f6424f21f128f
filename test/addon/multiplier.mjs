// A plan that multiplies a variable by a matrix in every step: work of any length for the tests of runs.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const addon = require('node-gyp-build')(fileURLToPath(new URL('../..', import.meta.url)))

export function multiplier(size, options = {}) {
  const store = new addon.NativeStore()
  const matrix = () => new Uint8Array(new Float32Array(size * size).fill(1 / size).buffer)
  const type = { dtype: 'float32', shape: [size, size] }
  const program = {
    version: 2,
    values: [type, type, type],
    inputs: [0],
    variables: [1],
    constants: [],
    instructions: [
      { op: 'matmul', inputs: [0, 1], outputs: [2], attributes: { transposeA: false, transposeB: false } },
    ],
    outputs: [2],
    updates: [{ variable: 0, value: 2 }],
  }
  const variables = [store.variable('float32', [size, size], matrix())]
  const plan = store.compile(JSON.stringify(program), new Uint8Array(0), variables, options)
  const output = (steps) => new Uint8Array(4 * size * size * steps)
  return {
    run: (steps) => plan.run([matrix()], [output(steps)], steps),
    runSync: (steps) => plan.runSync([matrix()], [output(steps)], steps),
  }
}
