import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { formatConfig } from '../format.js'
import { recordInto } from '../graph/trace.js'
import { add, cast, divide, equal, floorDivide, mod, multiply, subtract, where } from '../ops/index.js'
import { checkInterval, checkOptions } from '../options.js'
import { formatShape, sameShape } from '../shape.js'
import { createTensor, filled, Tensor, tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import { clipGradients } from './clipping.js'
import { checkStepOptions, type OptimizerConfig, type StepOptions, stepConfig } from './options.js'
import { getSchedule, type ScheduleIdentifier } from './schedules/registry.js'
import type { Schedule } from './schedules/schedule.js'

/** The numbers that a rule uses for every weight of a step: scalars. */
export type StepScalars = Readonly<Record<string, Tensor>>

/** What one weight and its slots become in a step. */
export interface Update {
  readonly weight: Tensor
  readonly slots: readonly Tensor[]
}

/** What the optimizer keeps for one weight. */
interface Kept {
  /** The rule's slots. */
  readonly slots: readonly Variable[]
  readonly average: Variable | undefined
  readonly accumulated: Variable | undefined
}

/**
 * The base of optimizers. A subclass is a rule: what one weight becomes, as a function of its gradient, its slots (such as moments) and the
 * scalars of the step. The learning rate, the number of steps and the slots are variables, so the rule is part of the training program.
 */
export abstract class Optimizer {
  readonly #learningRate: Variable | Schedule
  /** How often `apply` was called: with gradient accumulation, several times a step. */
  readonly #calls: Variable
  readonly #options: StepOptions
  readonly #kept = new Map<Variable, Kept>()
  readonly #undecayed: { weights: readonly Variable[]; names: readonly string[] } = { weights: [], names: [] }

  constructor(
    readonly name: string,
    learningRate: number | ScheduleIdentifier,
    /** What the rule keeps for each weight: names of tensors of its shape, which start as `initialSlot` says. */
    private readonly slotNames: readonly string[],
    /** What happens beside the rule; other keys are ignored. */
    config: OptimizerConfig = {},
  ) {
    this.#options = checkStepOptions(name, config)
    if (typeof learningRate === 'function' || (typeof learningRate === 'object' && learningRate !== null)) {
      this.#learningRate = getSchedule(learningRate)
    } else {
      checkInterval(name, 'learningRate', learningRate, { minimum: 0 })
      this.#learningRate = this.sharedVariable('learningRate', learningRate)
    }
    this.#calls = new Variable(tensor(new Int32Array(1), []), `${name}/iterations`, false)
  }

  /**
   * The learning rate: where it follows a schedule, that of the next step. Otherwise it can be set at any time, also while training runs.
   *
   * @throws argument.range when it is set to what cannot be one, or follows a schedule
   */
  get learningRate(): number {
    const rate = this.#learningRate
    const value = recordInto(undefined, () =>
      rate instanceof Variable ? rate.read().item() : this.#scheduled(rate).item(),
    )
    // 0.001, not 0.0010000000474974513: the number that was set, where float32 cannot tell the two apart.
    const precisions = Array.from({ length: 9 }, (_, i) => Number(value.toPrecision(i + 1)))
    return precisions.find((short) => Math.fround(short) === value) ?? value
  }

  set learningRate(value: number) {
    if (!(this.#learningRate instanceof Variable)) {
      const expected = 'left to the schedule that the optimizer was given'
      fail('argument.range', { op: this.name, argument: 'learningRate', expected, got: value })
    }
    checkInterval(this.name, 'learningRate', value, { minimum: 0 })
    this.#learningRate.assign(value)
  }

  /** How many steps were made. */
  get iterations(): number {
    return Math.floor(this.#calls.read().item() / this.#options.accumulation)
  }

  /** What the rule keeps once for all weights: the learning rate, unless it follows a schedule, and the number of steps. */
  get shared(): readonly Variable[] {
    return this.#learningRate instanceof Variable ? [this.#learningRate, this.#calls] : [this.#calls]
  }

  /** What is kept once for all weights, then the slots of each weight in turn. */
  get variables(): readonly Variable[] {
    return [...this.shared, ...[...this.#kept.keys()].flatMap((weight) => this.slots(weight))]
  }

  /** What a factory takes to make an equal optimizer, with the present learning rate. */
  getConfig(): Record<string, unknown> {
    const rate = this.#learningRate
    return { learningRate: rate instanceof Variable ? this.learningRate : rate, ...stepConfig(this.#options) }
  }

  /** Makes the slots of these weights, which are otherwise made when a step is first taken. */
  build(weights: readonly Variable[]): void {
    for (const weight of weights) this.#keptFor(weight)
  }

  /** What is kept for a weight, the rule's slots first, in the order of their names: nothing before `build` or the first step. */
  slots(weight: Variable): readonly Variable[] {
    const kept = this.#kept.get(weight)
    return kept ? [...kept.slots, kept.average, kept.accumulated].flatMap((variable) => variable ?? []) : []
  }

  /**
   * Leaves weights out of `weightDecay`: call it before the first step.
   *
   * @param which varList: weights; varNames: parts of names, such as 'bias'
   * @throws argument.type, argument.unknown
   */
  excludeFromWeightDecay(which: {
    readonly varList?: readonly Variable[]
    readonly varNames?: readonly string[]
  }): void {
    const op = 'excludeFromWeightDecay'
    checkOptions(op, which, ['varList', 'varNames'])
    const { varList = [], varNames = [] } = which
    if (!Array.isArray(varList) || !varList.every((weight) => weight instanceof Variable)) {
      fail('argument.type', { op, argument: 'varList', expected: 'an array of variables', got: varList })
    }
    if (!Array.isArray(varNames) || !varNames.every((name) => typeof name === 'string')) {
      fail('argument.type', { op, argument: 'varNames', expected: 'an array of strings', got: varNames })
    }
    Object.assign(this.#undecayed, { weights: varList, names: varNames })
  }

  /** Replaces weights by their moving averages, where the optimizer keeps them: `fit` does so in the end. */
  finalizeVariableValues(weights: readonly Variable[]): void {
    for (const weight of weights) {
      const average = this.#kept.get(weight)?.average
      if (average) weight.assign(average)
    }
  }

  /** What all weights of a step share, so that it is computed once: `step` counts from 1, as float32. */
  protected scalars(learningRate: Tensor, _step: Tensor): StepScalars {
    return { learningRate }
  }

  /** The number that the elements of a slot start as. */
  protected initialSlot(_name: string): number {
    return 0
  }

  /** A number that the rule keeps once for all weights, for constructors. It belongs into `shared`, and `scalars` may assign to it. */
  protected sharedVariable(name: string, value: number): Variable {
    return recordInto(undefined, () => {
      const initial = createTensor(value, [], 'float32', executor().float64)
      return new Variable(initial, `${this.name}/${name}`, false)
    })
  }

  /** The rule, for one weight: a pure function over ops. */
  protected abstract update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: StepScalars,
  ): Update

  /**
   * Makes one step: each variable moves by its gradient, clipped as the optimizer is configured, and is then brought within its constraint.
   * Inside a traced function it becomes part of that.
   *
   * @param gradients one for each variable, of its shape, as `lw.valueAndGrad` gives them; all are checked before any variable moves
   * @throws argument.range, argument.type, shape.mismatch
   */
  apply(gradients: readonly Tensor[], variables: readonly Variable[]): void {
    this.#checkGradients(gradients, variables)
    const { clipping, weightDecay, ema, accumulation } = this.#options
    const rate = this.#learningRate
    const learningRate = rate instanceof Variable ? rate.read() : this.#scheduled(rate)
    const calls = add(this.#calls, 1)
    const step = accumulation === 1 ? calls : add(floorDivide(this.#calls, accumulation), 1)
    /** Whether the weights move in this call: always, unless gradients accumulate. */
    const moves = accumulation === 1 ? undefined : equal(mod(calls, accumulation), 0)
    const ifMoving = (next: Tensor, former: Tensor) => (moves ? where(moves, next, former) : next)

    const kept = variables.map((variable) => this.#keptFor(variable))
    const totals = gradients.map((gradient, i) => {
      const { accumulated } = kept[i] as Kept
      return accumulated ? add(accumulated, gradient) : gradient
    })
    const own = this.shared.filter((variable) => variable !== rate && variable !== this.#calls)
    const before = own.map((variable) => variable.read())
    const scalars = this.scalars(learningRate, cast(step, 'float32'))
    if (moves) own.forEach((variable, i) => variable.assign(ifMoving(variable.read(), before[i] as Tensor)))
    const left = weightDecay ? subtract(1, multiply(learningRate, weightDecay)) : undefined
    const means = accumulation === 1 ? totals : totals.map((total) => divide(total, accumulation))
    const clipped = clipGradients(means, clipping)
    variables.forEach((variable, i) => {
      const { slots, average, accumulated } = kept[i] as Kept
      const weight = variable.read()
      const decayed = left && this.#decays(variable) ? multiply(weight, left) : weight
      const values = slots.map((slot) => slot.read())
      const next = this.update(decayed, clipped[i] as Tensor, values, scalars)
      slots.forEach((slot, k) => {
        slot.assign(ifMoving(next.slots[k] as Tensor, values[k] as Tensor))
      })
      const moved = ifMoving(next.weight, weight)
      const averaged = average && ema ? this.#averaged(moved, average, step, ema) : moved
      variable.assign(variable.constraint?.(averaged) ?? averaged)
      if (accumulated) accumulated.assign(ifMoving(multiply(accumulated, 0), totals[i] as Tensor))
    })
    this.#calls.assign(calls)
  }

  #checkGradients(gradients: readonly Tensor[], variables: readonly Variable[]): void {
    const op = `${this.name}.apply`
    if (gradients.length !== variables.length) {
      const [expected, got] = [`${variables.length} gradients, one for each variable`, gradients.length]
      fail('argument.range', { op, argument: 'gradients', expected, got })
    }
    variables.forEach(({ name, shape }, i) => {
      const gradient = gradients[i]
      if (!(gradient instanceof Tensor)) {
        fail('argument.type', { op, argument: `gradients[${i}]`, expected: 'a tensor', got: gradient })
      }
      if (!sameShape(gradient.shape, shape)) {
        const expected = `a gradient of shape ${formatShape(shape)} for '${name}'`
        fail('shape.mismatch', { op, expected, got: [gradient.shape] })
      }
    })
  }

  /** Brings the average of a weight on, and gives what the weight becomes: itself, or its average when that is due. */
  #averaged(
    weight: Tensor,
    average: Variable,
    step: Tensor,
    { momentum, overwriteFrequency }: NonNullable<StepOptions['ema']>,
  ): Tensor {
    const share = where(equal(step, 1), 0, momentum)
    const next = add(multiply(average, share), multiply(weight, subtract(1, share)))
    average.assign(next)
    return overwriteFrequency === undefined
      ? weight
      : where(equal(mod(step, overwriteFrequency), 0), next, weight)
  }

  #decays(weight: Variable): boolean {
    const { weights, names } = this.#undecayed
    return !weights.includes(weight) && !names.some((name) => weight.name.includes(name))
  }

  #scheduled(schedule: Schedule): Tensor {
    return schedule(cast(this.#calls.read(), 'float32'))
  }

  #keptFor(weight: Variable): Kept {
    let kept = this.#kept.get(weight)
    if (!kept) {
      const { ema, accumulation } = this.#options
      const slot = (name: string, value: number) =>
        new Variable(filled(weight.shape, value, executor().float64), `${weight.name}/${name}`, false)
      kept = recordInto(undefined, () => ({
        slots: this.slotNames.map((name) => slot(name, this.initialSlot(name))),
        average: ema && slot('average', 0),
        accumulated: accumulation > 1 ? slot('accumulatedGradient', 0) : undefined,
      }))
      this.#kept.set(weight, kept)
    }
    return kept
  }

  toString(): string {
    const { iterations } = this
    return `${this.constructor.name} ${formatConfig(this.getConfig())} after ${iterations} step${iterations === 1 ? '' : 's'}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
