import { isDescribed } from './described.js'
import type { Dtype, Storage } from './dtype.js'
import { formatShape, type Shape, sizeOf } from './shape.js'

/** Elements that are shown at each end of an axis that is too long. */
const edgeItems = 3
const lineWidth = 100
const wholeUpTo = 1000
const nestedWholeUpTo = 100

/** `nested`: whether the text stands within that of another object, where large tensors are shortened more. */
export interface FormatOptions {
  readonly nested?: boolean
}

/** A tensor as text in NumPy's manner: columns of equal precision, the middle of long axes left out, long rows wrapped. */
export function formatTensor(
  shape: Shape,
  dtype: Dtype,
  elements: Storage | undefined,
  options: FormatOptions = {},
): string {
  const header = `Tensor ${dtype} ${formatShape(shape)}`
  return elements === undefined
    ? `${header} (symbolic)`
    : `${header}\n${formatElements(shape, dtype, elements, options)}`
}

/** The elements alone, in brackets. */
export function formatElements(
  shape: Shape,
  dtype: Dtype,
  elements: Storage,
  { nested }: FormatOptions,
): string {
  const shortened = elements.length > (nested ? nestedWholeUpTo : wholeUpTo)
  const shown = (extent: number): (number | null)[] =>
    shortened && extent > 2 * edgeItems
      ? [...range(0, edgeItems), null, ...range(extent - edgeItems, extent)]
      : range(0, extent)

  const values: number[] = []
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) {
      values.push(elements[offset] as number)
      return
    }
    const inner = sizeOf(shape.slice(axis + 1))
    for (const i of shown(shape[axis] as number)) if (i !== null) collect(axis + 1, offset + i * inner)
  }
  if (elements.length > 0) collect(0, 0)
  const cells = formatValues(values, dtype)
  const width = cells.reduce((widest, { length }) => Math.max(widest, length), 0)

  let next = 0
  const render = (axis: number): string => {
    if (axis === shape.length) return (cells[next++] as string).padStart(width)
    const parts = shown(shape[axis] as number).map((i) => (i === null ? '...' : render(axis + 1)))
    const indent = ' '.repeat(axis + 1)
    if (axis < shape.length - 1) return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - axis)}${indent}`)}]`
    const perLine = Math.max(1, Math.floor((lineWidth - indent.length) / (width + 2)))
    const lines = range(0, Math.ceil(parts.length / perLine)).map((line) =>
      parts.slice(line * perLine, (line + 1) * perLine).join(', '),
    )
    return `[${lines.join(`,\n${indent}`)}]`
  }
  return elements.length === 0 ? '[]' : render(0)
}

/** Numbers as text: as many decimals in all of them as one needs, up to four, or powers of ten where they are very large or small. */
function formatValues(values: readonly number[], dtype: Dtype): string[] {
  if (dtype === 'bool') return values.map((value) => (value ? 'true' : 'false'))
  if (dtype !== 'float32') return values.map(String)
  const finite = values.filter(Number.isFinite)
  const largest = finite.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  const exponential = largest >= 1e6 || (largest < 1e-3 && largest > 0)
  const tiny = (value: number) => value !== 0 && Math.abs(value) < 5e-5
  const decimals = finite.reduce((most, value) => {
    const digits = tiny(value) ? '' : value.toFixed(4).replace(/0+$/, '')
    return Math.max(most, digits.length - 1 - digits.indexOf('.'))
  }, 1)
  return values.map((value) => {
    if (!Number.isFinite(value)) return String(value)
    if (exponential) return value === 0 ? '0.0' : value.toExponential(4)
    return tiny(value) ? value.toExponential(1) : value.toFixed(decimals)
  })
}

/** What Node's inspect tells: whether the object stands within another one. */
export function isNested(depth: number, { depth: outermost }: { readonly depth?: number | null }): boolean {
  return typeof outermost === 'number' && depth < outermost
}

/** A configuration as it is written in code: { units: 3, activation: 'relu' }. */
export function formatConfig(config: object): string {
  const entries = Object.entries(config).map(([key, value]) => `${key}: ${formatSetting(value)}`)
  return entries.length === 0 ? '' : `{ ${entries.join(', ')} }`
}

function formatSetting(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(formatSetting).join(', ')}]`
  if (typeof value === 'function') {
    return isDescribed(value) ? `${value.className} ${formatConfig(value.config)}` : value.name || 'function'
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return String(value)
  return formatConfig(value) || '{}'
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
