import type { Dtype, Storage } from './dtype.js'
import { formatShape, type Shape, sizeOf } from './shape.js'

const edgeItems = 3
const summarizeFrom = 1000

/** A tensor as text in NumPy's manner: the middle of long axes is left out. */
export function formatTensor(shape: Shape, dtype: Dtype, elements: Storage | undefined): string {
  const header = `Tensor ${dtype} ${formatShape(shape)}`
  if (elements === undefined) return `${header} (symbolic)`
  const summarize = elements.length > summarizeFrom
  const shown = (extent: number): (number | null)[] =>
    summarize && extent > 2 * edgeItems
      ? [...range(0, edgeItems), null, ...range(extent - edgeItems, extent)]
      : range(0, extent)

  const cells: string[] = []
  const collect = (axis: number, offset: number, place: (text: string) => void): void => {
    if (axis === shape.length) {
      place(formatElement(elements[offset] as number, dtype))
      return
    }
    const inner = sizeOf(shape.slice(axis + 1))
    for (const i of shown(shape[axis] as number)) if (i !== null) collect(axis + 1, offset + i * inner, place)
  }
  collect(0, 0, (text) => cells.push(text))
  const width = cells.reduce((widest, { length }) => Math.max(widest, length), 0)

  let next = 0
  const render = (axis: number): string => {
    if (axis === shape.length) return (cells[next++] as string).padStart(width)
    const parts = shown(shape[axis] as number).map((i) => (i === null ? '...' : render(axis + 1)))
    const separator = axis === shape.length - 1 ? ', ' : `,\n${' '.repeat(axis + 1)}`
    return `[${parts.join(separator)}]`
  }
  return `${header}\n${render(0)}`
}

function formatElement(value: number, dtype: Dtype): string {
  if (dtype === 'bool') return value ? 'true' : 'false'
  if (dtype !== 'float32' || !Number.isFinite(value)) return String(value)
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude >= 1e6 || magnitude < 1e-4)) return value.toExponential(4)
  return Number.isInteger(value) ? value.toFixed(1) : value.toFixed(4)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
