import { parseArgs } from 'node:util'
import * as lw from '../ts/index.js'
import { printMachine } from './machine.js'
import { mean, median } from './ratios.js'
import { printTable } from './table.js'

/** Milliseconds of an epoch. */
interface Epoch {
  readonly ms: number
  readonly mean_ms: number
  readonly min_ms: number
}

const batchSize = 32

/**
 * The command: what all that fit() does (shuffling, gathering, accuracy, History) adds to the bare steps of the same model on one batch, on the
 * digits. Both take turns.
 */
export async function fit(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      epochs: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '200' },
      threads: { type: 'string' },
      backend: { type: 'string' },
    },
  })
  const epochs = Number(values.epochs)
  if (values.backend !== undefined) lw.setBackend(values.backend as Parameters<typeof lw.setBackend>[0])
  if (values.threads !== undefined) lw.setThreads(Number(values.threads))
  printMachine()
  const { x, y } = lw.datasets.digits()
  const model = classifier()
  const bare = bareStep()
  const rows = lw.tensor(Int32Array.from({ length: batchSize }, (_, row) => row))
  const batch = [lw.ops.take(x, rows), lw.ops.take(y, rows)] as const
  // The last batch of an epoch is smaller.
  const steps = Math.round((epochs * y.size) / batchSize)
  const whole = () => model.fit(x, y, { epochs, batchSize, verbose: 0 })
  const alone = () => bare.run([...batch], { steps })
  const times: [whole: number[], alone: number[]] = [[], []]
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [i, work] of [whole, alone].entries()) {
      const start = performance.now()
      await work()
      if (round >= 0) times[i as 0 | 1].push((performance.now() - start) / epochs)
    }
  }
  report(steps / epochs, ...(times.map(summary) as [Epoch, Epoch]))
}

function layers(): lw.layers.Layer[] {
  const widths = [64, 32, 10]
  return widths.map((units, layer) =>
    lw.layers.dense({
      units,
      activation: layer === widths.length - 1 ? 'softmax' : 'relu',
      ...(layer === 0 && { inputShape: [64] }),
    }),
  )
}

function classifier(): lw.Model {
  const model = lw.sequential({ layers: layers() })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

function bareStep() {
  const model = lw.sequential({ layers: layers() })
  const loss = lw.losses.sparseCategoricalCrossentropy()
  const optimizer = lw.optimizers.adam()
  const weights = model.trainableWeights
  return lw.jit((x: lw.Tensor, y: lw.Tensor) => {
    const lossOf = (_weights: readonly lw.Variable[]) => loss(y, model.apply(x, { training: true }))
    const [value, gradients] = lw.valueAndGrad(lossOf)(weights)
    optimizer.apply(gradients as readonly lw.Tensor[], weights)
    return value
  })
}

function summary(times: readonly number[]): Epoch {
  return { ms: median(times), mean_ms: mean(times), min_ms: Math.min(...times) }
}

function report(stepsPerEpoch: number, whole: Epoch, alone: Epoch): void {
  const { backend, isa, threads } = lw.info()
  const rounded = ({ ms, mean_ms, min_ms }: Epoch, digits: number) => ({
    ms: Number(ms.toFixed(digits)),
    mean_ms: Number(mean_ms.toFixed(digits)),
    min_ms: Number(min_ms.toFixed(digits)),
  })
  const ratios = {
    ms: whole.ms / alone.ms,
    mean_ms: whole.mean_ms / alone.mean_ms,
    min_ms: whole.min_ms / alone.min_ms,
  }
  const line = {
    ...{ backend, isa, threads, stepsPerEpoch },
    ...{ fit: rounded(whole, 4), steps: rounded(alone, 4), ratio: rounded(ratios, 3) },
  }
  console.log(JSON.stringify(line))
  const row = (name: string, { ms, mean_ms, min_ms }: Epoch, digits: number) => [
    name,
    ...[ms, mean_ms, min_ms].map((time) => time.toFixed(digits)),
  ]
  printTable(
    ['an epoch of the digits', 'median ms', 'mean ms', 'min ms'],
    [row('fit()', whole, 3), row('bare steps', alone, 3), row('ratio', ratios, 2)],
  )
}
