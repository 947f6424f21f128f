import { fail } from '../errors.js'
import { type Picture, resized } from './pictures.js'

/** What images are drawn on: the parts of Node's tty.WriteStream that it takes. */
export interface DrawingStream {
  readonly isTTY?: boolean
  readonly columns?: number
  getColorDepth?(): number
  write(text: string): unknown
}

/** How a pixel becomes text. */
interface Style {
  /** The columns that a pixel takes: with two pixels in the height of a line it is as wide as a column, with one it is twice as wide. */
  readonly columns: 1 | 2
  readonly lines: (picture: Picture) => string[]
}

/** The narrowest and, beside others, the widest that an image is drawn where nothing else is asked for: in columns, in pixels. */
const sizes = { leastColumns: 16, mostPixels: 32 }
const gap = '  '
/** The most pixels that are drawn as text. */
const mostDrawn = 2 ** 22

/** Pictures of one size as text with their labels above, as many in a row as the width holds, `columns` at most. */
export function textOf(
  pictures: readonly Picture[],
  {
    stream,
    width,
    columns,
    scale,
    labels,
  }: {
    stream: DrawingStream
    width: number
    columns: number | undefined
    scale: number | undefined
    labels: readonly string[] | undefined
  },
): string {
  const style = styleOf(stream)
  const [first] = pictures as readonly [Picture]
  const share = columns
    ? Math.floor((width + gap.length) / Math.min(columns, pictures.length)) - gap.length
    : width
  const room = Math.max(1, Math.floor(share / style.columns))
  const usual = Math.max(1, Math.floor(sizes.leastColumns / style.columns / first.width))
  const most = pictures.length > 1 && !columns && !scale ? Math.min(room, sizes.mostPixels) : room
  const across = Math.min(most, first.width * (scale ?? usual))
  const down = Math.max(1, Math.round((first.height * across) / first.width))
  const drawn = across * down * pictures.length
  if (drawn > mostDrawn) {
    const expected = `smaller: ${drawn} pixels would be drawn. A path gives a PNG file`
    fail('argument.range', {
      op: 'draw',
      argument: scale ? 'scale' : 'the image',
      expected,
      got: scale ?? [first.height, first.width],
    })
  }
  const cell = across * style.columns
  const perRow = columns ?? Math.max(1, Math.floor((width + gap.length) / (cell + gap.length)))
  const lines: string[] = []
  for (let from = 0; from < pictures.length; from += perRow) {
    if (from > 0) lines.push('')
    const row = pictures.slice(from, from + perRow)
    if (labels) lines.push(joined(row.map((_, i) => fitted(labels[from + i] as string, cell))))
    const drawn = row.map((picture) => style.lines(resized(picture, across, down)))
    for (const i of (drawn[0] as string[]).keys())
      lines.push(joined(drawn.map((lines) => lines[i] as string)))
  }
  return `${lines.join('\n')}\n`
}

const joined = (cells: readonly string[]) => cells.join(gap).trimEnd()

/** A label in the width of its image. */
function fitted(label: string, width: number): string {
  return label.length > width ? `${label.slice(0, width - 1)}…` : label.padEnd(width)
}

/** Colours as far as the terminal has them. Node's getColorDepth respects NO_COLOR and FORCE_COLOR. */
function styleOf(stream: DrawingStream): Style {
  const depth = stream.isTTY ? (stream.getColorDepth?.() ?? 1) : 1
  if (depth < 8) return { columns: 2, lines: shades }
  return { columns: 1, lines: (picture) => halfBlocks(picture, depth < 24 ? paletteColor : trueColor) }
}

type Rgb = readonly [red: number, green: number, blue: number]

/** A pixel's colour, on black where it is not opaque. */
function colorAt({ channels, pixels, width }: Picture, x: number, y: number): Rgb {
  const at = (y * width + x) * channels
  if (channels === 1) return [pixels[at]!, pixels[at]!, pixels[at]!]
  const opacity = channels === 4 ? pixels[at + 3]! / 255 : 1
  const mixed = (channel: number) => Math.round(pixels[at + channel]! * opacity)
  return [mixed(0), mixed(1), mixed(2)]
}

/** Lines of two pixels above each other: the upper is a half block's colour, the lower its background's. */
function halfBlocks(picture: Picture, code: (color: Rgb) => string): string[] {
  return Array.from({ length: Math.ceil(picture.height / 2) }, (_, i) => {
    let line = ''
    let former = ''
    for (let x = 0; x < picture.width; x++) {
      const upper = `38;${code(colorAt(picture, x, 2 * i))}`
      const lower = 2 * i + 1 < picture.height ? `48;${code(colorAt(picture, x, 2 * i + 1))}` : '49'
      const style = `\u001b[${upper};${lower}m`
      line += style === former ? '▀' : `${style}▀`
      former = style
    }
    return `${line}\u001b[0m`
  })
}

const trueColor = (color: Rgb) => `2;${color.join(';')}`

/** The nearest of the 6 × 6 × 6 colours, or of the 24 greys, in the palette of 256 that xterm has. */
function paletteColor([red, green, blue]: Rgb): string {
  if (red === green && green === blue && red > 3 && red < 247)
    return `5;${232 + Math.min(23, Math.round((red - 8) / 10))}`
  const level = (value: number) => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40))
  return `5;${16 + 36 * level(red) + 6 * level(green) + level(blue)}`
}

const ramp = ' ░▒▓█'

/** Lines of pixels as shades, twice as wide as characters are. */
function shades(picture: Picture): string[] {
  return Array.from({ length: picture.height }, (_, y) => {
    let line = ''
    for (let x = 0; x < picture.width; x++) {
      const [red, green, blue] = colorAt(picture, x, y)
      // Rec. 601: how bright the three look.
      const brightness = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
      line += (ramp[Math.round(brightness * (ramp.length - 1))] as string).repeat(2)
    }
    return line
  })
}
