import { parseArgs } from 'node:util'
import { nativeAddon } from '../ts/executors/choice.js'
import { matmulPrecisions } from '../ts/executors/executor.js'
import * as lw from '../ts/index.js'
import { primitiveTable } from '../ts/ops/record.js'
import { hashed } from '../ts/ops/samples.js'

/** Rows of a and columns of b: enough for the kernels of large matrices. */
const [rows, columns] = [1024, 1024]
const termCounts = [256, 1024, 4096]

const normal = (i: number, stream: number) =>
  Math.sqrt(-2 * Math.log(1 - hashed(i, stream))) * Math.cos(2 * Math.PI * hashed(i, stream + 1))

const distributions: Readonly<Record<string, (i: number, stream: number) => number>> = {
  'Normal: mean 0, standard deviation 1': normal,
  'Uniform: from 0 to 1': hashed,
  'Badly scaled: normal, each number times a power of two from 2⁻¹⁶ to 2¹⁶': (i, stream) =>
    normal(i, stream) * 2 ** Math.floor(33 * hashed(i, stream + 2) - 16),
}

interface Product {
  readonly a: lw.Tensor
  readonly b: lw.Tensor
  /** The product in float64. */
  readonly exact: Float64Array
}

/** The command: Markdown tables of the error of each precision on each instruction set, against float64. */
export async function precision(args: string[]): Promise<void> {
  parseArgs({ args })
  const addon = nativeAddon()
  if (!addon) throw new Error('The native executor is not available.')
  lw.setBackend('native')
  const print = (...cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  for (const [title, element] of Object.entries(distributions)) {
    console.log(`\n${title}\n`)
    print('instruction set', 'kernel', ...termCounts.map((terms) => `K = ${terms}`), 'matmulPrecision')
    print(...Array.from({ length: 3 + termCounts.length }, () => '---'))
    const products = termCounts.map((terms) => product(terms, element))
    for (const isa of addon.info().isas) {
      addon.setIsa(isa)
      // Precisions that run on one kernel share a line.
      const lines = new Map<string, string[]>()
      for (const matmulPrecision of matmulPrecisions) {
        const line = measure(products, matmulPrecision).join(' | ')
        lines.set(line, [...(lines.get(line) ?? []), matmulPrecision])
      }
      for (const [line, precisions] of lines) print(isa, line, precisions.join(', '))
    }
  }
}

/** The kernel that multiplies, and its error for each number of terms. */
function measure(products: readonly Product[], matmulPrecision: lw.MatmulPrecision): string[] {
  const multiply = lw.jit((a: lw.Tensor, b: lw.Tensor) => lw.ops.matmul(a, b), { matmulPrecision })
  const { a, b } = products.at(-1) as Product
  const { instructions } = multiply.plan(a, b).info()
  const errors = products.map(({ a, b, exact }) => errorsOf(multiply(a, b).dataSync(), exact))
  return [instructions.map(({ name }) => name).join(', '), ...errors]
}

function product(terms: number, element: (i: number, stream: number) => number): Product {
  const matrix = (shape: readonly [number, number], stream: number) =>
    lw.tensor(
      Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => element(i, stream)),
      shape,
    )
  const [a, b] = [matrix([rows, terms], 1), matrix([terms, columns], 11)]
  const exact = new Float64Array(rows * columns)
  primitiveTable()
    .get('matmul')
    ?.kernel({
      inputs: [a.dataSync(), b.dataSync()],
      specs: [a, b],
      output: exact,
      outputSpec: { shape: [rows, columns], dtype: 'float32' },
      attributes: { transposeA: false, transposeB: false },
    })
  return { a, b, exact }
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
