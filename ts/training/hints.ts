import type { Model } from '../models/model.js'
import { storageOf, type Tensor } from '../tensor.js'
import { leavesOf, type Tree } from '../tree.js'

/** Layers that take numbers of any size. */
const scaleFree = new Set([
  'batchNormalization',
  'embedding',
  'groupNormalization',
  'lambda',
  'layerNormalization',
  'normalization',
  'rescaling',
  'rmsNormalization',
  'unitNormalization',
])

let hinted = false

/** Tells once in a process when the data of a training are pixels as files have them: 0 … 255. Networks learn badly from such numbers. */
export function hintAtPixels(model: Model, x: Tree<Tensor>): void {
  if (hinted) return
  const inputs = leavesOf(x) as Tensor[]
  const index = inputs.findIndex((tensor, i) => {
    const { inputs } = model
    const readers = model.layers.filter((layer) =>
      model
        .sourcesOf(layer)
        .flat()
        .includes(inputs[i]?.layer as never),
    )
    const first = readers.length > 0 ? readers : [model.firstLayer]
    return (
      isPixels(tensor) &&
      inputs[i]?.dtype !== 'int32' &&
      !first.some((layer) => scaleFree.has((layer.constructor as { className?: string }).className ?? ''))
    )
  })
  if (index < 0) return
  hinted = true
  const name = inputs.length > 1 ? `x '${model.inputNames[index] ?? index}'` : 'x'
  process.emitWarning(
    `fit: ${name} holds whole numbers from 0 to 255, as images do. Networks learn from inputs of about -1 to 1: ` +
      "train on lw.ops.divide(lw.ops.cast(x, 'float32'), 255), and predict from such inputs too.",
    'LayerwiseWarning',
  )
}

/** Whether the numbers are whole, from 0 to 255, and most likely no classes or counts: some are large. A part of them is looked at. */
function isPixels(tensor: Tensor): boolean {
  const { dtype, size } = tensor
  if (dtype === 'bool') return false
  const elements = storageOf(tensor)
  const step = Math.max(1, Math.floor(size / 10_000))
  let largest = 0
  for (let i = 0; i < size; i += step) {
    const value = elements[i] as number
    if (!Number.isInteger(value) || value < 0 || value > 255) return false
    largest = Math.max(largest, value)
  }
  return largest > 100
}
