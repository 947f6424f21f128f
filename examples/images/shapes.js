// Synthetic images: one shape each, of any place, size, angle and colour, before a background that shades into another colour, with noise.
import * as lw from 'layerwise'

const size = 32
const distance = Math.hypot

/** Whether a point belongs to a shape, which lies in the circle of radius 1. */
const insides = {
  circle: (x, y) => distance(x, y) < 0.85,
  ring: (x, y) => distance(x, y) < 1 && distance(x, y) > 0.6,
  crescent: (x, y) => distance(x, y) < 1 && distance(x - 0.5, y) > 0.75,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.7,
  bar: (x, y) => Math.abs(x) < 0.95 && Math.abs(y) < 0.3,
  cross: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.9 && Math.min(Math.abs(x), Math.abs(y)) < 0.25,
  triangle: (x, y) => y < 0.5 && Math.sqrt(3) * Math.abs(x) < y + 1,
  // Of the five lines of a pentagram, all points of it are on the inner side of at least four.
  star: (x, y) => pentagram.filter(([a, b]) => a * x + b * y < Math.cos((2 * Math.PI) / 5)).length > 3,
}
const pentagram = [0, 1, 2, 3, 4]
  .map((i) => (2 * Math.PI * i) / 5)
  .map((angle) => [Math.sin(angle), Math.cos(angle)])

export const shapeNames = Object.keys(insides)

/** So many images, uint8 [count, 32, 32, 3], and their classes [count]. They follow from `lw.seed`. */
export async function shapes(count) {
  const parameters = await lw.random.uniform([count, 14]).data()
  const noise = await lw.random.normal([count, size, size, 3], { stddev: 0.05 }).data()
  const classes = Int32Array.from({ length: count }, (_, i) => i % shapeNames.length)
  const pixels = new Float32Array(noise.length)
  for (let i = 0; i < count; i++) {
    const image = pixels.subarray(i * size * size * 3, (i + 1) * size * size * 3)
    draw(image, insides[shapeNames[classes[i]]], parameters.subarray(14 * i, 14 * (i + 1)))
  }
  const bytes = Uint8ClampedArray.from(pixels, (value, i) => 255 * (value + noise[i]))
  return {
    x: lw.tensor(new Uint8Array(bytes.buffer), [count, size, size, 3], 'uint8'),
    y: lw.tensor(classes),
  }
}

/** Draws a shape by fourteen numbers from 0 to 1. */
function draw(image, inside, [u, v, w, turn, slope, ...colours]) {
  const radius = 8 + 6 * w
  const [left, top] = [u, v].map((part) => radius + part * (size - 2 * radius))
  const direction = (part) => [Math.cos(2 * Math.PI * part), Math.sin(2 * Math.PI * part)]
  const [[cos, sin], [across, down]] = [direction((turn - 0.5) / 6), direction(slope)]
  const covers = (column, row) => {
    const [x, y] = [(column - left) / radius, (row - top) / radius]
    return inside(cos * x + sin * y, cos * y - sin * x)
  }
  // The middles of the quarters of a pixel: edges are smooth.
  const quarters = [0.25, 0.75].flatMap((y) => [0.25, 0.75].map((x) => [x, y]))
  const channels = [0, 1, 2].map((channel) => {
    const [start, end, change] = [0, 3, 6].map((i) => colours[i + channel])
    // The shape is at least a third of the range away from the background.
    return { start, slope: (0.3 * (end - start)) / size, colour: (start + (1 + change) / 3) % 1 }
  })
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const share = quarters.filter(([x, y]) => covers(column + x, row + y)).length / 4
      const along = across * (column - size / 2) + down * (row - size / 2)
      channels.forEach(({ start, slope, colour }, channel) => {
        const background = start + slope * along
        image[3 * (row * size + column) + channel] = background + share * (colour - background)
      })
    }
  }
}
