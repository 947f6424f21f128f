import { fail } from '../errors.js'
import type { Jitted } from '../graph/jit.js'
import type { Model } from '../models/model.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { mapTree, type Tree } from '../tree.js'
import { rowsIn } from './batch.js'
import type { Logs } from './history.js'
import { runCall } from './pace.js'
import type { Programs, StepPrograms } from './programs.js'
import { type ClassWeight, classWeights, type SampleWeight } from './sample-weights.js'
import { batchOf, inputsOf } from './samples.js'
import { Tally } from './tally.js'

export interface BatchOptions {
  /** How much each sample counts (default 1). */
  readonly sampleWeight?: SampleWeight
}

export interface TrainBatchOptions extends BatchOptions {
  /** How much the samples of each class count (default 1). */
  readonly classWeight?: ClassWeight
}

/** Single steps on batches of the caller's, whose logs gather until they are reset. */
export class BatchSteps {
  #train: Tally | undefined
  #test: { readonly programs: StepPrograms; readonly tally: Tally } | undefined
  #seeded = false

  constructor(
    private readonly model: Model,
    private readonly programs: Programs,
  ) {}

  async train(x: unknown, y: unknown, options: TrainBatchOptions = {}): Promise<Logs> {
    checkOptions('trainOnBatch', options, ['sampleWeight', 'classWeight'])
    const { sampleWeight, classWeight } = options
    const given = batchOf('trainOnBatch', this.model, this.programs, { x, y, sampleWeight })
    const weights = classWeight && [classWeights('trainOnBatch', classWeight, given)]
    if (!this.model.trainStep && this.programs.weights.length === 0) {
      fail('model.untrainable', { model: this.model.name })
    }
    if (!this.#seeded && !this.programs.drawn) this.programs.seed(undefined)
    this.#seeded = true
    const { train } = this.programs
    if (!this.#train) train.reset()
    this.#train ??= new Tally(train)
    return this.#run(train, this.#train, weights ? { ...given, sampleWeight: weights } : given)
  }

  async test(x: unknown, y: unknown, options: BatchOptions = {}): Promise<Logs> {
    checkOptions('testOnBatch', options, ['sampleWeight'])
    const batch = batchOf('testOnBatch', this.model, this.programs, { x, y, ...options })
    if (!this.#test) {
      const programs = this.programs.makeTest()
      this.#test = { programs, tally: new Tally(programs) }
    }
    return this.#run(this.#test.programs, this.#test.tally, batch)
  }

  /** Begins anew with the next batch: other training has used the metrics. */
  beginAnew(): void {
    this.#train = undefined
  }

  /** Forgets the batches so far. */
  reset(): void {
    this.#train = undefined
    this.programs.resetMetrics()
    this.#test?.programs.reset()
    this.#test = undefined
  }

  async #run(programs: StepPrograms, tally: Tally, batch: ReturnType<typeof batchOf>): Promise<Logs> {
    tally.add(await runCall(programs.batch, [batch], 1), rowsIn(batch))
    return tally.logs
  }
}

/** The outputs for one batch, whole. */
export async function predictBatch(
  model: Model,
  program: Jitted<[x: Tree<Tensor>], Tree<Tensor>>,
  data: unknown,
): Promise<Tree<Tensor>> {
  const x = inputsOf('predictOnBatch', model, data)
  const structure = model.prepare(x)
  const results = await runCall(program, [x])
  let next = 0
  return mapTree(structure, () => results[next++]) as Tree<Tensor>
}
