import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { machine, printMachine } from './machine.js'
import { nativeLines } from './native-program.js'
import { printTable } from './table.js'

/** GFLOP/s. */
interface Rates {
  readonly median: number
  readonly best: number
}

interface Product {
  /** m,n,k and which operand is stored transposed. */
  readonly shape: string
  readonly threads: number
  readonly isa: string
  readonly precision: lw.MatmulPrecision
  readonly kernel: string
  /** Of f32 multiply-adds in vectors of the instruction set, on so many threads. */
  readonly peak: number
  readonly layerwise: Rates
  readonly gemm: Rates
  readonly mkl: Rates | null
}

const squares = [32, 64, 128, 256, 512, 1024, 2048].map((n) => `${n},${n},${n},NN`)

const shapes: Readonly<Record<string, readonly string[]>> = {
  squares,
  thin: ['32,64,64,NN', '128,512,784,NN', '784,512,128,TN', '1,64,64,NN', '1,4096,4096,NN'],
  // The dense layers of the three models: forward, gradient of the input (NT), gradient of the weights (TN).
  workloads: [
    ...['32,64,64,NN', '32,32,64,NN', '32,10,32,NN', '32,64,32,NT', '32,32,10,NT'],
    ...['64,64,32,TN', '64,32,32,TN', '32,10,32,TN'],
    ...['128,512,784,NN', '128,256,512,NN', '128,10,256,NN', '128,512,256,NT', '128,256,10,NT'],
    ...['784,512,128,TN', '512,256,128,TN', '256,10,128,TN'],
    ...['256,4096,1024,NN', '256,4096,4096,NN', '256,1000,4096,NN', '256,4096,4096,NT', '256,4096,1000,NT'],
    ...['1024,4096,256,TN', '4096,4096,256,TN', '4096,1000,256,TN'],
  ],
}

/** The command: products on layerwise, the gemm crate and MKL, in turn in one native loop. */
export async function gemm(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      isa: { type: 'string' },
      precision: { type: 'string', default: 'highest' },
      threads: { type: 'string', default: '1,2' },
      seconds: { type: 'string', default: '0.15' },
      mkl: { type: 'string' },
      python: { type: 'string' },
    },
  })
  const names = positionals.length > 0 ? positionals : Object.keys(shapes)
  const selected = new Set(names.flatMap((name) => shapes[name] ?? [name]))
  const mkl = values.mkl ?? (values.python === undefined ? undefined : mklOf(values.python))
  if (mkl === undefined) {
    console.error(
      'Without MKL: python3 -m venv .venv && .venv/bin/pip install mkl, then --python .venv/bin/python',
    )
  }
  lw.setBackend('native')
  printMachine()
  const products: Product[] = []
  for (const threads of values.threads.split(',')) {
    const kernels = [values.isa ?? machine().isa, values.precision]
    const program = ['gemm', ...kernels, threads, values.seconds, mkl ?? '', ...selected]
    for await (const product of nativeLines<Product>(program, mklEnvironment(threads))) {
      products.push(product)
      console.log(JSON.stringify({ ...product, ...comparison(product) }))
    }
  }
  report(products)
}

/** Where a Python has PyPI's package, if it has. */
function mklOf(python: string): string | undefined {
  const { stdout } = spawnSync(python, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' })
  const folder = join(stdout?.trim() || '.', 'lib')
  return ['libmkl_rt.so.3', 'libmkl_rt.so.2'].map((name) => join(folder, name)).find(existsSync)
}

function mklEnvironment(threads: string): Record<string, string> {
  return {
    MKL_THREADING_LAYER: threads === '1' ? 'SEQUENTIAL' : 'INTEL',
    MKL_NUM_THREADS: threads,
    OMP_NUM_THREADS: threads,
    // By default its threads spin for 200 ms after a product, on cores that the others need.
    KMP_BLOCKTIME: '1',
  }
}

/** Layerwise in relation to the peak and to the others. */
function comparison({ peak, layerwise, gemm, mkl }: Product) {
  const to = (rates: Rates): Rates => ({
    median: rounded(layerwise.median / rates.median),
    best: rounded(layerwise.best / rates.best),
  })
  return { share: to({ median: peak, best: peak }), toGemm: to(gemm), toMkl: mkl && to(mkl) }
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(3))
}

function report(products: readonly Product[]): void {
  const pair = (rates: Rates | null, digits: number) => [
    rates?.median.toFixed(digits) ?? '',
    rates?.best.toFixed(digits) ?? '',
  ]
  printTable(
    [
      ...['shape', 'threads', 'kernel', 'layerwise', 'best', 'of peak', 'best'],
      ...['MKL', 'best', 'ratio', 'of bests', 'gemm crate', 'best', 'ratio', 'of bests'],
    ],
    products.map((product) => {
      const { share, toGemm, toMkl } = comparison(product)
      return [
        ...[product.shape, String(product.threads), product.kernel],
        ...[...pair(product.layerwise, 1), ...pair(share, 2)],
        ...[...pair(product.mkl, 1), ...pair(toMkl, 2)],
        ...[...pair(product.gemm, 1), ...pair(toGemm, 2)],
      ]
    }),
  )
}
