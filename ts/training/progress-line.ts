import { formatNumber, type Logs } from './history.js'

/** What progress is written to: the parts of Node's tty.WriteStream that it uses. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
  write(text: string): unknown
}

const barWidths = { least: 8, most: 30 }
/** Goes to the start of the line and empties it. */
export const eraseLine = '\r\u001b[K'
export const separator = ' · '

/** What a line says, as pieces of text. */
export interface Pieces {
  readonly title: string
  readonly position: string
  readonly rate: string
  readonly time: string
  readonly metrics: readonly string[]
}

/** Redraws the line that the cursor is in, with a bar where a share is known, within the width of the terminal. */
export function drawLine(stream: ProgressStream, pieces: Pieces, share: number | undefined): void {
  const colored = stream.hasColors?.() ?? false
  const { title, width, items } = fit(pieces, (stream.columns || 80) - 1, share !== undefined)
  const bar = share === undefined || width === 0 ? '' : `${drawBar(share, width, colored)} `
  const text = items.join(colored ? ' \u001b[2m·\u001b[22m ' : separator)
  stream.write(`${eraseLine}${title} ${bar}${text}`)
}

/** 'loss 0.1234', 'accuracy 0.9712', … */
export function describeLogs(logs: Partial<Logs>): string[] {
  return Object.entries(logs).map(([name, value]) => `${name} ${formatNumber(value as number)}`)
}

/** The widest bar and the most pieces that a line has room for: the rate goes first, then the bar, the time, and the last metrics. */
function fit({ title, position, rate, time, metrics }: Pieces, columns: number, withBar: boolean) {
  const least = withBar ? barWidths.least : 0
  const layouts = [
    { bar: least, items: [position, rate, time, ...metrics] },
    { bar: least, items: [position, time, ...metrics] },
    { bar: 0, items: [position, time, ...metrics] },
    ...metrics.map((_, dropped) => ({
      bar: 0,
      items: [position, ...metrics.slice(0, metrics.length - dropped)],
    })),
    { bar: 0, items: [position] },
  ].map(({ bar, items }) => {
    const shown = items.filter((item) => item !== '')
    const length = title.length + 1 + shown.join(separator).length
    return { bar, items: shown, room: columns - length - 1 }
  })
  const chosen = layouts.find(({ bar, room }) => room + (bar === 0 ? 1 : 0) >= bar) ?? layouts.at(-1)
  const { bar, items, room } = chosen as (typeof layouts)[number]
  return { title, items, width: bar === 0 ? 0 : Math.min(barWidths.most, room) }
}

function drawBar(share: number, width: number, colored: boolean): string {
  const halves = Math.round(share * width * 2)
  const done = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '')
  const rest = '─'.repeat(width - done.length)
  return colored ? `\u001b[36m${done}\u001b[39m\u001b[2m${rest}\u001b[22m` : done + rest
}

/** A duration to three digits. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 1 ? 3 : milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)} ms`
}

/** A duration for people. */
export function formatTime(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 0.0995) return `${Math.ceil(milliseconds)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  const clock = (whole: number, part: number) => `${whole}:${String(Math.floor(part)).padStart(2, '0')}`
  return minutes < 60
    ? `${clock(minutes, seconds % 60)} min`
    : `${clock(Math.floor(minutes / 60), minutes % 60)} h`
}
