import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { formatConfig } from '../format.js'
import { recordInto } from '../graph/trace.js'
import { add, cast } from '../ops/index.js'
import { checkInterval } from '../options.js'
import { formatShape, sameShape } from '../shape.js'
import { createTensor, filled, Tensor, tensor } from '../tensor.js'
import { Variable } from '../variable.js'
import { type ClippingConfig, checkClipping, clipGradients } from './clipping.js'

/** The numbers that a rule uses for every weight of a step: scalars. */
export type StepScalars = Readonly<Record<string, Tensor>>

/** What one weight and its slots become in a step. */
export interface Update {
  readonly weight: Tensor
  readonly slots: readonly Tensor[]
}

/**
 * The base of optimizers. A subclass is a rule: what one weight becomes, as a function of its gradient, its slots (such as moments) and the
 * scalars of the step. The learning rate, the number of steps and the slots are variables, so the rule is part of the training program.
 */
export abstract class Optimizer {
  readonly #learningRate: Variable
  readonly #iterations: Variable
  readonly #clipping: ClippingConfig
  readonly #slots = new Map<Variable, readonly Variable[]>()

  constructor(
    readonly name: string,
    learningRate: number,
    /** What the rule keeps for each weight: names of tensors of its shape, which start as zeros. */
    private readonly slotNames: readonly string[],
    /** How gradients are bounded before the rule sees them; other keys are ignored. */
    clipping: ClippingConfig = {},
  ) {
    checkInterval(name, 'learningRate', learningRate, { minimum: 0 })
    this.#clipping = checkClipping(name, clipping)
    const initial = createTensor(learningRate, [], 'float32', executor().float64)
    this.#learningRate = new Variable(initial, `${name}/learningRate`, false)
    this.#iterations = new Variable(tensor(new Int32Array(1), []), `${name}/iterations`, false)
  }

  /** The learning rate. It can be set at any time, also while training runs. */
  get learningRate(): number {
    const value = this.#learningRate.read().item()
    // 0.001, not 0.0010000000474974513: the number that was set, where float32 cannot tell the two apart.
    const precisions = Array.from({ length: 9 }, (_, i) => Number(value.toPrecision(i + 1)))
    return precisions.find((short) => Math.fround(short) === value) ?? value
  }

  set learningRate(value: number) {
    checkInterval(this.name, 'learningRate', value, { minimum: 0 })
    this.#learningRate.assign(value)
  }

  /** How many steps were made. */
  get iterations(): number {
    return this.#iterations.read().item()
  }

  /** What the rule keeps once for all weights: the learning rate and the number of steps. */
  get shared(): readonly Variable[] {
    return [this.#learningRate, this.#iterations]
  }

  /** The learning rate, the number of steps, and the slots of each weight in turn. */
  get variables(): readonly Variable[] {
    return [...this.shared, ...[...this.#slots.values()].flat()]
  }

  /** What a factory takes to make an equal optimizer, with the present learning rate. */
  getConfig(): Record<string, unknown> {
    return { learningRate: this.learningRate, ...this.#clipping }
  }

  /** Makes the slots of these weights, which are otherwise made when a step is first taken. */
  build(weights: readonly Variable[]): void {
    for (const weight of weights) this.#slotsOf(weight)
  }

  /** What the rule keeps for a weight, in the order of its names: nothing before `build` or the first step. */
  slots(weight: Variable): readonly Variable[] {
    return this.#slots.get(weight) ?? []
  }

  /** What all weights of a step share, so that it is computed once: `step` counts from 1, as float32. */
  protected scalars(learningRate: Tensor, _step: Tensor): StepScalars {
    return { learningRate }
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
    if (gradients.length !== variables.length) {
      const [expected, got] = [`${variables.length} gradients, one for each variable`, gradients.length]
      fail('argument.range', { op: `${this.name}.apply`, argument: 'gradients', expected, got })
    }
    variables.forEach(({ name, shape }, i) => {
      const [op, gradient] = [`${this.name}.apply`, gradients[i]]
      if (!(gradient instanceof Tensor)) {
        fail('argument.type', { op, argument: `gradients[${i}]`, expected: 'a tensor', got: gradient })
      }
      if (!sameShape(gradient.shape, shape)) {
        const expected = `a gradient of shape ${formatShape(shape)} for '${name}'`
        fail('shape.mismatch', { op, expected, got: [gradient.shape] })
      }
    })
    const step = add(this.#iterations, 1)
    const scalars = this.scalars(this.#learningRate.read(), cast(step, 'float32'))
    const clipped = clipGradients(gradients, this.#clipping)
    variables.forEach((variable, i) => {
      const slots = this.#slotsOf(variable)
      const gradient = clipped[i] as Tensor
      const next = this.update(
        variable.read(),
        gradient,
        slots.map((slot) => slot.read()),
        scalars,
      )
      variable.assign(variable.constraint?.(next.weight) ?? next.weight)
      slots.forEach((slot, k) => {
        slot.assign(next.slots[k] as Tensor)
      })
    })
    this.#iterations.assign(step)
  }

  #slotsOf(weight: Variable): readonly Variable[] {
    let slots = this.#slots.get(weight)
    if (!slots) {
      const zeros = () => filled(weight.shape, 0, executor().float64)
      slots = recordInto(undefined, () =>
        this.slotNames.map((name) => new Variable(zeros(), `${weight.name}/${name}`, false)),
      )
      this.#slots.set(weight, slots)
    }
    return slots
  }

  toString(): string {
    const { iterations } = this
    return `${this.constructor.name} ${formatConfig(this.getConfig())} after ${iterations} step${iterations === 1 ? '' : 's'}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
