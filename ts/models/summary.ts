import { bytesPerElement } from '../dtype.js'
import { InputLayer } from '../layers/input.js'
import { formatShape, sizeOf } from '../shape.js'
import type { Variable } from '../variable.js'
import type { Model } from './model.js'

/** A table of a model's layers, their output shapes and numbers of weights, and the totals. */
export function summarize(model: Model): string {
  const branches = !isChain(model)
  const rows = model.layers
    .filter((layer) => branches || !(layer instanceof InputLayer))
    .map((layer) => {
      const shape = model.outputShapeOf(layer)
      const sources = model.sourcesOf(layer).map((call) => call.map(({ name }) => name).join(' + '))
      return [
        `${layer.name} (${layer.constructor.name})`,
        shape ? formatShape(shape) : '?',
        layer.built ? layer.countParams().toLocaleString('en-US') : 'not built',
        ...(branches ? [sources.join(', ')] : []),
      ]
    })
  const header = ['Layer (type)', 'Output shape', 'Weights', ...(branches ? ['Takes'] : [])]
  const widths = header.map((title, k) => Math.max(title.length, ...rows.map((row) => row[k]?.length ?? 0)))
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, k) =>
      k === 2 ? cell.padStart(widths[k] as number) : cell.padEnd(widths[k] as number),
    )
    return `│ ${padded.join(' │ ')} │`
  }
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
  const trainable = new Set(model.trainableWeights)
  const totals = [
    ['Weights', model.weights],
    ['Trainable', [...trainable]],
    ['Not trainable', model.weights.filter((weight) => !trainable.has(weight))],
  ] as const
  return [
    `${model.constructor.name} '${model.name}'`,
    rule('┌', '┬', '┐'),
    line(header),
    rule('├', '┼', '┤'),
    ...rows.map(line),
    rule('└', '┴', '┘'),
    ...(model.built
      ? totals.map(([title, weights]) => `${title}: ${describe(weights)}`)
      : ['Not built yet.']),
  ].join('\n')
}

/** Whether each layer takes what the one before it gives, so that the order of the rows says it all. */
function isChain(model: Model): boolean {
  return model.layers.every((layer, i) => {
    const [source, ...others] = model.sourcesOf(layer).flat()
    if (others.length > 0) return false
    return source === undefined
      ? i === 0 || !(layer instanceof InputLayer)
      : i === 0 || source === model.layers[i - 1]
  })
}

function describe(weights: readonly Variable[]): string {
  const count = weights.reduce((total, { shape }) => total + sizeOf(shape), 0)
  const bytes = weights.reduce((total, { shape, dtype }) => total + sizeOf(shape) * bytesPerElement(dtype), 0)
  const unit = bytes < 2 ** 10 ? 0 : bytes < 2 ** 20 ? 1 : bytes < 2 ** 30 ? 2 : 3
  const size = (bytes / 2 ** (10 * unit)).toFixed(unit === 0 ? 0 : 2)
  return `${count.toLocaleString('en-US')} (${size} ${['bytes', 'KiB', 'MiB', 'GiB'][unit]})`
}
