import { parseArgs } from 'node:util'
import type { Addon } from '../ts/executors/addon.js'
import { nativeAddon } from '../ts/executors/choice.js'
import { matmulPrecisions } from '../ts/executors/executor.js'
import * as lw from '../ts/index.js'
import { apply } from '../ts/ops/apply.js'
import { type Attributes, type Primitive, primitiveTable, type Spec } from '../ts/ops/record.js'
import { hashed } from '../ts/ops/samples.js'
import { type Shape, sizeOf } from '../ts/shape.js'

const normal = (i: number, stream: number) =>
  Math.sqrt(-2 * Math.log(1 - hashed(i, stream))) * Math.cos(2 * Math.PI * hashed(i, stream + 1))

const distributions: Readonly<Record<string, Distribution>> = {
  'Normal: mean 0, standard deviation 1': normal,
  'Uniform: from 0 to 1': hashed,
  'Badly scaled: normal, each number times a power of two from 2⁻¹⁶ to 2¹⁶': (i, stream) =>
    normal(i, stream) * 2 ** Math.floor(33 * hashed(i, stream + 2) - 16),
}

/** Something that a precision is for, at several sizes. */
interface Subject {
  readonly title: string
  /** What is written above the sizes. */
  readonly size: string
  readonly sizes: readonly number[]
  readonly op: string
  readonly specs: (size: number) => readonly [Spec, Spec]
  readonly output: (size: number) => Shape
  readonly attributes: Attributes
}

/** Rows of a and columns of b: enough for the kernels of large matrices. */
const [rows, columns] = [1024, 1024]

/** Images with zeros around them, enough for all kernels of convolutions. */
const images: Shape = [2, 16, 16]
const windows = { strides: [1, 1], dilations: [1, 1], low: [1, 1], high: [1, 1], groups: 1 }
const channels = { size: 'C', sizes: [16, 64, 256] }
const imagesOf = (size: number) => float([...images, size])
const kernelOf = (size: number) => [3, 3, size, size]

const float = (shape: Shape): Spec => ({ shape, dtype: 'float32' })

const subjects: readonly Subject[] = [
  {
    title: 'Matrix products',
    size: 'K',
    sizes: [256, 1024, 4096],
    op: 'matmul',
    specs: (terms) => [float([rows, terms]), float([terms, columns])],
    output: () => [rows, columns],
    attributes: { transposeA: false, transposeB: false },
  },
  {
    title: 'Convolutions',
    ...channels,
    op: 'convolution',
    specs: (size) => [imagesOf(size), float(kernelOf(size))],
    output: (size) => imagesOf(size).shape,
    attributes: windows,
  },
  {
    title: 'Gradients of convolutions by their kernels',
    ...channels,
    op: 'convolutionKernelGradient',
    specs: (size) => [imagesOf(size), imagesOf(size)],
    output: kernelOf,
    attributes: { ...windows, window: [3, 3] },
  },
]

interface Example {
  readonly inputs: readonly lw.Tensor[]
  /** The result in float64. */
  readonly exact: Float64Array
}

/** The command: Markdown tables of the error of each precision on each instruction set, against float64. */
export async function precision(args: string[]): Promise<void> {
  parseArgs({ args })
  const addon = nativeAddon()
  if (!addon) throw new Error('The native executor is not available.')
  lw.setBackend('native')
  for (const subject of subjects) {
    console.log(`\n### ${subject.title}`)
    for (const [title, element] of Object.entries(distributions)) printTable(addon, subject, title, element)
  }
}

type Distribution = (i: number, stream: number) => number

function printTable(addon: Addon, subject: Subject, title: string, element: Distribution): void {
  const { size, sizes } = subject
  const print = (...cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  console.log(`\n${title}\n`)
  print('instruction set', 'kernel', ...sizes.map((value) => `${size} = ${value}`), 'matmulPrecision')
  print(...Array.from({ length: 3 + sizes.length }, () => '---'))
  const examples = sizes.map((value) => example(subject, value, element))
  for (const isa of addon.info().isas) {
    addon.setIsa(isa)
    // Precisions that run on one kernel share a line.
    const lines = new Map<string, string[]>()
    for (const matmulPrecision of matmulPrecisions) {
      const line = measure(subject, examples, matmulPrecision).join(' | ')
      lines.set(line, [...(lines.get(line) ?? []), matmulPrecision])
    }
    for (const [line, precisions] of lines) print(isa, line, precisions.join(', '))
  }
}

/** The kernels that compute, and the error for each size. */
function measure(
  { op, attributes }: Subject,
  examples: readonly Example[],
  matmulPrecision: lw.MatmulPrecision,
): string[] {
  const record = primitiveTable().get(op) as Primitive
  const f = lw.jit((a: lw.Tensor, b: lw.Tensor) => apply(record, [a, b], attributes), { matmulPrecision })
  const kernels = examples.flatMap((one) =>
    f
      .plan(...pair(one))
      .info()
      .instructions.map(({ name }) => name),
  )
  const errors = examples.map((one) => errorsOf(f(...pair(one)).dataSync(), one.exact))
  return [[...new Set(kernels)].join(', '), ...errors]
}

function pair({ inputs }: Example): [lw.Tensor, lw.Tensor] {
  return [inputs[0] as lw.Tensor, inputs[1] as lw.Tensor]
}

function example(subject: Subject, size: number, element: Distribution): Example {
  const specs = subject.specs(size)
  const inputs = specs.map(({ shape }, k) =>
    lw.tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => element(i, 1 + 10 * k)),
      shape,
    ),
  )
  const outputSpec = float(subject.output(size))
  const exact = new Float64Array(sizeOf(outputSpec.shape))
  const { op, attributes } = subject
  const storages = inputs.map((input) => input.dataSync())
  primitiveTable().get(op)?.kernel({ inputs: storages, specs, output: exact, outputSpec, attributes })
  return { inputs, exact }
}

/** The largest and the root of the mean square error, relative to the root mean square of the exact values. */
function errorsOf(got: ArrayLike<number>, exact: Float64Array): string {
  const scale = rootMeanSquare(exact)
  const errors = exact.map((value, i) => Math.abs(value - (got[i] as number)) / scale)
  const largest = errors.reduce((a, b) => Math.max(a, b))
  return `${largest.toExponential(1)}, ${rootMeanSquare(errors).toExponential(1)}`
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length)
}
