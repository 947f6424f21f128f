import type { Layer } from '../layers/layer.js'
import type { Model } from '../models/model.js'
import { storageOf, type Tensor } from '../tensor.js'
import { leavesOf, type Tree } from '../tree.js'
import type { Samples } from './calls.js'

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

/** Layers behind which pixels are pixels still. */
const pixelwise = new Set([
  'centerCrop',
  'cropping2d',
  'cutMix',
  'flatten',
  'identity',
  'mixUp',
  'permute',
  'randomBrightness',
  'randomContrast',
  'randomCrop',
  'randomErasing',
  'randomFlip',
  'randomRotation',
  'randomTranslation',
  'randomZoom',
  'reshape',
  'resizing',
  'zeroPadding2d',
])

const classNameOf = (layer: Layer) => (layer.constructor as { className?: string }).className ?? ''

let hinted = false

/** The samples of a training, of which those in memory, or each first batch, are looked at for pixels. */
export function hintedAtPixels(model: Model, samples: Samples): Samples {
  if (samples.kind === 'rows') {
    hintAtPixels(model, samples.data.x)
    return samples
  }
  return {
    ...samples,
    convert: (given, index) => {
      const batch = samples.convert(given, index)
      if (index === 0) hintAtPixels(model, batch.x)
      return batch
    },
  }
}

/** Tells once in a process when the data of a training are pixels as files have them: 0 … 255. Networks learn badly from such numbers. */
function hintAtPixels(model: Model, x: Tree<Tensor>): void {
  if (hinted) return
  const inputs = leavesOf(x) as Tensor[]
  const index = inputs.findIndex((tensor, i) => {
    const input = model.inputs[i]
    const readers = input ? readersOf(model, input.layer) : []
    const first = readers.length > 0 ? readers : [model.firstLayer]
    return isPixels(tensor) && input?.dtype !== 'int32' && !first.some(isScaleFree)
  })
  if (index < 0) return
  hinted = true
  const name = inputs.length > 1 ? `x '${model.inputNames[index] ?? index}'` : 'x'
  process.emitWarning(
    `fit: ${name} holds whole numbers from 0 to 255, as images do. Networks learn from inputs of about -1 to 1: ` +
      'begin the model with lw.layers.rescaling({ scale: 1 / 255 }).',
    'LayerwiseWarning',
  )
}

function isScaleFree(layer: Layer): boolean {
  if ('layers' in layer) return (layer as Model).layers.some(isScaleFree)
  return scaleFree.has(classNameOf(layer))
}

/** The layers of a graph that take the output of one, or what layers that leave pixels as they are make of it. */
function readersOf(model: Model, source: Layer, seen = new Set<Layer>()): readonly Layer[] {
  const readers = model.layers.filter(
    (layer) => !seen.has(layer) && model.sourcesOf(layer).flat().includes(source),
  )
  for (const reader of readers) seen.add(reader)
  return readers.flatMap((reader) =>
    pixelwise.has(classNameOf(reader)) ? readersOf(model, reader, seen) : [reader],
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
