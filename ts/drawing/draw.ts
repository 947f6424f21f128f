import { writeFileSync } from 'node:fs'
import { fail } from '../errors.js'
import { type TensorInput, toTensor } from '../ops/apply.js'
import { checkInteger, checkOptions } from '../options.js'
import { type Picture, picturesOf, resized, type ValueRange } from './pictures.js'
import { encodePng, gridOf } from './png.js'
import { type DrawingStream, textOf } from './terminal.js'

export interface DrawOptions {
  /** A PNG file to write, instead of the terminal. */
  readonly path?: string
  /**
   * The values that are black and white; 'auto' takes the least and the greatest of each image (default: 0 and 1 for float32 and bool, 0
   * and 255 for uint8 and int32).
   */
  readonly range?: ValueRange
  /** Images of a batch in a row (default: as many as the terminal's width holds; in a PNG, as many as there are rows). */
  readonly columns?: number
  /** Enlarges each pixel: an integer (default 1; small images in the terminal are enlarged). */
  readonly scale?: number
  /** What stands above each image in the terminal. */
  readonly labels?: readonly (string | number)[]
  /** The columns to use of the terminal (default: all of them; 80 where there is none). */
  readonly width?: number
  /** Where to draw (default process.stdout). */
  readonly stream?: DrawingStream
}

const common = ['path', 'range', 'columns', 'scale']
const ofTerminal = ['labels', 'width', 'stream'] as const
/** In pixels of a PNG. */
const gap = 2
const mostBytes = 2 ** 30
/** A batch that is larger goes to a PNG. */
const mostInTerminal = 100

/**
 * Draws an image, or a batch of images as a grid: in the terminal, or as a PNG file. On a terminal with colours two pixels take a character;
 * elsewhere, and with NO_COLOR, images become shades of grey in plain text. Larger images are shrunk to the width. Of a batch, the first 100
 * images are drawn in the terminal.
 *
 * @param images [height, width] or [height, width, channels] with 1, 3 or 4 channels (grey, RGB, RGB and opacity), or with an axis of images before
 * these; of three axes, the last is the channels where it is 1, 3 or 4
 * @throws shape.mismatch, argument.type, argument.range; io.write when the file cannot be written
 *
 * @example
 * lw.draw(images, { labels: ['cat', 'dog'] })
 * lw.draw(images, { path: 'images.png', columns: 10, scale: 2 })
 * lw.draw(features, { range: 'auto' })
 */
export function draw(images: TensorInput, options: DrawOptions = {}): void {
  checkDrawOptions(options)
  const { path, range, columns, scale, labels, stream = process.stdout } = options
  const pictures = picturesOf('draw', toTensor('draw', images), range)
  if (path !== undefined) {
    const perRow = Math.min(columns ?? Math.ceil(Math.sqrt(pictures.length)), pictures.length)
    writePng(path, pictures, perRow, scale ?? 1)
    return
  }
  if (labels && labels.length !== pictures.length) {
    const expected = `an array of a label for each of ${pictures.length} images`
    fail('argument.type', { op: 'draw', argument: 'labels', expected, got: labels })
  }
  const text = textOf(pictures.slice(0, mostInTerminal), {
    stream,
    width: options.width ?? (stream.columns || 80),
    columns,
    scale,
    labels: labels?.map(String),
  })
  const rest = pictures.length - mostInTerminal
  stream.write(rest > 0 ? `${text}\n${rest} more images\n` : text)
}

function writePng(path: string, pictures: readonly Picture[], columns: number, scale: number): void {
  const [{ width, height, channels }] = pictures as readonly [Picture]
  const rows = Math.ceil(pictures.length / columns)
  const bytes = columns * (width * scale + gap) * rows * (height * scale + gap) * channels
  if (bytes > mostBytes) {
    const expected = `smaller: the file would have ${bytes} bytes of pixels`
    fail('argument.range', { op: 'draw', argument: 'scale', expected, got: scale })
  }
  const enlarged = pictures.map((picture) => resized(picture, width * scale, height * scale))
  const file = encodePng(gridOf(enlarged, columns, gap))
  try {
    writeFileSync(path, file)
  } catch (error) {
    fail('io.write', { path, reason: (error as Error).message })
  }
}

function checkDrawOptions(options: DrawOptions): void {
  checkOptions('draw', options, [...common, ...ofTerminal])
  const { path, range, labels, stream } = options
  const unfit = path === undefined ? undefined : ofTerminal.find((key) => options[key] !== undefined)
  if (unfit !== undefined) {
    const reason = 'with path, the images go to a file'
    fail('argument.unknown', { op: 'draw', argument: unfit, known: common, reason })
  }
  if (path !== undefined && typeof path !== 'string') {
    fail('argument.type', { op: 'draw', argument: 'path', expected: 'the path of a file', got: path })
  }
  for (const argument of ['columns', 'scale', 'width'] as const) {
    if (options[argument] !== undefined) checkInteger('draw', argument, options[argument], 1)
  }
  if (labels !== undefined && !Array.isArray(labels)) {
    fail('argument.type', { op: 'draw', argument: 'labels', expected: 'an array of texts', got: labels })
  }
  if (stream !== undefined && typeof (stream as DrawingStream | null)?.write !== 'function') {
    fail('argument.type', { op: 'draw', argument: 'stream', expected: 'a stream to write to', got: stream })
  }
  const isRange =
    Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] !== range[1]
  if (range !== undefined && range !== 'auto' && !isRange) {
    const expected = "[black, white], two different numbers, or 'auto'"
    fail('argument.type', { op: 'draw', argument: 'range', expected, got: range })
  }
}
